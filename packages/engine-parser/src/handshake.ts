import { type EngineParserError, EngineProtocolViolation } from "./errors.js";

/** Body of the open packet: what the server tells about a new session. */
export interface Handshake {
  /** Session id, secret. */
  readonly sid: string;
  /** Transports the client may upgrade to. */
  readonly upgrades: string[];
  /** Milliseconds between two pings of the server. */
  readonly pingInterval: number;
  /** Milliseconds the server waits for the answer to a ping. */
  readonly pingTimeout: number;
  /** Bytes the server takes in one body or frame; `Infinity` when it names no limit (servers before 2022). */
  readonly maxPayload: number;
}

/** The text of an open packet's data. Member by member: each connection needs one, and nothing here is deep. */
export function encodeHandshake({ sid, upgrades, pingInterval, pingTimeout, maxPayload }: Handshake): string {
  const offered = upgrades.length === 0 ? "[]" : JSON.stringify(upgrades);
  const times = `"pingInterval":${numeral(pingInterval)},"pingTimeout":${numeral(pingTimeout)}`;
  return `{"sid":${JSON.stringify(sid)},"upgrades":${offered},${times},"maxPayload":${numeral(maxPayload)}}`;
}

/** JSON has no word for what is not finite. */
function numeral(amount: number): string {
  return Number.isFinite(amount) ? `${amount}` : "null";
}

/** Decodes and validates the data of an open packet. Never throws; keys it does not know are left out. */
export function decodeHandshake(json: unknown): Handshake | EngineParserError {
  try {
    const { sid, upgrades, pingInterval, pingTimeout, maxPayload } = JSON.parse(json as string);
    if (
      typeof json === "string" &&
      typeof sid === "string" &&
      sid !== "" &&
      Array.isArray(upgrades) &&
      upgrades.every((name) => typeof name === "string") &&
      [pingInterval, pingTimeout, maxPayload ?? 0].every((amount) => Number.isFinite(amount) && amount >= 0)
    ) {
      return { sid, upgrades, pingInterval, pingTimeout, maxPayload: maxPayload ?? Infinity };
    }
  } catch {
    // No JSON, or JSON's null: as invalid as the rest.
  }
  return new EngineProtocolViolation("INVALID_HANDSHAKE");
}
