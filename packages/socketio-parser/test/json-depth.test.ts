import fc from "fast-check";
import { expect, it } from "vitest";
import { nestsDeeperThan } from "../src/json-depth.js";
import { json } from "./arbitraries.js";

function depthOf(value: unknown): number {
  return typeof value === "object" && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map((member) => depthOf(member)))
    : 0;
}

// Invariant: for JSON text the answer is that of the parsed value; brackets in texts count for nothing.
it("agrees with the depth of the parsed value", () => {
  const bracketed = fc.oneof(
    json(false),
    fc.array(fc.constantFrom("[[[[", "}}", '"[', "\\[", '\\"[['), { maxLength: 6 }),
  );
  fc.assert(
    fc.property(bracketed, fc.nat({ max: 8 }), fc.nat({ max: 3 }), (value, max, indent) => {
      expect(nestsDeeperThan(max, JSON.stringify(value, null, indent))).toBe(depthOf(value) > max);
    }),
    { numRuns: 1000 },
  );
});

it("does not follow brackets that close at once", () => {
  expect(nestsDeeperThan(10, `[${"[],".repeat(1000)}[]]`)).toBe(false);
  expect(nestsDeeperThan(10, "[".repeat(100))).toBe(true);
});
