import { describe, expect, it } from "vitest";
import { isPacketValid, RESERVED_EVENTS } from "../src/index.js";

describe("isPacketValid", () => {
  it("takes a packet of each type", () => {
    for (const packet of [
      { type: 0, nsp: "/" },
      { type: 0, nsp: "/", data: {} },
      { type: 1, nsp: "/" },
      { type: 2, nsp: "/", data: ["x"], id: 1 },
      { type: 2, nsp: "/", data: [5] },
      { type: 3, nsp: "/", data: [], id: 1 },
      { type: 4, nsp: "/", data: { message: "x" } },
      { type: 4, nsp: "/", data: "x" },
      { type: 5, nsp: "/", data: ["x", Uint8Array.of(1)] },
      { type: 6, nsp: "/", data: [Uint8Array.of(1)], id: 1 },
    ]) {
      expect(isPacketValid(packet)).toBe(true);
    }
  });

  it("refuses everything else", () => {
    for (const packet of [
      undefined,
      null,
      [],
      "2",
      {},
      { type: 7, nsp: "/" },
      { type: -1, nsp: "/" },
      { type: 0.5, nsp: "/" },
      { type: "2", nsp: "/", data: ["x"] },
      { type: 0, nsp: 1 },
      { type: 0, nsp: "/", data: null },
      { type: 0, nsp: "/", id: 1 },
      { type: 1, nsp: "/", data: {} },
      { type: 2, nsp: "/", data: [] },
      { type: 2, nsp: "/", data: ["x"], id: "1" },
      { type: 2, nsp: "/", data: ["x"], id: -1 },
      { type: 2, nsp: "/", data: ["x"], id: 2 ** 53 },
      { type: 3, nsp: "/", data: [] },
      { type: 4, nsp: "/" },
      { type: 4, nsp: "/", data: 5 },
      ...[...RESERVED_EVENTS].map((name) => ({ type: 2, nsp: "/", data: [name] })),
    ]) {
      expect(isPacketValid(packet)).toBe(false);
    }
  });
});

it("RESERVED_EVENTS are the six life-cycle events", () => {
  expect([...RESERVED_EVENTS].sort()).toEqual([
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
  ]);
});
