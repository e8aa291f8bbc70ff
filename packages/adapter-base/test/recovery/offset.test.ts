import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTag, formatOffset, parseOffset } from "../../src/recovery/offset.js";

const TAG = "~AbC-_9";

describe("offset", () => {
  it("has a tag of its own for each log", () => {
    expect(createTag()).toMatch(/^~[\w-]{6}$/);
    expect(createTag()).not.toBe(createTag());
  });

  it("is written short", () => {
    expect(formatOffset(TAG, 36)).toBe(`${TAG}10`);
    expect(formatOffset(TAG, 0, 35)).toBe(`${TAG}0~z`);
  });

  it("survives the way to a peer and back", () => {
    const position = fc.nat({ max: 36 ** 10 - 1 });
    fc.assert(
      fc.property(position, position, (shared, own) => {
        expect(parseOffset(TAG, formatOffset(TAG, shared, own))).toEqual(
          own === 0 ? { shared } : { shared, private: own },
        );
      }),
    );
  });

  it.each([
    "",
    "~",
    TAG,
    `${TAG}-1`,
    `${TAG}1.5`,
    `${TAG}A`,
    `${TAG}1~`,
    `${TAG}~1`,
    `${TAG}1~1~1`,
    `${TAG} 1`,
    `${TAG}1\n`,
  ])("is not %j", (reported) => {
    expect(parseOffset(TAG, reported)).toBeUndefined();
  });

  // Invariant: whatever a peer reports, the outcome is undefined or safe integers from 0 on.
  it("never comes out as anything but integers", () => {
    const digits = fc.string({ unit: fc.constantFrom(..."09az~ -.eA\n"), maxLength: 24 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          digits.map((text) => TAG + text),
        ),
        (reported) => {
          const offset = parseOffset(TAG, reported);
          const numbers = offset === undefined ? [] : [offset.shared, offset.private ?? 0];
          expect(numbers.every((n) => Number.isSafeInteger(n) && n >= 0)).toBe(true);
        },
      ),
    );
  });
});
