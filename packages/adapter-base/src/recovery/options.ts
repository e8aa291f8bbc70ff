import { AdapterError } from "../errors.js";

/** Limits of a {@link MemoryLog}; one log per namespace. */
export interface MemoryLogOptions {
  /** Milliseconds a session can be resumed after its connection ended; then it is `expired`. Default 120,000. */
  readonly maxDisconnectionDuration: number;
  /**
   * Milliseconds within which the server notices that a peer is gone: more than its ping interval and time-out together.
   * What was sent to a session earlier than that before its end counts as received; entries are kept for
   * `maxDisconnectionDuration` and this time. Default 60,000.
   */
  readonly cutNoticedWithin: number;
  /** Sessions waiting to be resumed; beyond it the oldest is `expired`. Default 10,000. */
  readonly maxSessions: number;
  /** Broadcasts kept; who needs an older one is `trimmed`. Default 100,000. */
  readonly maxEntries: number;
  /** Bytes of the broadcasts kept; who needs an older one is `trimmed`. Default 64 MiB. */
  readonly maxBytes: number;
  /** Events kept that were sent to one session alone, per session; older ones are `trimmed`. Default 1,000. */
  readonly maxPrivateEntries: number;
  /** Their bytes, per session. Default 1 MiB. */
  readonly maxPrivateBytes: number;
  /** Their bytes over all sessions; beyond it no session keeps more than its equal part. Default 64 MiB. */
  readonly maxTotalPrivateBytes: number;
  /** Joins and leaves remembered per session, while broadcasts from before them are kept. Default 1,000. */
  readonly maxRoomChanges: number;
}

const MIB = 1024 * 1024;

export const MEMORY_LOG_DEFAULTS: MemoryLogOptions = {
  maxDisconnectionDuration: 120_000,
  cutNoticedWithin: 60_000,
  maxSessions: 10_000,
  maxEntries: 100_000,
  maxBytes: 64 * MIB,
  maxPrivateEntries: 1_000,
  maxPrivateBytes: MIB,
  maxTotalPrivateBytes: 64 * MIB,
  maxRoomChanges: 1_000,
};

/** @throws AdapterError `ERR_SOCKEYE_ADAPTER_OPTION` when a value is not a number from 0 on */
export function memoryLogOptions(given: Partial<MemoryLogOptions>): MemoryLogOptions {
  const options = { ...MEMORY_LOG_DEFAULTS };
  for (const name of Object.keys(options) as (keyof MemoryLogOptions)[]) {
    const value = given[name];
    if (value === undefined) continue;
    if (typeof value !== "number" || !(value >= 0)) {
      throw new AdapterError("ERR_SOCKEYE_ADAPTER_OPTION", `recovery option ${name} must be a number from 0 on`);
    }
    options[name as keyof typeof options] = value as never;
  }
  return options;
}
