import type { Channel } from "@sockeye/adapter-base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { channelName, checkChannelPrefix, checkTableName, namesOf, quoted } from "../src/names.js";

const all = (namespace: string): Channel => ({ kind: "all", namespace });
const code = "ERR_SOCKEYE_POSTGRES_OPTION";

describe("the name of a channel", () => {
  it("can be read where it may be", () => {
    expect(channelName("sockeye", { kind: "cluster" })).toBe("sockeye#cluster");
    expect(channelName("sockeye", all("/chat"))).toBe("sockeye#all#/chat");
    expect(channelName("sockeye", { kind: "node", node: "0123456789abcdef" })).toBe("sockeye#node#0123456789abcdef");
    expect(channelName("sockeye", { kind: "rooms", namespace: "/", partition: 7 })).toBe("sockeye#rooms#7#/");
  });

  it.each(['/"; DROP TABLE users; --', "/'", "/a b", "/é", "/😀", "/\0", `/${"n".repeat(300)}`, "/a\\b", "/~"])(
    "is a hash where it may not: %j",
    (namespace) => {
      expect(channelName("sockeye", all(namespace))).toMatch(/^sockeye#~[0-9a-f]{32}$/);
    },
  );

  // Invariant: whatever a client calls a namespace, PostgreSQL takes the name, whole, and two namespaces have two names.
  it("is plain ASCII of at most 63 bytes, and different for different namespaces", () => {
    const name = fc
      .array(fc.integer({ max: 0xffff, min: 0 }), { maxLength: 80 })
      .map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [one, two] = [channelName("p".repeat(29), all(a)), channelName("p".repeat(29), all(b))];
        expect(one).toMatch(/^[!-~]{1,63}$/);
        expect(one).not.toMatch(/["'\\;]/);
        expect(one === two).toBe(a === b);
      }),
    );
  });
});

describe("names of tables", () => {
  it("are quoted, with their schema", () => {
    expect(namesOf("sockeye").messages).toBe('"sockeye_messages"');
    expect(namesOf("real.time").life).toBe('"real"."time_life"');
    expect(quoted('a"b')).toBe('"a""b"');
    expect(namesOf('x"; DROP TABLE y; --').state).toBe('"x""; DROP TABLE y; --_state"');
  });

  it.each(["", "a.b.c", "a\0b", "x".repeat(52), ".a", "a."])("may not be %j", (base) => {
    expect(() => checkTableName(base)).toThrow(expect.objectContaining({ code }));
  });

  it.each(["sockeye", "real.time", "Ünïcode", "with space", "x".repeat(51)])("may be %j", (base) => {
    expect(() => checkTableName(base)).not.toThrow();
  });

  it("prefixes of channels leave room for a hash", () => {
    expect(() => checkChannelPrefix("x".repeat(29))).not.toThrow();
    for (const prefix of ["x".repeat(30), "", "a\0"]) {
      expect(() => checkChannelPrefix(prefix)).toThrow(expect.objectContaining({ code }));
    }
  });
});
