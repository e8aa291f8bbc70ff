import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrayOf, Batch, valuesOfOne } from "../../src/native/batch.js";
import { HEADER_BYTES } from "../../src/native/notification.js";
import { type EnvelopeParcel, envelopeParcel, gapParcel } from "../../src/native/parcel.js";

const kept = (channel: string, ...bytes: number[]) => envelopeParcel(channel, Uint8Array.from(bytes), true);

function valuesOf(items: readonly EnvelopeParcel[], threshold = 7_800) {
  const batch = new Batch("0123456789abcdef", threshold);
  for (const item of items) batch.add(item);
  return batch.values();
}

describe("a batch", () => {
  it("makes a row of each message and one notification for several", () => {
    expect(valuesOf([kept("a", 1), kept("a", 2, 3)])).toEqual([
      Buffer.from([1, 2, 3]),
      '{"a","a"}',
      "{1,2}",
      "{1,2}",
      "{1,2}",
      "1;0123456789abcdef;",
      '{"a"}',
      '{"1;;AQ==,AgM="}',
    ]);
  });

  it("keeps the order across channels", () => {
    const values = valuesOf([kept("a", 1), kept("b", 2), kept("a", 3)]);
    expect(values[6]).toBe('{"a","b","a"}');
    expect(values[7]).toBe('{"1;;AQ==","2;;Ag==","3;;Aw=="}');
  });

  it("notifies of what is not kept without a row", () => {
    const values = valuesOf([{ ...kept("a", 1), isKept: false }, kept("b", 2)]);
    expect(values.slice(1, 5)).toEqual(['{"b"}', "{2}", "{1}", "{1}"]);
    expect(values[7]).toBe('{"1;;AQ==","2;;Ag=="}');
  });

  it("refers to what does not fit, and keeps it in any case", () => {
    const values = valuesOf([envelopeParcel("a", new Uint8Array(6_000), false)]);
    expect(values[4]).toBe("{6000}");
    expect(values[7]).toBe('{"1;;@6000"}');
  });

  it("tells of what was dropped", () => {
    const values = valuesOf([gapParcel("a")]);
    expect([values[4], values[7]]).toEqual(["{-1}", '{"1;;!"}']);
  });

  // Invariant: no notification is larger than the threshold (unless a reference alone is), with the longest header there may be.
  it("stays below the threshold in bytes", () => {
    const message = fc.record({ channel: fc.constantFrom("a", "b"), size: fc.integer({ min: 0, max: 3_000 }) });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), fc.integer({ min: 200, max: 7_900 }), (messages, threshold) => {
        const items = messages.map(({ channel, size }) => envelopeParcel(channel, new Uint8Array(size), true));
        const bodies = String(valuesOf(items, threshold)[7]).slice(2, -2).split('","');
        // Offset, place and their semicolons are among the bytes of the header.
        for (const body of bodies) {
          expect(HEADER_BYTES + body.slice(body.lastIndexOf(";") + 1).length).toBeLessThanOrEqual(threshold);
        }
      }),
    );
  });
});

it("an array survives quotes and backslashes", () => {
  expect(arrayOf(['a"b', "c\\d", ""])).toBe('{"a\\"b","c\\\\d",""}');
});

describe("one message", () => {
  const sender = "0123456789abcdef";

  it("goes with a statement of its own, its bytes once", () => {
    expect(valuesOfOne(sender, kept("a", 1, 2, 3), 7_800)).toEqual([sender, "a", "AQID"]);
  });

  it("goes with that for many when it is not kept, was dropped, has no bytes, or is too large for its notification", () => {
    for (const item of [{ ...kept("a", 1), isKept: false }, gapParcel("a"), kept("a")]) {
      expect(valuesOfOne(sender, item, 7_800)).toBeUndefined();
    }
    const bytes = new Uint8Array(300);
    const threshold = HEADER_BYTES + 400;
    expect(valuesOfOne(sender, envelopeParcel("a", bytes, true), threshold)?.[2]).toHaveLength(400);
    expect(valuesOfOne(sender, envelopeParcel("a", bytes, true), threshold - 1)).toBeUndefined();
  });
});
