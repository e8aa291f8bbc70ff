import { describe, expect, it } from "vitest";
import { Decoder, Encoder, type Packet, UnserializableError } from "../src/index.js";

const event = (...args: unknown[]): Packet => ({ type: 2, nsp: "/", data: ["x", ...args] });

describe("encode", () => {
  const encoder = new Encoder();

  it("takes binary types for what they are: an event, an acknowledgement", () => {
    expect(encoder.encode({ type: 5, nsp: "/", data: ["x", 1] })).toEqual(['2["x",1]']);
    expect(encoder.encode({ type: 6, nsp: "/", data: [Uint8Array.of(1)], id: 1 })[0]).toMatch(/^61-1/);
  });

  it("writes every kind of argument as JSON does", () => {
    for (const args of [
      ["text", 'quote"', "back\\slash", "\u0000\u001f", "\u2028", "\ud800", "x".repeat(65), "é"],
      [1, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY],
      [true, null, undefined, Symbol("s"), () => 1],
      [new Date(0), [new Date(0)], { at: new Date(0) }],
      [{ a: undefined, b: () => 1, c: Symbol("s"), d: [undefined, () => 1] }],
      [new Map([[1, 2]]), new Set([1]), /x/, new Error("x")],
      [Array(3), Object.create(null), Object.create({ inherited: 1 })],
    ]) {
      expect(encoder.encode(event(...args))).toEqual([`2${JSON.stringify(["x", ...args])}`]);
      const beside = encoder.encode(event(...args, Uint8Array.of(1)))[0] as string;
      expect(beside).toBe(`51-${JSON.stringify(["x", ...args, { _placeholder: true, num: 0 }])}`);
    }
  });

  it("calls toJSON with the key, and does not ask its result again", () => {
    const keys: string[] = [];
    const value = {
      toJSON: (key: string) => {
        keys.push(key);
        return { toJSON: () => "twice", once: true };
      },
    };
    expect(encoder.encode(event(value, { inside: value }))).toEqual(['2["x",{"once":true},{"inside":{"once":true}}]']);
    expect(keys).toEqual(["1", "inside"]);
  });

  it("asks a BigInt that was taught JSON", () => {
    const prototype = BigInt.prototype as { toJSON?: () => string };
    prototype.toJSON = function (this: bigint) {
      return `${this}n`;
    };
    try {
      expect(encoder.encode(event(5n, [6n]))).toEqual(['2["x","5n",["6n"]]']);
    } finally {
      delete prototype.toJSON;
    }
  });

  it("takes a Blob for bytes", () => {
    const blob = new Blob(["bytes"]);
    expect(encoder.encode(event(blob))).toEqual(['51-["x",{"_placeholder":true,"num":0}]', blob]);
  });

  it("shares shared objects", () => {
    const shared = { a: 1 };
    expect(encoder.encode(event(shared, [shared, shared], Uint8Array.of(1)))[0]).toContain('{"a":1},[{"a":1},{"a":1}]');
  });

  it("writes down what lies as deep as a decoder takes, and no deeper", () => {
    const nested = (levels: number): unknown => {
      let value: unknown = Uint8Array.of(1);
      for (let i = 0; i < levels; i++) {
        value = [value];
      }
      return value;
    };
    const chunks = encoder.encode(event(nested(998)));
    const decoder = new Decoder();
    expect(chunks.map((chunk) => decoder.decode(chunk))[1]).toBeDefined();
    expect(() => encoder.encode(event(nested(999)))).toThrow("too deep");
  });

  it("names the path of what cannot be written down", () => {
    const circle: Record<string, unknown> = { list: [1, {}] };
    (circle.list as unknown[])[1] = { back: circle };
    expect(() => encoder.encode(event(circle))).toThrow(
      "cannot encode packet: circular reference at data.1.list.1.back",
    );
    expect(() => encoder.encode(event(0, { deep: [1n] }))).toThrow("cannot encode packet: BigInt at data.2.deep.0");
    expect(() => encoder.encode({ type: 0, nsp: "/", data: circle })).toThrow("circular reference at data.list.1.back");
    expect(() => encoder.encode({ type: 4, nsp: "/", data: { data: 1n } })).toThrow("BigInt at data.data");
  });

  it("keeps the cause of an error that is not its own", () => {
    const cause = new RangeError("from a getter");
    const value = {
      get trap(): unknown {
        throw cause;
      },
    };
    for (const args of [[value], [value, Uint8Array.of(1)]]) {
      expect(() => encoder.encode(event(...args))).toThrow(
        expect.objectContaining({ cause, code: "ERR_SOCKEYE_PARSER_UNSERIALIZABLE" }),
      );
    }
    expect(() => encoder.encode(undefined as never)).toThrow(UnserializableError);
    expect(() => encoder.encode({ type: 2, nsp: "/" } as never)).toThrow(UnserializableError);
  });
});

describe("replacer", () => {
  const replacer = (_key: string, value: unknown): unknown =>
    typeof value === "bigint" ? { big: String(value) } : value instanceof Map ? [...value] : value;
  const encoder = new Encoder(replacer);

  it("sees what JSON.stringify would show it", () => {
    const args = [1n, new Map([["a", 1n]]), { nested: [2n] }, undefined];
    expect(encoder.encode(event(...args))).toEqual([`2${JSON.stringify(["x", ...args], replacer)}`]);
  });

  it("sees the same beside bytes, and never the bytes", () => {
    const seen: unknown[] = [];
    const watching = new Encoder((key, value) => {
      seen.push(value);
      return replacer(key, value);
    });
    const bytes = Uint8Array.of(1);
    expect(watching.encode(event(1n, new Map([["a", bytes]])))).toEqual([
      '51-["x",{"big":"1"},[["a",{"_placeholder":true,"num":0}]]]',
      bytes,
    ]);
    expect(seen).not.toContain(bytes);
  });

  it("is called with the holder, from the root on", () => {
    const calls: [unknown, string][] = [];
    const args = [{ a: 1 }];
    new Encoder(function (key, value) {
      calls.push([this, key]);
      return value;
    }).encode(event(...args));
    expect(calls.map(([, key]) => key)).toEqual(["", "0", "1", "a"]);
    expect(calls[3]?.[0]).toBe(args[0]);
  });

  it("applies to the payloads of connections too", () => {
    expect(encoder.encode({ type: 0, nsp: "/", data: { id: 5n } })).toEqual(['0{"id":{"big":"5"}}']);
  });
});

describe("withOffset", () => {
  it("appends to the text, and shares the attachments", () => {
    const encoder = new Encoder();
    const bytes = Uint8Array.of(1);
    const encoded = encoder.encode({ type: 2, nsp: "/a", data: ["x", bytes], id: 3 });
    const spliced = encoder.withOffset(encoded, 'o"');
    expect(spliced[0]).toBe('51-/a,3["x",{"_placeholder":true,"num":0},"o\\""]');
    expect(spliced[1]).toBe(bytes);
    expect(encoded[0]).toBe('51-/a,3["x",{"_placeholder":true,"num":0}]');
  });
});
