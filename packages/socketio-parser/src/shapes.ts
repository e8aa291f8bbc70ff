import { type Packet, PacketType } from "./packet.js";
import { RESERVED_EVENTS } from "./reserved-events.js";

/** The shape that each packet type promises. Whatever codec a packet came through, it was checked here. */

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether `data` fits `type`. An event begins with its name: a string that the library does not use itself, or an integer;
 * with any other value there, listener tables were made to throw (CVE-2023-32695).
 */
export function isDataValid(type: number, data: unknown): boolean {
  if (type === PacketType.CONNECT) {
    return data === undefined || isRecord(data);
  }
  if (type === PacketType.DISCONNECT) {
    return data === undefined;
  }
  if (type === PacketType.CONNECT_ERROR) {
    return typeof data === "string" || isRecord(data);
  }
  if (!Array.isArray(data)) {
    return false;
  }
  const name: unknown = data[0];
  return isAck(type) || (typeof name === "string" ? !RESERVED_EVENTS.has(name) : Number.isInteger(name));
}

/** An acknowledgement answers an id, an event may ask for one with an id, nothing else has any. */
export function isIdValid(type: number, id: unknown): boolean {
  return id === undefined
    ? !isAck(type)
    : (type === PacketType.EVENT || type === PacketType.BINARY_EVENT || isAck(type)) &&
        Number.isSafeInteger(id) &&
        (id as number) >= 0;
}

function isAck(type: number): boolean {
  return type === PacketType.ACK || type === PacketType.BINARY_ACK;
}

/** Whether `packet` is one that an encoder may be given, and that a decoder may hand out. */
export function isPacketValid(packet: unknown): packet is Packet {
  if (!isRecord(packet)) {
    return false;
  }
  const { type, nsp, data, id } = packet as { type: number; nsp: unknown; data: unknown; id: unknown };
  return (
    Number.isInteger(type) &&
    type >= PacketType.CONNECT &&
    type <= PacketType.BINARY_ACK &&
    typeof nsp === "string" &&
    isIdValid(type, id) &&
    isDataValid(type, data)
  );
}
