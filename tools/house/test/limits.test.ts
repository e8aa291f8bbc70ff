/** SECURITY.md tells people which limits there are: every option and every code that it names is in the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../src/broken-rules.js";

const sources = readdirSync(join(repository, "packages"), { recursive: true })
  .map(String)
  .filter((path) => /^[^/]+\/src\/.*\.ts$/.test(path))
  .map((path) => readFileSync(join(repository, "packages", path), "utf8"))
  .join("\n");

const rows = readFileSync(join(repository, "SECURITY.md"), "utf8")
  .split("## Limits")[1]
  ?.split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

const codeSpans = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

describe("the limits in SECURITY.md", () => {
  it("are a table of some length", () => {
    expect(rows?.length).toBeGreaterThan(30);
  });

  it.each(rows?.flatMap(([, options]) => codeSpans(options)) ?? [])("%s is an option", (option) => {
    const name = option.split(".").at(-1) ?? option;
    expect(new RegExp(`\\b${name}\\??:`).test(sources)).toBe(true);
  });

  const codes = rows?.flatMap((cells) => codeSpans(cells[3])).filter((span) => /^[A-Z_]+$/.test(span)) ?? [];
  it.each([...new Set(codes)])("%s is a code", (code) => {
    // Packages put their prefix before the last words of a code.
    const words = code.replace(/^ERR_SOCKEYE_(ENGINE_PARSER|ENGINE|PARSER|SERVER|CLIENT|ADAPTER)_/, "");
    expect(new RegExp(`\\b(ERR_SOCKEYE_[A-Z_]*)?${words}\\b`).test(sources)).toBe(true);
  });
});
