/**
 * The digits of the Socket.IO packet types once more: the build for browsers writes a number in place of a constant of its own
 * sources, but not of another package's. The compiler holds them to those.
 */
import type { PacketType } from "@sockeye/socketio-parser";

type Digits = typeof PacketType;

export const CONNECT: Digits["CONNECT"] = 0;
export const DISCONNECT: Digits["DISCONNECT"] = 1;
export const EVENT: Digits["EVENT"] = 2;
export const ACK: Digits["ACK"] = 3;
export const CONNECT_ERROR: Digits["CONNECT_ERROR"] = 4;
export const BINARY_EVENT: Digits["BINARY_EVENT"] = 5;
export const BINARY_ACK: Digits["BINARY_ACK"] = 6;
