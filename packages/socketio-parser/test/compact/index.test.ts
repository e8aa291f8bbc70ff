import { describe, expect, it } from "vitest";
import { Decoder, Encoder, parser } from "../../src/compact/index.js";
import { ParserError } from "../../src/index.js";

describe("compact", () => {
  it("writes the bytes of a Buffer, which has a toJSON, and those that a toJSON returns", () => {
    const buffer = Buffer.from("b");
    const bytes = Uint8Array.of(1);
    expect(new Encoder().encode({ type: 2, nsp: "/", data: ["x", buffer, { toJSON: () => bytes }] })).toEqual([
      '52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      buffer,
      bytes,
    ]);
  });

  it("lifts no bytes out of an auth payload, which cannot have attachments", () => {
    expect(new Encoder().encode({ type: 0, nsp: "/", data: { a: Uint8Array.of(1) } })).toEqual(['0{"a":{"0":1}}']);
  });

  it("throws its own error for a circle", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => new Encoder().encode({ type: 2, nsp: "/", data: ["x", circle] })).toThrow(ParserError);
  });

  it("comes to listeners until they are taken off", () => {
    const decoder = new Decoder();
    let heard = 0;
    const listener = (): void => {
      heard++;
    };
    decoder.on("decoded", listener);
    decoder.add('2["x"]');
    decoder.off("decoded", listener);
    decoder.add('2["x"]');
    expect(heard).toBe(1);
  });

  it("has the id of the codec whose wire it speaks", () => {
    expect(parser.id).toBe("json");
  });
});
