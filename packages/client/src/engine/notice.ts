import type { Handshake } from "@sockeye/engine-parser";
import type { CloseDetails } from "./contract.js";

/** What a server may say about an end that it decided. */
export interface Notice {
  readonly code?: number;
  readonly message?: string;
  readonly retryAfter?: number;
}

/** An empty notice where there is none: a proxy's page, or nothing. */
export function readNotice(text: unknown): Notice {
  try {
    return Object(JSON.parse(text as string));
  } catch {
    return {};
  }
}

/** The last word of a server: `1`, or `1{"retryAfter":1500}` when it asks its clients to stay away for a while. */
export function farewell(data: unknown): CloseDetails {
  return { description: "server closed", retryAfter: readNotice(data).retryAfter };
}

/** What the server tells about a new session, `false` for what is no handshake. (Servers before 2022 name no `maxPayload`.) */
export function readHandshake(data: unknown): Handshake | false {
  const handshake = readNotice(data) as Handshake;
  const { sid, upgrades, pingInterval, pingTimeout } = handshake;
  return typeof sid === "string" && Array.isArray(upgrades) && pingInterval + pingTimeout >= 0 && !!sid && handshake;
}
