import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOffset, parseOffset, tagOf } from "../../../src/cluster/recovery/offset.js";

const tag = tagOf("/");
const epoch = fc.stringMatching(/^[0-9a-z]{1,12}$/);
const number = fc.integer({ min: 1, max: 36 ** 10 - 1 });

describe("offsets of a cluster", () => {
  it("come back as they were written", () => {
    fc.assert(
      fc.property(epoch, number, fc.option(number, { nil: undefined }), (name, shared, own) => {
        const offset = parseOffset(tag, formatOffset(tag, { epoch: name, number: shared }, own));
        expect(offset).toEqual(own === undefined ? { epoch: name, shared } : { epoch: name, shared, private: own });
      }),
    );
  });

  it.each([
    "",
    tag,
    `${tag}a`,
    `${tag}a.`,
    `${tag}.1`,
    `${tag}a.1~`,
    `${tag}a.1~1~1`,
    "a.1",
    `${tag}A.1`,
    `${tag}a.-1`,
  ])("refuse %j", (reported) => {
    expect(parseOffset(tag, reported)).toBeUndefined();
  });

  it("never throw, whatever a peer reports", () => {
    fc.assert(
      fc.property(fc.string(), (reported) => void [parseOffset(tag, reported), parseOffset(tag, tag + reported)]),
    );
  });

  it("have a tag that follows from the namespace, and differs between namespaces", () => {
    const names = ["/", "/chat", "/chats", "/a", "/b", `/${"x".repeat(300)}`, "/日本"];
    const tags = names.map(tagOf);
    expect(tags).toEqual(names.map(tagOf));
    expect(new Set(tags).size).toBe(names.length);
    for (const one of tags) expect(one).toMatch(/^~[\w-]{6}$/);
    // Nodes of all versions have to agree on it.
    expect(tagOf("/")).toBe("~twJlcD");
  });
});
