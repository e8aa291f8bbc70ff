import { describe, expect, it } from "vitest";
import { slotOf } from "../../src/clients/slot.js";

// What `CLUSTER KEYSLOT` answers.
describe("the slot of a key", () => {
  it.each([
    ["", 0],
    ["123456789", 12739],
    ["foo", 12182],
    ["socket.io", 9972],
    ["é", 10180],
  ])("%j is in %i", (key, slot) => expect(slotOf(key)).toBe(slot));

  it("is that of the part in the first braces, if it is not empty", () => {
    expect(slotOf("{foo}.bar")).toBe(slotOf("foo"));
    expect(slotOf("a{foo}{bar}")).toBe(slotOf("foo"));
    expect(slotOf("{}foo")).not.toBe(slotOf("foo"));
    expect(slotOf("{}foo")).toBe(slotOf("{}foo"));
    expect(slotOf("{foo")).not.toBe(slotOf("foo"));
  });
});
