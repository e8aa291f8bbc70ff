import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { replacePart } from "../src/report/page.js";
import { format } from "../src/report/table.js";
import { scenarios, scenariosOf } from "../src/scenarios/index.js";
import { targetGroups } from "../src/targets.js";

describe("a generated part", () => {
  const page = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n";

  it("is replaced, and the prose around it kept", () => {
    const once = replacePart(page, "x", "new");
    expect(once).toBe("a\n<!-- bench:x -->\nnew\n<!-- /bench:x -->\nb\n");
    expect(replacePart(once, "x", "new")).toBe(once);
  });

  it("is not written where there is no place for it", () => {
    expect(() => replacePart(page, "y", "new")).toThrow("no place for y");
  });

  it("has its place in docs/performance.md", () => {
    const real = readFileSync(new URL("../../../docs/performance.md", import.meta.url), "utf8");
    for (const name of ["circumstances", "targets", "slower", "failed", "tables"]) {
      expect(replacePart(real, name, "here")).toContain(`bench:${name} -->\nhere\n`);
    }
  });
});

describe("figures", () => {
  it.each([
    [1_234_567, "per CPU s", "1.23M"],
    [123_456, "per CPU s", "123k"],
    [2_098.4, "per CPU s", "2098"],
    [10_653, "bytes", "10653"],
    [0.158, "ms", "0.16"],
    [155.04, "ms", "155.0"],
  ] as const)("%d %s is %s", (figure, unit, text) => {
    expect(format(figure, unit)).toBe(text);
  });
});

describe("scenarios", () => {
  it("have names of their own", () => {
    const names = scenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("are chosen by name or family", () => {
    expect(scenariosOf(["echo-ack-1"]).map(({ name }) => name)).toEqual(["echo-ack-1"]);
    expect(scenariosOf(["echo-ack"]).map(({ name }) => name)).toEqual(["echo-ack-16", "echo-ack-1"]);
    expect(scenariosOf([])).toEqual(scenarios);
  });

  it("compare with something that is measured", () => {
    for (const { implementations, base } of scenarios) expect(implementations).toContain(base);
  });
});

it("targets are about scenarios, metrics and implementations that there are", () => {
  for (const { scenario: name, metric, of, over } of targetGroups.flatMap(({ targets }) => targets)) {
    const scenario = scenarios.find((candidate) => candidate.name === name);
    expect(
      scenario?.metrics.map(({ key }) => key),
      name,
    ).toContain(metric);
    for (const implementation of [of, over]) expect(scenario?.implementations, name).toContain(implementation);
  }
});
