import fc from "fast-check";
import * as officialMsgpack from "socket.io-msgpack-parser";
import * as officialJson from "socket.io-parser";
import { describe, expect, it } from "vitest";
import * as compact from "../src/compact/index.js";
import { canonical } from "../src/conformance/assertions.js";
import { type EncodedPacket, isPacketValid, parser as json, type Packet, type Parser } from "../src/index.js";
import { parser as msgpack } from "../src/msgpack/index.js";
import { packet, packetLikeText, ROOMY } from "./arbitraries.js";

const official = { json: officialJson as unknown as Parser, msgpack: officialMsgpack as unknown as Parser };

function decodeAll(parser: Parser, chunks: readonly unknown[]): Packet[] {
  const decoder = new parser.Decoder(ROOMY);
  const packets: Packet[] = [];
  decoder.on("decoded", (one) => {
    packets.push(one);
  });
  for (const chunk of chunks) {
    decoder.add(chunk);
  }
  return packets;
}

/** The official MessagePack decoder takes a `Buffer`. */
const asBuffers = (chunks: EncodedPacket): unknown[] =>
  chunks.map((chunk) => (chunk instanceof Uint8Array ? Buffer.from(chunk) : chunk));

/** Beside bytes, the official encoder assigns members by name, and so loses one that is called `__proto__`. */
function hasProtoMember(given: Packet): boolean {
  return /"__proto__":/.test(canonical(given));
}

describe("JSON", () => {
  it.each([
    ["main", json],
    ["compact", compact.parser],
  ])("%s: writes the same chunks as the official encoder", (_name, ours) => {
    fc.assert(
      fc.property(packet(true), (given) => {
        fc.pre(!hasProtoMember(given));
        const theirs = new official.json.Encoder().encode(given);
        expect(canonical(new ours.Encoder().encode(given))).toBe(canonical(theirs));
      }),
      { numRuns: 400 },
    );
  });

  it("reads what the official encoder writes, and the other way round", () => {
    fc.assert(
      fc.property(packet(true), (given) => {
        fc.pre(!hasProtoMember(given));
        expect(canonical(decodeAll(json, new official.json.Encoder().encode(given)))).toBe(canonical([given]));
        expect(canonical(decodeAll(official.json, new json.Encoder().encode(given)))).toBe(canonical([given]));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["main", json],
    ["compact", compact.parser],
  ])("%s: keeps a member called __proto__ beside bytes", (_name, ours) => {
    const data = ["a", [JSON.parse('{"__proto__":0}'), Uint8Array.of(1)]] as [string, unknown];
    const chunks = new ours.Encoder().encode({ type: 2, nsp: "/", data });
    expect(chunks[0]).toBe('51-["a",[{"__proto__":0},{"_placeholder":true,"num":0}]]');
    expect(canonical(decodeAll(ours, chunks))).toBe(canonical([{ type: 2, nsp: "/", data }]));
  });

  // Invariant: we are stricter, never different: what we accept the official decoder reads as the same packet.
  it("accepts nothing that the official decoder reads otherwise", () => {
    fc.assert(
      fc.property(packetLikeText, (text) => {
        let ours: Packet[];
        try {
          ours = decodeAll(json, [text]);
        } catch {
          return;
        }
        expect(canonical(decodeAll(official.json, [text]))).toBe(canonical(ours));
        expect(canonical(decodeAll(compact.parser, [text]))).toBe(canonical(ours));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    "9",
    "abc",
    '5["a"]',
    '50-["a"]',
    '51001-["a"]',
    "2[rubbish]",
    '2{"0":"a"}',
    '2["connect"]',
    "0[]",
    "1{}",
    "4[]",
    '51-["a",{"_placeholder":true,"num":9}]',
  ])("refuses %s with the official text", (text) => {
    const message = (parser: Parser): string => {
      try {
        return canonical(decodeAll(parser, [text, Uint8Array.of(1)]));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message(json)).toBe(message(official.json));
  });

  it("says the official texts for messages out of turn", () => {
    const waiting = '51-["a",{"_placeholder":true,"num":0}]';
    expect(() => decodeAll(json, [waiting, "2"])).toThrow("got plaintext data when reconstructing a packet");
    expect(() => decodeAll(json, [Uint8Array.of(1)])).toThrow("got binary data when not reconstructing a packet");
    for (const value of [10, {}, true]) {
      expect(() => decodeAll(json, [value])).toThrow(`Unknown type: ${value}`);
      expect(() => decodeAll(official.json, [value])).toThrow(`Unknown type: ${value}`);
    }
  });

  it("agrees with the official isPacketValid where a packet comes from its decoder", () => {
    const valid = (officialJson as unknown as { isPacketValid(packet: Packet): boolean }).isPacketValid;
    fc.assert(
      fc.property(packet(false), (given) => {
        expect(isPacketValid(given)).toBe(true);
        expect(valid(given)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe("MessagePack", () => {
  it("reads what the official encoder writes, and the other way round", () => {
    fc.assert(
      fc.property(packet(true), (given) => {
        // The official encoder writes other numbers for integers beyond 64 bits, and the official decoder assigns `__proto__`.
        fc.pre(!/e\+|\d{19}|"__proto__":/.test(canonical(given)));
        expect(canonical(decodeAll(msgpack, new official.msgpack.Encoder().encode(given)))).toBe(canonical([given]));
        expect(canonical(decodeAll(official.msgpack, asBuffers(new msgpack.Encoder().encode(given))))).toBe(
          canonical([given]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, unknown]>([
    ["a date", new Date(1_700_000_000_123)],
    ["a date on a full second", new Date(1_700_000_000_000)],
    ["the first date", new Date(0)],
    ["a date before 1970", new Date(-1)],
    ["a date long before 1970", new Date(-62_000_000_000_001)],
    ["a date after 2514", new Date(20_000_000_000_000)],
    ["undefined", undefined],
    ["undefined members", { a: undefined, b: 1 }],
    ["functions in objects", { a: () => 1, b: 1 }],
    ["what toJSON returns", { toJSON: () => ({ at: new Date(5), b: Uint8Array.of(1) }) }],
    ["a map", new Map([[1, 2]])],
    ["a typed array", new Uint16Array([1, 2, 3])],
    ["an ArrayBuffer", Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer],
    ["a Buffer", Buffer.from("bytes")],
    ["numbers with a sign, not a number, infinity", [-0.5, Number.NaN, Number.NEGATIVE_INFINITY]],
  ])("agrees with the official codec on %s, in both directions", (_name, value) => {
    const given: Packet = { type: 2, nsp: "/", data: ["x", value, { nested: [value] }] };
    const theirs = decodeAll(official.msgpack, new official.msgpack.Encoder().encode(given));
    expect(canonical(decodeAll(msgpack, new official.msgpack.Encoder().encode(given)))).toBe(canonical(theirs));
    expect(canonical(decodeAll(official.msgpack, asBuffers(new msgpack.Encoder().encode(given))))).toBe(
      canonical(theirs),
    );
  });

  it("writes an invalid date as null, where the official encoder writes the year 1970", () => {
    const given: Packet = { type: 2, nsp: "/", data: ["x", new Date(Number.NaN)] };
    expect(decodeAll(official.msgpack, asBuffers(new msgpack.Encoder().encode(given)))[0]).toMatchObject({
      data: ["x", null],
    });
    expect(decodeAll(official.msgpack, new official.msgpack.Encoder().encode(given))[0]).toMatchObject({
      data: ["x", new Date(0)],
    });
  });
});
