import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rotateMask, unmask } from "../../src/websocket/unmask.js";

const mask = fc.oneof(fc.constantFrom(0, -1, 1, 0x7fff_ffff), fc.integer());

/** RFC 6455, 5.3, word for word. */
function byTheBook(payload: Uint8Array, key: number): number[] {
  const bytes = [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
  return Array.from(payload, (byte, i) => byte ^ bytes[i % 4]!);
}

describe("unmask", () => {
  // Invariant: in any place of any memory, exactly the payload changes, and as the RFC says; bit 7 of the result tells
  // whether it is plain ASCII now.
  it("does what the RFC says, at any offset and length", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 500, maxLength: 1_200 })),
        fc.nat(9),
        fc.nat(9),
        mask,
        fc.boolean(),
        (bytes, offset, before, key, ascii) => {
          const plain = ascii ? bytes.map((byte) => byte & 0x7f) : bytes;
          const memory = new Uint8Array(offset + before + plain.length + 5).fill(0xa5);
          const view = memory.subarray(offset);
          view.set(byTheBook(plain, key), before);
          const seen = unmask(view, before, before + plain.length, key);
          expect(view.subarray(before, before + plain.length)).toEqual(plain);
          expect((seen & 0x80) !== 0).toBe(plain.some((byte) => byte > 0x7f));
          expect(memory.subarray(0, offset + before).every((byte) => byte === 0xa5)).toBe(true);
          expect(memory.subarray(offset + before + plain.length).every((byte) => byte === 0xa5)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("goes on in the middle with a rotated key", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), mask, (payload, cut, key) => {
        const masked = Uint8Array.from(byTheBook(payload, key));
        const at = Math.min(cut, masked.length);
        unmask(masked, 0, at, key);
        unmask(masked, at, masked.length, rotateMask(key, at));
        expect(masked).toEqual(payload);
      }),
    );
  });
});
