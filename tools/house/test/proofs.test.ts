/** What the documents promise is proven by tests that exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../src/broken-rules.js";

const read = (path: string) => readFileSync(join(repository, path), "utf8");

/** Published advisories about servers and clients of this family, and about the WebSocket library under them. */
const ADVISORIES = [
  "CVE-2016-10518",
  "CVE-2016-10536",
  "CVE-2016-10542",
  "CVE-2017-16031",
  "CVE-2020-28481",
  "CVE-2020-36048",
  "CVE-2020-36049",
  "CVE-2021-31597",
  "CVE-2021-32640",
  "CVE-2022-21676",
  "CVE-2022-2421",
  "CVE-2022-41940",
  "CVE-2023-31125",
  "CVE-2023-32695",
  "CVE-2024-37890",
  "CVE-2024-38355",
  "CVE-2025-61765",
  "CVE-2026-33151",
  "CVE-2026-45736",
  "CVE-2026-48779",
  "CVE-2026-48802",
  "CVE-2026-48804",
  "CVE-2026-59725",
  "CVE-2026-69185",
  "GHSA-5v72-xg48-5rpm",
  "GHSA-gr94-w7qr-f4j3",
];

const tests = ["packages", "tools"].flatMap((group) =>
  readdirSync(join(repository, group), { recursive: true })
    .map((path) => `${group}/${path}`)
    .filter((path) => /(\.test\.ts|\/conformance\/.*\.ts)$/.test(path) && !/\/(node_modules|dist)\//.test(path)),
);

it("every published advisory is a test that has its name", () => {
  // In a title or a case's name, not in a comment or in this list.
  const titles = tests
    .filter((path) => !path.endsWith("proofs.test.ts"))
    .flatMap((path) => read(path).split("\n"))
    .filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line))
    .join("\n");
  expect(ADVISORIES.filter((advisory) => !titles.includes(advisory))).toEqual([]);
});

/** A coverage table, and the folder in which its tests are unless a path is given. */
const tables = [
  ["docs/api-coverage.md", "packages/socketio-server/test"],
  ["docs/api-coverage-client.md", "packages/client/test"],
] as const;

describe.each(tables)("%s", (document, folder) => {
  const rows = read(document)
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (what|---)/.test(line));

  /** Files that a row names, each with the titles that follow it. */
  function proofs(row: string): { path: string; titles: string[] }[] {
    const where = row.split(" | ").at(-1) ?? "";
    return [...where.matchAll(/`([\w./-]+\.test\.ts)`((?:,? "[^"]+")*)/g)].map(([, file, titles]) => ({
      path: file!.includes("/") ? file! : `${folder}/${file}`,
      titles: [...titles!.matchAll(/"([^"]+)"/g)].map(([, title]) => title!),
    }));
  }

  it("has rows, and each of them names its proof", () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((row) => proofs(row).length === 0 && !row.includes("the rows above"))).toEqual([]);
  });

  it("names tests that exist", () => {
    const missing: string[] = [];
    for (const { path, titles } of rows.flatMap(proofs)) {
      const source = existsSync(join(repository, path)) ? read(path) : "";
      if (source === "") missing.push(path);
      else missing.push(...titles.filter((title) => !source.includes(title)).map((title) => `${path}: ${title}`));
    }
    expect(missing).toEqual([]);
  });
});
