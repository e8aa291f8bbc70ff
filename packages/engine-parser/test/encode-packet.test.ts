import { describe, expect, it } from "vitest";
import { type EnginePacket, encodePacket } from "../src/index.js";
import { packetVectors } from "./vectors.js";

describe("encodePacket", () => {
  it.each(packetVectors)("encodes $text", ({ packet, text }) => {
    expect(encodePacket(packet, false)).toBe(text);
  });

  it.each([
    ["ArrayBuffer", new Uint8Array([1, 2]).buffer],
    ["Uint8Array", new Uint8Array([1, 2])],
    ["Buffer", Buffer.from([1, 2])],
    ["DataView", new DataView(new ArrayBuffer(3))],
  ])("hands an %s on as it is where binary frames exist", (_, data) => {
    expect(encodePacket({ type: "message", data }, true)).toBe(data);
  });

  it("encodes only the part of the memory that a view shows", () => {
    const memory = new Uint8Array([9, 1, 2, 3, 4, 9]).buffer;
    for (const data of [new Uint8Array(memory, 1, 4), new DataView(memory, 1, 4), Buffer.from(memory, 1, 4)]) {
      expect(encodePacket({ type: "message", data }, false)).toBe("bAQIDBA==");
    }
    const wide = Uint16Array.from([0x0201, 0x0403]);
    expect(encodePacket({ type: "message", data: wide }, false)).toBe("bAQIDBA==");
  });

  it.each([[""], [null], [undefined], [0], [false]])("drops the data %j, as callers without types rely on", (data) => {
    expect(encodePacket({ type: "message", data } as EnginePacket, true)).toBe("4");
  });

  it("turns other data into text, as callers without types rely on", () => {
    expect(encodePacket({ type: "message", data: 42 } as unknown as EnginePacket, true)).toBe("442");
  });

  it.each([["error"], ["constructor"], ["__proto__"], [""], [undefined]])("refuses the type %j", (type) => {
    const packet = { type } as unknown as EnginePacket;
    expect(() => encodePacket(packet, true)).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_PARSER_INVALID_PACKET_TYPE", name: "EngineParserMisuse" }),
    );
  });

  it.each([[true], [false]])("refuses binary data in anything but a message (supportsBinary: %s)", (supportsBinary) => {
    expect(() => encodePacket({ type: "ping", data: new ArrayBuffer(1) }, supportsBinary)).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_PARSER_BINARY_NOT_MESSAGE" }),
    );
  });
});
