import { ACK, BINARY_ACK, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, type Packet } from "./packet.js";
import { RESERVED_EVENTS } from "./reserved-events.js";

/** The shape that each packet type promises. Whatever codec a packet came through, it was checked here. */

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A binary packet has the shape of its plain kind. */
function plainKind(type: number): number {
  return type > CONNECT_ERROR ? type - 3 : type;
}

/**
 * Whether `data` fits `type`. An event begins with its name: a string that the library does not use itself, or an integer;
 * with any other value there, listener tables were made to throw (CVE-2023-32695).
 */
export function isDataValid(type: number, data: unknown): boolean {
  const kind = plainKind(type);
  if (kind === EVENT || kind === ACK) {
    return Array.isArray(data) && (kind === ACK || isEventName(data[0]));
  }
  if (data === undefined || kind === DISCONNECT) {
    return data === undefined && kind < EVENT;
  }
  return isRecord(data) || (kind === CONNECT_ERROR && typeof data === "string");
}

function isEventName(name: unknown): boolean {
  return typeof name === "string" ? !RESERVED_EVENTS.has(name) : Number.isInteger(name);
}

/** An acknowledgement answers an id, an event may ask for one with an id, nothing else has any. */
export function isIdValid(type: number, id: unknown): boolean {
  const kind = plainKind(type);
  return id === undefined
    ? kind !== ACK
    : (kind === EVENT || kind === ACK) && Number.isSafeInteger(id) && (id as number) >= 0;
}

/** Whether `packet` is one that an encoder may be given, and that a decoder may hand out. */
export function isPacketValid(packet: unknown): packet is Packet {
  if (!isRecord(packet)) {
    return false;
  }
  const { type, nsp, data, id } = packet as { type: number; nsp: unknown; data: unknown; id: unknown };
  return (
    Number.isInteger(type) &&
    type >= CONNECT &&
    type <= BINARY_ACK &&
    typeof nsp === "string" &&
    isIdValid(type, id) &&
    isDataValid(type, data)
  );
}
