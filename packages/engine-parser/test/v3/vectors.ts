import type { EnginePacket } from "../../src/index.js";
import { bytes } from "../vectors.js";

interface PacketVector {
  readonly packet: EnginePacket;
  /** On a transport that takes text only. */
  readonly text: string;
  /** On a transport with binary frames, when it differs. */
  readonly frame?: Uint8Array;
}

/** Recorded from the parser that the clients of protocol 3 carry. One row is used in both directions. */
export const packetVectors: readonly PacketVector[] = [
  { packet: { type: "open", data: "{}" }, text: "0{}" },
  { packet: { type: "ping" }, text: "2" },
  { packet: { type: "ping", data: "probe" }, text: "2probe" },
  { packet: { type: "message" }, text: "4" },
  { packet: { type: "message", data: "€😀é" }, text: "4€😀é" },
  { packet: { type: "message", data: "b4AQID" }, text: "4b4AQID" },
  { packet: { type: "message", data: bytes("010203") }, text: "b4AQID", frame: bytes("04 010203") },
  { packet: { type: "message", data: bytes("01") }, text: "b4AQ==", frame: bytes("04 01") },
  { packet: { type: "message", data: bytes("") }, text: "b4", frame: bytes("04") },
  { packet: { type: "ping", data: bytes("ff") }, text: "b2/w==", frame: bytes("02 ff") },
];

interface PayloadVector {
  readonly packets: readonly EnginePacket[];
  readonly text: string;
  readonly binary: Uint8Array;
}

const words: EnginePacket = { type: "message", data: "€😀é" };

export const payloadVectors: readonly PayloadVector[] = [
  { packets: [], text: "0:", binary: bytes("") },
  { packets: [{ type: "noop" }], text: "1:6", binary: bytes("00 01 ff 36") },
  {
    packets: [words, { type: "ping" }],
    text: "5:4€😀é1:2",
    binary: bytes("00 0100 ff 34e282acf09f9880c3a9 00 01 ff 32"),
  },
  {
    packets: [words, { type: "ping" }, { type: "message", data: bytes("01020304fa") }],
    text: "5:4€😀é1:210:b4AQIDBPo=",
    binary: bytes("00 0100 ff 34e282acf09f9880c3a9 00 01 ff 32 01 06 ff 0401020304fa"),
  },
  {
    packets: [{ type: "message", data: "\ufeffa" }],
    text: "3:4\ufeffa",
    binary: bytes("00 05 ff 34efbbbf61"),
  },
];
