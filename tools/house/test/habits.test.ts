/** Habits that a text search can see (CONTRIBUTING.md, "How the code is written"). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repository } from "../src/broken-rules.js";

const files = ["packages", "tools"].flatMap((group) =>
  readdirSync(join(repository, group), { recursive: true })
    .map((path) => `${group}/${path}`)
    .filter((path) => /\.(ts|mjs|js)$/.test(path) && !/\/(node_modules|dist|client-dist)\//.test(path)),
);
const published = files.filter((path) => /^packages\/[^/]+\/src\//.test(path));

/** Lines of code (comments left out) in `among` that match, as `path:line`. */
function places(among: readonly string[], pattern: RegExp): string[] {
  return among.flatMap((path) =>
    readFileSync(join(repository, path), "utf8")
      .split("\n")
      .flatMap((line, index) => {
        const code = line.replace(/^\s*(\*|\/\*|\/\/).*/, "");
        return pattern.test(code) ? [`${path}:${index + 1}`] : [];
      }),
  );
}

it("there are sources to look at", () => {
  expect(published.length).toBeGreaterThan(50);
});

it("a file is a noun: no utils, helpers or misc among published sources", () => {
  expect(published.filter((path) => /\/(utils?|helpers?|misc|common)\.ts$/.test(path))).toEqual([]);
});

it("published code throws and rejects with classes that have a code", () => {
  // Conformance suites fail a test run and meet no user.
  const shipped = published.filter((path) => !path.includes("/src/conformance/"));
  expect(places(shipped, /\bnew (Error|TypeError|RangeError)\(/)).toEqual([]);
});

it("the type checker is switched off nowhere", () => {
  const off = new RegExp(`@ts-${"ignore"}|@ts-${"nocheck"}`);
  const found = files.filter((path) => off.test(readFileSync(join(repository, path), "utf8")));
  expect(found).toEqual([]);
});

it("every test runs", () => {
  const tests = files.filter((path) => /\.test\.(ts|mjs)$/.test(path));
  expect(places(tests, /\b(it|test|describe)\.(only|skip|todo)\b|\bx(it|describe)\(/)).toEqual([]);
});
