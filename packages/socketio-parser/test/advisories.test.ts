import { describe, expect, it } from "vitest";
import * as compact from "../src/compact/index.js";
import { parser as json, type Packet, type Parser, ParserError } from "../src/index.js";
import { parser as msgpack } from "../src/msgpack/index.js";

/** One test per published advisory on a parser of this protocol: the input that did the harm. */

/** Each codec, and its texts: the compact one has one for everything. */
const CODECS: readonly (readonly [string, Parser, tooMany: string, misshapen: string])[] = [
  ["main", json, "too many attachments", "invalid payload"],
  ["compact", compact.parser, "invalid packet", "invalid packet"],
];

describe.each(CODECS)("advisories, %s codec", (_name, parser, tooMany, misshapen) => {
  const bytes = Uint8Array.of(1);

  it("CVE-2026-69185: a binary packet of no attachments does not collect what comes after it", () => {
    const decoder = new parser.Decoder();
    expect(() => decoder.decode?.('50-["x"]')).toThrow(ParserError);
    for (let i = 0; i < 1000; i++) {
      expect(() => decoder.decode?.(bytes)).toThrow(ParserError);
    }
  });

  it("CVE-2026-33151, CVE-2026-48804: a packet cannot ask for more attachments than the limit", () => {
    const placeholders = Array.from({ length: 11 }, (_, num) => `{"_placeholder":true,"num":${num}}`);
    expect(() => new parser.Decoder().decode?.(`511-["x",${placeholders}]`)).toThrow(tooMany);
    expect(() => new parser.Decoder().decode?.('51000000000-["x"]')).toThrow(tooMany);
    expect(new parser.Decoder({ maxAttachments: 11 }).decode?.(`511-["x",${placeholders}]`)).toBeUndefined();
    // Without a limit too, nothing is made ready for more of them than a text can announce.
    const unlimited = new parser.Decoder({ maxAttachments: Number.POSITIVE_INFINITY });
    expect(() => unlimited.decode?.('59007199254740991-["x",{"_placeholder":true,"num":0}]')).toThrow(ParserError);
  });

  it("CVE-2023-32695: an event named by an object ends in an error of ours, not in a TypeError of a listener table", () => {
    expect(() => new parser.Decoder().decode?.('2[{"toString":"foo"}]')).toThrow(misshapen);
  });

  it("CVE-2022-2421: a placeholder cannot fetch a property of the array of attachments", () => {
    for (const num of [
      '"splice"',
      '"length"',
      '"__proto__"',
      '"constructor"',
      "-1",
      "1",
      "0.5",
      "null",
      "[0]",
      "{}",
      '"0"',
    ]) {
      const decoder = new parser.Decoder();
      const emitted: Packet[] = [];
      decoder.on("decoded", (packet) => {
        emitted.push(packet);
      });
      expect(() => {
        decoder.add(`51-["hello",{"_placeholder":true,"num":${num}}]`);
        decoder.add(bytes);
      }).toThrow(ParserError);
      expect(emitted).toEqual([]);
    }
  });

  it("CVE-2022-2421: a forged placeholder in a plain packet is data", () => {
    expect(new parser.Decoder().decode?.('2["hello",{"_placeholder":true,"num":"splice"}]')).toMatchObject({
      data: ["hello", { _placeholder: true, num: "splice" }],
    });
  });

  it("CVE-2020-36049: header fields without an end cost one pass", () => {
    for (const text of [`2${"1".repeat(2_000_000)}`, `5${"0".repeat(2_000_000)}-[]`, `51${"-".repeat(2_000_000)}`]) {
      expect(() => new parser.Decoder().decode?.(text)).toThrow(ParserError);
    }
  });

  it("CVE-2017-16031 and other names on prototypes: a member named __proto__ reaches none", () => {
    const decoder = new parser.Decoder();
    expect(
      decoder.decode?.('51-["x",{"__proto__":{"_placeholder":true,"num":0},"a":{"__proto__":{"b":1}}}]'),
    ).toBeUndefined();
    const packet = decoder.decode?.(bytes) as { data: [string, Record<string, unknown>] };
    const [, argument] = packet.data;
    expect(Object.getPrototypeOf(argument)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(argument, "__proto__")?.value).toBe(bytes);
  });
});

describe("advisories, MessagePack codec", () => {
  const message = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
  const event = (value: string): Uint8Array => message(`83 a47479706502 a36e7370a12f a464617461 92 a161 ${value}`);

  it("CVE-2023-32695: an event named by an object is refused", () => {
    expect(() => new msgpack.Decoder().decode?.(message("83 a47479706502 a36e7370a12f a464617461 91 80"))).toThrow(
      "invalid payload",
    );
  });

  it("claimed lengths allocate nothing: 200 nested arrays that each claim a million elements", () => {
    const before = process.memoryUsage().heapUsed;
    expect(() => new msgpack.Decoder().decode?.(event("dd000fffff".repeat(200)))).toThrow("invalid payload");
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50_000_000);
  });

  it("extensions of the library underneath are plain data: records, structured clones, errors, bundled texts", () => {
    for (const [hex, type] of [
      ["d4723f", 0x72],
      ["d4693f", 0x69],
      ["d6693f3f3f3f", 0x69],
      ["d57200400101".slice(0, 8), 0x72],
      ["d46501", 0x65],
      ["d47301", 0x73],
      ["d47801", 0x78],
      ["d47401", 0x74],
      ["c7026200ff", 0x62],
    ] as const) {
      expect(new msgpack.Decoder().decode?.(event(hex))).toMatchObject({ data: ["a", [type, expect.any(Uint8Array)]] });
    }
  });

  it("names that reach prototypes reach none", () => {
    const packet = new msgpack.Decoder().decode?.(event("81a95f5f70726f746f5f5f81a17801")) as {
      data: [string, { x?: unknown }];
    };
    expect(packet.data[1].x).toBeUndefined();
    expect(Object.getPrototypeOf(packet.data[1])).toBe(Object.prototype);
  });
});
