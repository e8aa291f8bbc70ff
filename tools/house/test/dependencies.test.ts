import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../src/broken-rules.js";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

const folders = readdirSync(join(repository, "packages"));
const read = (path: string) => readFileSync(join(repository, path), "utf8");
const dependencies = folders.flatMap((folder) => {
  const manifest = JSON.parse(read(`packages/${folder}/package.json`)) as Manifest;
  return Object.entries(manifest.dependencies ?? {});
});

describe("runtime dependencies", () => {
  it("of other people stand in docs/dependencies.md, and no others do", () => {
    const listed = [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
    const used = new Set(dependencies.map(([name]) => name).filter((name) => !name.startsWith("@sockeye/")));
    expect(listed.sort()).toEqual([...used].sort());
  });

  it("on each other are on the workspace", () => {
    const ours = dependencies.filter(([name]) => name.startsWith("@sockeye/"));
    expect(ours.filter(([, range]) => range !== "workspace:^")).toEqual([]);
  });
});
