import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEnvelope, encodeEnvelope, isFrom } from "../../src/cluster/codec.js";
import type { Envelope } from "../../src/cluster/envelope.js";
import { ClusterViolation } from "../../src/cluster/errors.js";
import { FIELDS } from "../../src/cluster/fields.js";

const common = { origin: "0123456789abcdef", sequence: 7 };
const named = { ...common, namespace: "/chat" };
const selecting = { ...named, rooms: ["x"], except: [] };
const request = "1a";

const envelopes: Envelope[] = [
  { ...common, kind: "hello", namespaces: ["/", "/chat"], version: 2, parser: "json", partitions: 64, ask: true },
  { ...common, kind: "namespace", name: "/chat", open: false, version: 3 },
  { ...common, kind: "heartbeat", version: 3 },
  { ...common, kind: "goodbye" },
  {
    ...selecting,
    kind: "broadcast",
    flags: { volatile: true },
    packet: ['51-["é",{}]', Uint8Array.of(0, 255)],
    parser: "json",
  },
  {
    ...selecting,
    kind: "broadcast",
    flags: {},
    event: ["e", { bytes: Buffer.of(1) }, "\u0000b0", "\u0000"],
    request,
  },
  { ...selecting, kind: "join", target: ["__proto__", "", "\u0000b0"] },
  { ...selecting, kind: "leave", target: [] },
  { ...selecting, kind: "disconnect", close: true },
  { ...selecting, kind: "fetch", request },
  { ...named, kind: "server-side-emit", args: ["e", Buffer.alloc(0)] },
  { ...named, kind: "sockets", request, sockets: [{ id: "a", handshake: {}, rooms: ["a"], data: { n: [1, null] } }] },
  { ...named, kind: "client-count", request, count: 0 },
  { ...named, kind: "ack", request, args: [Buffer.of(9), "b"] },
  { ...named, kind: "gone", request },
  { ...named, kind: "answer", request, args: [] },
  { ...named, kind: "hand-over", request, pid: "a secret" },
  { ...named, kind: "handed-over", request },
];

/** With the handshakes of sockets read, as members of plain objects, and without what is said twice. */
function plain(decoded: ReturnType<typeof decodeEnvelope>): object {
  if ("whom" in decoded) return { ...decoded, whom: undefined };
  if (!("sockets" in decoded)) return decoded;
  const sockets = decoded.sockets.map(({ id, handshake, rooms, data }) => ({ id, handshake, rooms, data }));
  return { ...decoded, sockets };
}

/** As a later version would write it. */
function withHeader(change: (header: Record<string, unknown>) => object): Uint8Array {
  return encodeEnvelope(change({ ...common, kind: "heartbeat", version: 1 }) as Envelope);
}

const SEQUENCE = [0, 0, 0, 0, 0, 7];
const ORIGIN = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
/** Where the length of the header is. */
const LENGTH_AT = 21;

