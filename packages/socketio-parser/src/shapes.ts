import { type Packet, PacketType } from "./packet.js";
import { RESERVED_EVENTS } from "./reserved-events.js";

/** The shape that each packet type promises: what is emitted was checked here, whatever codec it came through. */

function isObject(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** Event names are strings that the library does not use itself, or integers. */
export function isEventName(name: unknown): name is string | number {
  return typeof name === "string" ? !RESERVED_EVENTS.has(name) : Number.isInteger(name);
}

export function isDataValid(type: number, data: unknown): boolean {
  switch (type) {
    case PacketType.CONNECT:
      return data === undefined || isObject(data);
    case PacketType.DISCONNECT:
      return data === undefined;
    case PacketType.CONNECT_ERROR:
      return typeof data === "string" || isObject(data);
    case PacketType.EVENT:
    case PacketType.BINARY_EVENT:
      return Array.isArray(data) && isEventName(data[0]);
    case PacketType.ACK:
    case PacketType.BINARY_ACK:
      return Array.isArray(data);
    default:
      return false;
  }
}

/** Whether `packet` is one that an encoder may be given, and that a decoder may hand out. */
export function isPacketValid(packet: unknown): packet is Packet {
  const { type, nsp, data, id } = packet as { type: number; nsp: unknown; data: unknown; id: unknown };
  return typeof nsp === "string" && (id === undefined || Number.isSafeInteger(id)) && isDataValid(type, data);
}
