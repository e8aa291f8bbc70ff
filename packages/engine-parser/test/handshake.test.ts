import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHandshake, EngineProtocolViolation, encodeHandshake, type Handshake } from "../src/index.js";

const handshake: Handshake = {
  sid: "lv_VI97HAXpY6yYWAAAC",
  upgrades: ["websocket", "webtransport"],
  pingInterval: 25_000,
  pingTimeout: 20_000,
  maxPayload: 1_000_000,
};
const json =
  '{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket","webtransport"],' +
  '"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}';

describe("encodeHandshake", () => {
  it("writes the keys in the order of the protocol, and only those", () => {
    const { maxPayload, ...rest } = handshake;
    expect(encodeHandshake({ maxPayload, ...rest, secret: 1 } as Handshake)).toBe(json);
  });

  it("writes what JSON.stringify would, whatever the application put in", () => {
    const amount = fc.oneof(fc.double(), fc.nat(), fc.constant(Number.POSITIVE_INFINITY));
    const any = fc.record({
      sid: fc.string({ unit: "binary" }),
      upgrades: fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
      pingInterval: amount,
      pingTimeout: amount,
      maxPayload: amount,
    });
    fc.assert(
      fc.property(any, (given) => {
        const { sid, upgrades, pingInterval, pingTimeout, maxPayload } = given;
        const plain = JSON.stringify({ sid, upgrades, pingInterval, pingTimeout, maxPayload });
        expect(encodeHandshake(given)).toBe(plain);
      }),
    );
  });
});

describe("decodeHandshake", () => {
  it("reads what encodeHandshake wrote", () => {
    expect(decodeHandshake(json)).toEqual(handshake);
  });

  it("leaves out keys it does not know", () => {
    const text = JSON.stringify({ ...handshake, extra: { a: 1 } });
    expect(decodeHandshake(text)).toEqual(handshake);
    expect(Object.getPrototypeOf(decodeHandshake(`{"__proto__":{"evil":1},${json.slice(1)}`))).toBe(Object.prototype);
  });

  it.each([[{ ...handshake, maxPayload: undefined }], [{ ...handshake, maxPayload: Infinity }]])(
    "takes a server without a limit",
    (unlimited) => {
      expect(decodeHandshake(JSON.stringify(unlimited))).toEqual({ ...handshake, maxPayload: Infinity });
    },
  );

  it("takes zeros, fractions and no upgrades", () => {
    const odd = { ...handshake, upgrades: [], pingInterval: 0.5, pingTimeout: 0, maxPayload: 0 };
    expect(decodeHandshake(encodeHandshake(odd))).toEqual(odd);
  });

  const badFields: readonly [keyof Handshake, string][] = [
    ["sid", '""'],
    ["sid", "1"],
    ["sid", "null"],
    ["sid", '["a"]'],
    ["upgrades", '"websocket"'],
    ["upgrades", "null"],
    ["upgrades", '{"length":0}'],
    ["upgrades", "[1]"],
    ["upgrades", '["websocket",null]'],
    ["pingInterval", "-1"],
    ["pingInterval", '"25000"'],
    ["pingInterval", "null"],
    ["pingInterval", "1e999"],
    ["pingTimeout", "-0.1"],
    ["pingTimeout", "[]"],
    ["pingTimeout", "true"],
    ["maxPayload", "-1"],
    ["maxPayload", '"1e6"'],
    ["maxPayload", "1e999"],
    ["maxPayload", "false"],
  ];
  it.each(badFields)("refuses %s: %s", (key, value) => {
    const text = json.replace(new RegExp(`"${key}":(\\[[^\\]]*\\]|[^,}]+)`), `"${key}":${value}`);
    expect(text).toContain(`"${key}":${value}`);
    expect(decodeHandshake(text)).toMatchObject({
      name: "EngineProtocolViolation",
      code: "ERR_SOCKEYE_ENGINE_PARSER_INVALID_HANDSHAKE",
    });
  });

  it.each([["sid"], ["upgrades"], ["pingInterval"], ["pingTimeout"]] as const)("refuses a body without %s", (key) => {
    expect(decodeHandshake(JSON.stringify({ ...handshake, [key]: undefined }))).toBeInstanceOf(EngineProtocolViolation);
  });

  it.each([
    [undefined],
    [null],
    [""],
    ["null"],
    ["1"],
    ['"sid"'],
    ["[]"],
    ["{}"],
    ["{"],
    [handshake],
    [Buffer.from(json)],
    [new ArrayBuffer(2)],
    ["[".repeat(100_000)],
  ])("refuses what is no handshake (case %#)", (body) => {
    expect(decodeHandshake(body)).toBeInstanceOf(EngineProtocolViolation);
  });

  // Invariant: anything at all is a handshake or a violation, also with the text cut at every character.
  it("takes anything", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(decodeHandshake(value)).toBeInstanceOf(EngineProtocolViolation);
      }),
    );
    for (let end = 0; end < json.length; end++) {
      expect(decodeHandshake(json.slice(0, end))).toBeInstanceOf(EngineProtocolViolation);
    }
  });
});
