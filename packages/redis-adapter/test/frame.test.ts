import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeFrame, encodeEnvelopes, encodeProbe } from "../src/frame.js";

const bytes = fc.uint8Array({ maxLength: 300 });

describe("a frame", () => {
  it("gives back the envelopes that went in, as plain bytes", () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 10 }), (envelopes) => {
        expect(decodeFrame(encodeEnvelopes(envelopes))).toEqual({ kind: "envelopes", envelopes });
      }),
    );
  });

  it("cut anywhere is none, unless it ends between two envelopes", () => {
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), (envelopes) => {
        const whole = encodeEnvelopes(envelopes);
        for (let end = 0; end < whole.byteLength; end++) {
          const frame = decodeFrame(whole.subarray(0, end));
          if (frame?.kind !== "envelopes") continue;
          expect(encodeEnvelopes(frame.envelopes)).toEqual(whole.subarray(0, end));
        }
      }),
    );
  });

  it("of the log has a position and one envelope, whatever is in it", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-z]{1,12}$/), fc.integer({ min: 1 }), bytes, (epoch, number, envelope) => {
        const frame = Buffer.concat([Buffer.from(`L${epoch}.${number}\n`), envelope]);
        expect(decodeFrame(frame)).toEqual({ kind: "logged", position: { epoch, number }, envelope });
      }),
    );
  });

  it.each(["L", "Lx.1", "L.1\n", "Lx.0\n", "Lx.-1\n", "LX.1\n", "Lx.1.2\n", `L${"x".repeat(13)}.1\n`, "Lx.1e3\n"])(
    "is none: %j",
    (text) => expect(decodeFrame(Buffer.from(text))).toBeUndefined(),
  );

  it("of a probe is text", () => {
    expect(decodeFrame(Buffer.from(encodeProbe("1.22")))).toEqual({ kind: "probe", text: "1.22" });
  });

  it("is decoded without an exception, whatever came", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (any) => void decodeFrame(Buffer.from(any))));
    const kinds = fc.constantFrom(0x45, 0x4c, 0x50);
    fc.assert(fc.property(kinds, bytes, (kind, rest) => void decodeFrame(Buffer.from([kind, ...rest]))));
  });
});
