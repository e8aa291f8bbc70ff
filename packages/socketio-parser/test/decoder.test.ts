import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, Decoder, Encoder, type Packet, ParserViolation } from "../src/index.js";

const one = '51-["x",{"_placeholder":true,"num":0}]';
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

describe("decode", () => {
  it("makes all packets of one shape", () => {
    const decoder = new Decoder();
    for (const text of ["0", "1/a,", '2["x"]', "31[]", '4"no"']) {
      expect(Object.keys(decoder.decode(text) as Packet)).toEqual(["type", "nsp", "data", "id"]);
    }
  });

  it("hands attachments out as they came", () => {
    for (const chunk of [bytes(1), Buffer.from("a"), bytes(1).buffer, new DataView(bytes(1).buffer)]) {
      const decoder = new Decoder();
      decoder.decode(one);
      expect((decoder.decode(chunk) as { data: unknown[] }).data[1]).toBe(chunk);
    }
  });

  it("forgets an unfinished packet when it refuses something", () => {
    for (const refused of [10, '2["y"]']) {
      const decoder = new Decoder();
      decoder.decode(one);
      expect(decoder.pending).toBe(true);
      expect(() => decoder.decode(refused)).toThrow(ParserViolation);
      expect(decoder.pending).toBe(false);
      expect(decoder.decode('2["y"]')).toMatchObject({ data: ["y"] });
    }
  });

  it("blames the peer", () => {
    expect(() => new Decoder().decode("2")).toThrow(ParserViolation);
  });

  it("says what it got, whatever that is", () => {
    const message = (chunk: unknown): string => {
      try {
        return String(new Decoder().decode(chunk));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect([10, {}, [], null, undefined, Symbol("s"), Object.create(null)].map(message)).toEqual([
      "Unknown type: 10",
      "Unknown type: [object Object]",
      "Unknown type: [object Object]",
      "Unknown type: null",
      "Unknown type: undefined",
      "Unknown type: Symbol(s)",
      "Unknown type: [object Object]",
    ]);
  });
});

describe("limits", () => {
  it("hold by default", () => {
    expect(DEFAULT_LIMITS).toEqual({
      maxAttachments: 10,
      maxAttachmentBytes: 104_857_600,
      maxDepth: 1000,
      maxNamespaceLength: 1024,
    });
    const deep = (levels: number): string => `2["x",${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}]`;
    expect(new Decoder().decode(deep(1000))).toBeDefined();
    expect(() => new Decoder().decode(deep(1001))).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_PARSER_TOO_DEEP" }),
    );
  });

  it("hold where an option is undefined", () => {
    const decoder = new Decoder({ maxAttachments: undefined, maxDepth: undefined, maxNamespaceLength: undefined });
    expect(() => decoder.decode('511-["x"]')).toThrow("too many attachments");
    expect(() => decoder.decode(`2${"[".repeat(5000)}`)).toThrow("too deep");
  });

  it("count the bytes of one packet, not of the connection", () => {
    const decoder = new Decoder({ maxAttachmentBytes: 3 });
    for (let i = 0; i < 5; i++) {
      decoder.decode(one);
      expect(decoder.decode(bytes(1, 2, 3))).toBeDefined();
    }
    decoder.decode(one);
    expect(() => decoder.decode(bytes(1, 2, 3, 4))).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_PARSER_ATTACHMENTS_TOO_LARGE" }),
    );
    expect(decoder.pending).toBe(false);
  });

  it("count a Blob by its size", () => {
    const decoder = new Decoder({ maxAttachmentBytes: 3 });
    decoder.decode(one);
    expect(() => decoder.decode(new Blob(["four"]))).toThrow("attachments too large");
  });
});

describe("reviver", () => {
  const reviver = (_key: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && "big" in value ? BigInt(value.big as string) : value;

  it.each([
    ["alone", reviver],
    ["among the options", { reviver, maxDepth: 5 }],
  ])("is taken %s", (_how, options) => {
    const decoder = new Decoder(options);
    expect(decoder.decode('2["x",{"big":"5"}]')).toMatchObject({ data: ["x", 5n] });
    expect(decoder.decode('51-["x",{"big":"5"},{"_placeholder":true,"num":0}]')).toBeUndefined();
    expect(decoder.decode(bytes(1))).toMatchObject({ data: ["x", 5n, bytes(1)] });
  });

  it("undoes what a replacer did", () => {
    const encoder = new Encoder((_key, value) => (typeof value === "bigint" ? { big: String(value) } : value));
    const packet: Packet = { type: 2, nsp: "/", data: ["x", [1n, 2n]] };
    expect(new Decoder(reviver).decode(encoder.encode(packet)[0])).toMatchObject(packet);
  });

  it("ends in a violation when it throws", () => {
    const decoder = new Decoder(() => {
      throw new TypeError("from the reviver");
    });
    expect(() => decoder.decode('2["x"]')).toThrow(ParserViolation);
  });

  it("may build circles, which end", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const decoder = new Decoder((key, value) => (key === "circle" ? circle : value));
    expect(decoder.decode('51-["x",{"circle":1},{"_placeholder":true,"num":0}]')).toBeUndefined();
    expect(decoder.decode(bytes(1))).toMatchObject({ data: ["x", { circle }, bytes(1)] });
  });
});

describe("decoded", () => {
  it("comes to each listener, and to none that was taken off", () => {
    const decoder = new Decoder();
    const heard: string[] = [];
    const first = (): unknown => heard.push("first");
    const second = (): unknown => heard.push("second");
    decoder.on("decoded", first).on("decoded", second);
    decoder.add('2["x"]');
    decoder.off("decoded", first);
    decoder.add('2["x"]');
    decoder.removeListener("decoded", second);
    decoder.add('2["x"]');
    decoder.on("decoded", first).off();
    decoder.add('2["x"]');
    expect(heard).toEqual(["first", "second", "second"]);
  });

  it("lets a listener take itself off, and lets its error through", () => {
    const decoder = new Decoder();
    const heard: string[] = [];
    const once = (): void => {
      decoder.off("decoded", once);
      heard.push("once");
    };
    decoder.on("decoded", once).on("decoded", () => heard.push("always"));
    decoder.add('2["x"]');
    decoder.add('2["x"]');
    expect(heard).toEqual(["once", "always", "always"]);
    const trouble = new SyntaxError("from the listener");
    decoder.on("decoded", () => {
      throw trouble;
    });
    expect(() => decoder.add('2["x"]')).toThrow(trouble);
  });
});