describe("envelope codec", () => {
  it.each(envelopes)("carries $kind", (envelope) => {
    expect(plain(decodeEnvelope(encodeEnvelope(envelope)))).toEqual(envelope);
  });

  it("has an example of every kind", () => {
    expect(new Set(envelopes.map(({ kind }) => kind))).toEqual(new Set(Object.keys(FIELDS)));
  });

  it("carries the chunks of a packet as they are", () => {
    const packet = [`2["${"x".repeat(100)}"]`];
    const bytes = encodeEnvelope({ ...selecting, kind: "broadcast", flags: {}, packet, parser: "json" });
    expect(Buffer.from(bytes).includes(packet[0]!)).toBe(true);
  });

  it.each([0, 2 ** 31, 2 ** 32 + 5, 2 ** 48 - 1])("carries the number %d", (sequence) => {
    const heartbeat: Envelope = { ...common, sequence, kind: "heartbeat", version: 1 };
    expect(decodeEnvelope(encodeEnvelope(heartbeat))).toEqual(heartbeat);
  });

  it("tells broadcasts apart that differ in number and packet alone, and those that differ in one field", () => {
    const one: Envelope = { ...selecting, kind: "broadcast", flags: {}, packet: ["2[1]"], parser: "json" };
    const varied: Envelope[] = [
      one,
      { ...one, sequence: 8, packet: ["2[2]", Uint8Array.of(1)] },
      one,
      { ...one, origin: "ffffffffffffffff" },
      { ...one, rooms: [] },
      { ...one, except: ["x"] },
      { ...one, flags: { volatile: true } },
      { ...one, parser: "msgpack" },
      { ...one, namespace: "/" },
      { ...one, sequence: 9, packet: ["2[3]"] },
    ];
    for (const envelope of varied) expect(plain(decodeEnvelope(encodeEnvelope(envelope)))).toEqual(envelope);
  });

  it("says whom a broadcast is for as adapters take it, for one node alone; what has the same header shares it", () => {
    const broadcast: Envelope = {
      ...selecting,
      except: ["y"],
      kind: "broadcast",
      flags: { volatile: true },
      packet: ["2[1]"],
    };
    const [first, second] = [broadcast, { ...broadcast, origin: "ffffffffffffffff", sequence: 9 }].map((envelope) => {
      const decoded = decodeEnvelope(encodeEnvelope(envelope));
      return "whom" in decoded ? decoded.whom : undefined;
    });
    expect(first).toEqual({ rooms: new Set(["x"]), except: new Set(["y"]), flags: { volatile: true, local: true } });
    expect(second).toBe(first);
  });

  it("writes the header of each namespace, parser and kind of broadcast, whatever was written before", () => {
    const one: Envelope = {
      ...named,
      rooms: [],
      except: [],
      kind: "broadcast",
      flags: {},
      packet: ["2[1]"],
      parser: "json",
    };
    const varied: Envelope[] = [one, { ...one, namespace: "/" }, one, { ...one, parser: undefined }];
    varied.push({ ...one, flags: { compress: false } }, { ...one, except: ["x"] }, { ...one, rooms: ["x"] }, one);
    for (const envelope of varied) expect(plain(decodeEnvelope(encodeEnvelope(envelope)))).toEqual(envelope);
  });

  it.each(["0123456789abcdef", "00000000ffffffff", "fedcba9876543210", "0000000000000000"])(
    "tells by the first bytes that %s said it",
    (origin) => {
      const bytes = encodeEnvelope({ kind: "goodbye", sequence: 7, origin });
      expect(decodeEnvelope(bytes)).toMatchObject({ origin });
      expect(isFrom(bytes, origin)).toBe(true);
      expect(isFrom(bytes, "0123456700000000")).toBe(false);
      expect(isFrom(bytes, "0000000089abcdef")).toBe(false);
      expect(isFrom(bytes.subarray(0, 19), origin)).toBe(false);
    },
  );

  it("takes a packet from the chunks alone", () => {
    const forged = withHeader((header) => ({ ...header, ...selecting, kind: "join", target: [], packet: [1, {}] }));
    const broadcast = Buffer.from(
      Buffer.from(forged).toString("latin1").replace('"join"', '"broadcast","flags":{}'),
      "latin1",
    );
    broadcast.writeUInt32BE(
      broadcast.readUInt32BE(LENGTH_AT) + '"broadcast","flags":{}'.length - '"join"'.length,
      LENGTH_AT,
    );
    expect(decodeEnvelope(broadcast)).toMatchObject({ kind: "broadcast", packet: undefined });
  });

  it("carries large packets, and many chunks", () => {
    const chunks = Array.from({ length: 300 }, (_, i) => (i % 2 ? "é".repeat(i * 20) : new Uint8Array(i * 4).fill(i)));
    const envelope: Envelope = { ...selecting, kind: "broadcast", flags: {}, packet: chunks, parser: "json" };
    expect(plain(decodeEnvelope(encodeEnvelope(envelope)))).toEqual(envelope);
    expect(decodeEnvelope(encodeEnvelope(envelopes[0]!))).toEqual(envelopes[0]);
  });

  it("carries each socket's handshake, whatever is in it", () => {
    const handshakes = [
      undefined,
      { auth: { token: "a\nb\u2028", bytes: Uint8Array.of(1) } },
      { query: { t: "\u0000b0" } },
      null,
      { bytes: Buffer.of(2) },
    ];
    const sockets = handshakes.map((handshake, i) => ({ id: `${i}`, handshake, rooms: [], data: Uint8Array.of(i) }));
    expect(plain(decodeEnvelope(encodeEnvelope({ ...named, kind: "sockets", request, sockets })))).toMatchObject({
      sockets: [
        { handshake: undefined, data: Buffer.of(0) },
        { handshake: { auth: { token: "a\nb\u2028", bytes: Buffer.of(1) } }, data: Buffer.of(1) },
        { handshake: { query: { t: "\u0000b0" } }, data: Buffer.of(2) },
        { handshake: null, data: Buffer.of(3) },
        { handshake: { bytes: Buffer.of(2) }, data: Buffer.of(4) },
      ],
    });
  });

  it("refuses sockets without their handshakes", () => {
    const bytes = withHeader((header) => ({ ...header, ...named, kind: "answer", request, args: [], sockets: [] }));
    const forged = Buffer.from(Buffer.from(bytes).toString("latin1").replace('"answer"', '"sockets"'), "latin1");
    forged.writeUInt32BE(forged.readUInt32BE(LENGTH_AT) + 1, LENGTH_AT);
    expect(decodeEnvelope(forged)).toEqual(new ClusterViolation("handshakes are missing"));
  });

  it("hands the application's bytes over as Buffers, as they came from a socket", () => {
    const decoded = decodeEnvelope(encodeEnvelope({ ...named, kind: "ack", request, args: [Uint8Array.of(9)] }));
    expect("args" in decoded && Buffer.isBuffer(decoded.args[0])).toBe(true);
  });

  it("takes every kind of view and array buffers for bytes", () => {
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const args = [bytes.buffer, new DataView(bytes.buffer, 1, 2), Buffer.from([5])];
    expect(decodeEnvelope(encodeEnvelope({ ...named, kind: "ack", request, args }))).toMatchObject({
      args: [Buffer.from(bytes), Buffer.of(2, 3), Buffer.of(5)],
    });
  });

  it("carries bytes and strings with NUL wherever they stand, and what has its own way to JSON", () => {
    const deep = (value: unknown) => Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), value);
    const args = [
      "a",
      { at: new Date(0), own: { toJSON: () => [Uint8Array.of(1), "\u0000b7"] } },
      deep("\u0000"),
      deep(1),
    ];
    const expected = ["a", { at: new Date(0).toJSON(), own: [Buffer.of(1), "\u0000b7"] }, deep("\u0000"), deep(1)];
    const decoded = decodeEnvelope(encodeEnvelope({ ...named, kind: "ack", request, args }));
    expect("args" in decoded && decoded.args).toEqual(expected);
  });

  it("ignores fields it does not know, and knows an unknown kind from garbage", () => {
    expect(decodeEnvelope(withHeader((header) => ({ ...header, future: 1 })))).toEqual({
      ...common,
      kind: "heartbeat",
      version: 1,
    });
    expect(decodeEnvelope(withHeader((header) => ({ ...header, kind: "future" })))).toEqual({ kind: "unknown" });
    expect(decodeEnvelope(withHeader((header) => ({ ...header, kind: "toString" })))).toEqual({ kind: "unknown" });
  });

  it.each([
    ["a missing field", { version: undefined }],
    ["a negative count", { version: -1 }],
  ])("refuses %s", (_, fields) => {
    expect(decodeEnvelope(withHeader((header) => ({ ...header, ...fields })))).toBeInstanceOf(ClusterViolation);
  });

  it.each([
    ["nothing", []],
    ["another magic", [0x7b, 1, 0, 0]],
    ["another version", [0x5e, 2, 0, 0, 0, 0, ...SEQUENCE, ...ORIGIN, 0, 0, 0, 0, 2, 0x7b, 0x7d]],
    ["half a prefix", [0x5e, 3, 0, 0, 0, 0, 0, 0]],
    ["no header", [0x5e, 3, 0, 0, 0, 0, ...SEQUENCE, ...ORIGIN]],
    ["a header of bytes", [0x5e, 3, 0, 0, 0, 0, ...SEQUENCE, ...ORIGIN, 1, 0, 0, 0, 1, 0x30]],
    ["text that is not UTF-8", [0x5e, 3, 0, 0, 0, 0, ...SEQUENCE, ...ORIGIN, 0, 0, 0, 0, 1, 0xff]],
    ["a header that is null", [0x5e, 3, 0, 0, 0, 0, ...SEQUENCE, ...ORIGIN, 0, 0, 0, 0, 4, 0x6e, 0x75, 0x6c, 0x6c]],
    ["a section longer than the rest", [0x5e, 3, 0, 0, 0, 0, ...SEQUENCE, ...ORIGIN, 0, 0xff, 0xff, 0xff, 0xff, 0x30]],
    ["a section of unknown type", [0x5e, 3, 0, 0, 0, 0, ...SEQUENCE, ...ORIGIN, 9, 0, 0, 0, 0]],
    ["chunks that are not there", [0x5e, 3, 0, 0, 0, 1, ...SEQUENCE, ...ORIGIN, 0, 0, 0, 0, 2, 0x7b, 0x7d]],
  ])("refuses %s", (_, bytes) => {
    const outcome = decodeEnvelope(Uint8Array.from(bytes));
    expect(outcome).toBeInstanceOf(ClusterViolation);
    expect(outcome).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_ENVELOPE" });
  });

  // Invariant: what an application says comes out on the other side as JSON would bring it, bytes as bytes.
  it("carries any value", () => {
    const value = fc.jsonValue({
      stringUnit: fc.oneof(fc.constantFrom("\u0000", "b", "0"), fc.string({ unit: "grapheme", maxLength: 1 })),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(value, fc.uint8Array())), (args) => {
        const decoded = decodeEnvelope(encodeEnvelope({ ...named, kind: "ack", request, args }));
        const wanted = args.map((arg) =>
          arg instanceof Uint8Array ? Buffer.from(arg) : JSON.parse(JSON.stringify(arg)),
        );
        expect(decoded).toMatchObject({ args: wanted });
      }),
    );
  });

  // Invariant: whatever arrives, the outcome is an envelope, "unknown" or a violation; nothing is thrown.
  it("survives every cut and every flipped byte", () => {
    for (const envelope of envelopes) {
      const bytes = encodeEnvelope(envelope);
      for (let at = 0; at < bytes.length; at++) {
        expect(decodeEnvelope(bytes.subarray(0, at))).toBeInstanceOf(ClusterViolation);
        for (const mask of [0x01, 0x80, 0xff]) {
          const flipped = bytes.slice();
          flipped[at]! ^= mask;
          expect(decodeEnvelope(flipped)).toBeTypeOf("object");
        }
      }
    }
  });

  it("survives noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(decodeEnvelope(noise)).toBeTypeOf("object");
        expect(
          decodeEnvelope(Uint8Array.of(0x5e, 3, noise.length & 1, 0, 0, 0, ...SEQUENCE, ...ORIGIN, ...noise)),
        ).toBeTypeOf("object");
      }),
    );
  });
});
