import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PostgresViolation } from "../../src/errors.js";
import { inlineItem, inlineItemLength, parseNotification, referenceItem } from "../../src/native/notification.js";

const everybody = () => true;
const nobody = () => false;

describe("a notification", () => {
  it("says who, in which transaction, and what", () => {
    expect(parseNotification("1;0123456789abcdef;1234;1200;2;3;;AQI=,@9000,!", everybody)).toEqual({
      sender: "0123456789abcdef",
      xid: 1234,
      xmin: 1200,
      first: 5,
      items: [{ kind: "inline", base64: "AQI=" }, { kind: "reference", size: 9000 }, { kind: "gap" }],
    });
  });

  it("says where its messages stand in a recovery log", () => {
    expect(parseNotification("1;a;7;7;0;2;k3x.41;AQI=,@9000", everybody)).toMatchObject({
      first: 2,
      place: { epoch: "k3x", number: 41 },
    });
    expect(parseNotification("1;a;7;7;0;2;K.1;AQI=", everybody)).toBeInstanceOf(PostgresViolation);
  });

  it("may have no items, or one without bytes", () => {
    expect(parseNotification("1;a;1;1;0;1;;", everybody)).toMatchObject({ items: [] });
    expect(parseNotification("1;a;1;1;0;1;;AA==,=", everybody)).toMatchObject({
      items: [{ base64: "AA==" }, { kind: "inline", base64: "" }],
    });
  });

  it("is not read further when nobody wants its items", () => {
    expect(parseNotification("1;me;7;5;0;1;;garbage garbage", nobody)).toMatchObject({ xid: 7, xmin: 5, items: [] });
  });

  it("of a later version is none of our business", () => {
    expect(parseNotification("2;whatever", everybody)).toBeUndefined();
  });

  it.each([
    "",
    "hello",
    "{}",
    "1;",
    "1;a;b;1;0;1;;",
    "1;A;1;1;0;1;;",
    "1;a;1;1;0;1;;%%%",
    "1;a;1;1;0;1;;@",
    "1;a;1;1;0;1;;@-1",
    "1;a;1;1;0;1;;AAA",
    "1;a;1;1;0;1;;AA==,",
  ])("is refused when it is none: %j", (payload) => {
    expect(parseNotification(payload, everybody)).toBeInstanceOf(PostgresViolation);
  });

  // Invariant: whatever anybody notifies, it is understood, ignored or refused; nothing is thrown.
  it("is never thrown over", () => {
    const alphabet = fc.constantFrom("1", ";", ",", "a", "0", "@", "!", "=", "+", "é", "\n", '"');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(alphabet).map((parts) => parts.join("")),
        ),
        (payload) => {
          const parsed = parseNotification(payload, everybody);
          if (parsed === undefined || parsed instanceof PostgresViolation) return;
          expect(Number.isSafeInteger(parsed.first)).toBe(true);
        },
      ),
    );
  });

  it("brings any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const item = inlineItem(bytes);
        expect(item.length).toBe(inlineItemLength(bytes));
        const parsed = parseNotification(`1;a;1;1;0;1;;${item}`, everybody);
        if (parsed === undefined || parsed instanceof PostgresViolation) throw new Error("not understood");
        const [first] = parsed.items;
        expect([...Buffer.from((first as { base64: string }).base64, "base64")]).toEqual([...bytes]);
        expect(referenceItem(bytes)).toBe(`@${bytes.byteLength}`);
      }),
    );
  });
});
