import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const table = readFileSync(new URL("../../../docs/api-coverage.md", import.meta.url), "utf8");
const rows = table.split("\n").filter((line) => line.startsWith("| ") && !/^\| (what|---)/.test(line));

describe("the coverage table", () => {
  it("names a test in every row, and each of them exists", () => {
    expect(rows.length).toBeGreaterThan(100);
    const missing: string[] = [];
    for (const row of rows) {
      const where = row.split(" | ").at(-1) ?? "";
      for (const [, file, title] of where.matchAll(/`([\w./-]+\.test\.ts)` "([^"]+)"/g)) {
        // A test of this package goes by its name, one of another room by its path from the root.
        const path = file!.includes("/") ? `../../../${file}` : `./${file}`;
        const source = readFileSync(new URL(path, import.meta.url), "utf8");
        if (!source.includes(title!)) missing.push(`${file}: ${title}`);
      }
      if (!/`[^`]+`|the rows above/.test(where)) missing.push(row);
    }
    expect(missing).toEqual([]);
  });
});
