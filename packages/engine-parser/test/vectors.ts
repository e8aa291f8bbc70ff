import type { EnginePacket } from "../src/index.js";

/** Bytes from hexadecimal; white space is for the reader. */
export function bytes(hex: string): Uint8Array<ArrayBuffer> {
  const digits = hex.replace(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Binary data in one form whatever the decoder made, so that packets can be compared. */
export function plain(packet: EnginePacket | Error): unknown {
  if (packet instanceof Error || packet.data === undefined || typeof packet.data === "string") return packet;
  const { data } = packet;
  const view = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data;
  return { ...packet, data: [...new Uint8Array(view)] };
}

interface PacketVector {
  readonly packet: EnginePacket;
  /** On a transport that takes text only; and, for text packets, on every transport. */
  readonly text: string;
}

/** One row is used in both directions: encoding `packet` gives `text`, decoding `text` gives `packet`. */
export const packetVectors: readonly PacketVector[] = [
  { packet: { type: "open" }, text: "0" },
  { packet: { type: "open", data: '{"sid":"a"}' }, text: '0{"sid":"a"}' },
  { packet: { type: "close" }, text: "1" },
  { packet: { type: "ping" }, text: "2" },
  { packet: { type: "ping", data: "probe" }, text: "2probe" },
  { packet: { type: "pong" }, text: "3" },
  { packet: { type: "pong", data: "probe" }, text: "3probe" },
  { packet: { type: "message" }, text: "4" },
  { packet: { type: "message", data: "test" }, text: "4test" },
  { packet: { type: "message", data: "4" }, text: "44" },
  { packet: { type: "message", data: "b" }, text: "4b" },
  { packet: { type: "message", data: "0" }, text: "40" },
  { packet: { type: "message", data: " " }, text: "4 " },
  { packet: { type: "message", data: "utf8 — €20, 🎉" }, text: "4utf8 — €20, 🎉" },
  { packet: { type: "message", data: "\ud800 half a pair" }, text: "4\ud800 half a pair" },
  { packet: { type: "message", data: "line\nline\u2028line\0" }, text: "4line\nline\u2028line\0" },
  { packet: { type: "upgrade" }, text: "5" },
  { packet: { type: "noop" }, text: "6" },
  { packet: { type: "message", data: bytes("") }, text: "b" },
  { packet: { type: "message", data: bytes("00") }, text: "bAA==" },
  { packet: { type: "message", data: bytes("0102") }, text: "bAQI=" },
  { packet: { type: "message", data: bytes("01020304") }, text: "bAQIDBA==" },
  { packet: { type: "message", data: bytes("fbefbe ffffff") }, text: "b++++////" },
];

interface PayloadVector {
  readonly packets: readonly EnginePacket[];
  readonly payload: string;
}

export const payloadVectors: readonly PayloadVector[] = [
  { packets: [{ type: "noop" }], payload: "6" },
  {
    packets: [
      { type: "open" },
      { type: "close" },
      { type: "ping", data: "probe" },
      { type: "pong", data: "probe" },
      { type: "message", data: "test" },
    ],
    payload: "0\x1e1\x1e2probe\x1e3probe\x1e4test",
  },
  {
    packets: [
      { type: "message", data: "test" },
      { type: "message", data: bytes("01020304") },
      { type: "message", data: bytes("") },
      { type: "message", data: "€" },
    ],
    payload: "4test\x1ebAQIDBA==\x1eb\x1e4€",
  },
];

interface FrameVector {
  readonly packet: EnginePacket;
  readonly frame: Uint8Array;
}

function filled(header: string, length: number, fill: number, first = ""): Uint8Array {
  const head = bytes(header + first);
  const frame = new Uint8Array(head.length + length).fill(fill);
  frame.set(head);
  return frame;
}

export const frameVectors: readonly FrameVector[] = [
  { packet: { type: "open" }, frame: bytes("01 30") },
  { packet: { type: "message", data: "1€" }, frame: bytes("05 34 31 e282ac") },
  { packet: { type: "ping", data: "probe" }, frame: bytes("06 32 70726f6265") },
  { packet: { type: "message", data: bytes("010203") }, frame: bytes("83 010203") },
  { packet: { type: "message", data: "\ufeff" }, frame: bytes("04 34 efbbbf") },
  { packet: { type: "message", data: "a".repeat(124) }, frame: filled("7d", 124, 97, "34") },
  { packet: { type: "message", data: "a".repeat(125) }, frame: filled("7e007e", 125, 97, "34") },
  { packet: { type: "message", data: "a".repeat(65_534) }, frame: filled("7effff", 65_534, 97, "34") },
  { packet: { type: "message", data: "a".repeat(65_535) }, frame: filled("7f0000000000010000", 65_535, 97, "34") },
  { packet: { type: "message", data: new Uint8Array(125).fill(9) }, frame: filled("fd", 125, 9) },
  { packet: { type: "message", data: new Uint8Array(126).fill(9) }, frame: filled("fe007e", 126, 9) },
  { packet: { type: "message", data: new Uint8Array(65_535).fill(9) }, frame: filled("feffff", 65_535, 9) },
  { packet: { type: "message", data: new Uint8Array(65_536).fill(9) }, frame: filled("ff0000000000010000", 65_536, 9) },
];
