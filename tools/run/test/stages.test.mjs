import { describe, expect, it } from "vitest";
import { choose, stages } from "../stages.mjs";

/** @param {string[]} names @param {boolean} [alone] */
const chosen = (names, alone = false) => choose(names, alone).map(({ name }) => name);

describe("the choice of stages", () => {
  it("is all of them for no names", () => {
    expect(chosen([])).toEqual(stages.map(({ name }) => name));
  });

  it("brings along what is needed, in order", () => {
    expect(chosen(["demo"])).toEqual(["install", "services", "build", "demo"]);
    expect(chosen(["unit", "lint"])).toEqual(["install", "lint", "unit"]);
  });

  it("can be alone", () => {
    expect(chosen(["demo"], true)).toEqual(["demo"]);
  });

  it("needs only stages that come before", () => {
    for (const [index, { needs }] of stages.entries()) {
      for (const need of needs) expect(stages.slice(0, index).map(({ name }) => name)).toContain(need);
    }
  });
});
