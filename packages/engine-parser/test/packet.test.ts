import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { isBinaryData, PACKET_TYPES } from "../src/index.js";

describe("PACKET_TYPES", () => {
  it("stand at the place of their digit", () => {
    expect(PACKET_TYPES).toEqual(["open", "close", "ping", "pong", "message", "upgrade", "noop"]);
  });
});

describe("isBinaryData", () => {
  const binaries = {
    ArrayBuffer: new ArrayBuffer(2),
    Buffer: Buffer.from("a"),
    DataView: new DataView(new ArrayBuffer(2)),
    Float64Array: new Float64Array(1),
    "ArrayBuffer of another realm": runInNewContext("new ArrayBuffer(2)"),
    "Uint8Array of another realm": runInNewContext("new Uint8Array(2)"),
  };
  it.each(Object.entries(binaries))("takes a %s", (_, value) => {
    expect(isBinaryData(value)).toBe(true);
  });

  it.each([["a string"], [1], [null], [undefined], [[1, 2]], [{ byteLength: 2 }], [{}]])(
    "does not take %j",
    (value) => {
      expect(isBinaryData(value)).toBe(false);
    },
  );
});
