import type { ServerLimits } from "./contract.js";

/** See {@link ServerLimits} for what each of them means. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  namespacesPerConnection: 256,
  pendingConnects: 64,
  roomsPerSocket: Number.POSITIVE_INFINITY,
  pendingAcks: 10_000,
  dynamicNamespaces: 10_000,
  authSize: 65_536,
  eventsPerSecond: Number.POSITIVE_INFINITY,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  attachmentTimeout: 30_000,
  retryingClients: 10_000,
  attachments: 10,
};

export function resolveLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  return { ...DEFAULT_SERVER_LIMITS, ...given };
}
