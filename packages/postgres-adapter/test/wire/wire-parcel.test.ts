import { describe, expect, it } from "vitest";
import { attachmentStatementsFor, NOTIFY_ALL } from "../../src/wire/attachments.js";
import { distinct, statementFor, wireParcel } from "../../src/wire/wire-parcel.js";

const message = (...event: [string, ...unknown[]]) =>
  ({ kind: "broadcast", origin: "0123456789abcdef", namespace: "/", rooms: [], except: [], flags: {}, event }) as const;
const statements = attachmentStatementsFor("socket_io_attachments");

describe("a message in the incumbent's words", () => {
  it("is a notification when it is small, and a row with a reference when it is large or has bytes", () => {
    const small = wireParcel("c", message("event", 1), 7_800);
    expect([JSON.parse(small.head).type, small.tail, small.attachment]).toEqual([3, "", undefined]);
    for (const content of ["x".repeat(8_000), Uint8Array.of(1)]) {
      const { head, tail, attachment } = wireParcel("c", message("event", content), 7_800);
      expect(JSON.parse(`${head}42${tail}`)).toEqual({ uid: "0123456789abcdef", type: 3, attachmentId: "42" });
      expect(attachment?.byteLength).toBeGreaterThan(0);
    }
  });

  it("goes without the table when no message of a turn needs it", () => {
    const small = [wireParcel("a", message("one"), 7_800), wireParcel("b", message('"two"'), 7_800)];
    const { statement, values } = statementFor(statements, small);
    expect([statement, values[0]]).toEqual([NOTIFY_ALL, '{"a","b"}']);
    const mixed = statementFor(statements, [...small, wireParcel("c", message("x", Uint8Array.of(9)), 7_800)]);
    expect(mixed.statement).toBe(statements.publish);
    expect(mixed.values[1]).toBe('{"a","b","c"}');
    expect(mixed.values[5]).toMatch(/^\{-1,-1,\d+\}$/);
  });

  // PostgreSQL delivers equal notifications of one transaction once.
  it("does not share a transaction with its like", () => {
    const [a, b] = [wireParcel("c", message("a"), 7_800), wireParcel("c", message("b"), 7_800)];
    expect([...distinct([a, b, a, a, b])].map((group) => group.length)).toEqual([2, 1, 2]);
    const large = wireParcel("c", message("x", Uint8Array.of(9)), 7_800);
    expect([...distinct([large, large])]).toHaveLength(1);
    expect([...distinct([])]).toEqual([]);
  });
});

describe("the incumbent's table", () => {
  it("is called as it is there, where names are not quoted", () => {
    expect(attachmentStatementsFor("Socket_IO").create).toContain('"socket_io"');
    expect(attachmentStatementsFor('x"; DROP TABLE y').create).toContain('"x""; DROP TABLE y"');
    expect(attachmentStatementsFor("Real.Time").fetch.text).toContain('"real"."time"');
  });
});
