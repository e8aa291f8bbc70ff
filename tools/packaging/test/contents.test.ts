import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { repository } from "../src/programs.js";

const packages = inject("packages");
const licence = readFileSync(join(repository, "LICENSE"), "utf8");

describe.each(packages)("the tarball of $name", ({ files, folder, manifest }) => {
  it("holds built files, sources, a readme and the licence", () => {
    const built = ["dist/index.js", "dist/index.cjs", "dist/index.d.ts", "dist/index.d.cts"];
    const missing = ["LICENSE", "README.md", "package.json", "src/index.ts", ...built].filter(
      (file) => !files.includes(file),
    );
    expect(missing).toEqual([]);
    expect(readFileSync(join(folder, "LICENSE"), "utf8")).toBe(licence);
  });

  it("holds nothing else", () => {
    const expected =
      /^(dist|client-dist|src)\/|^(LICENSE|README\.md|CHANGELOG\.md|((compact|msgpack|websocket)\/)?package\.json)$/;
    const strange = files.filter(
      (file) => !expected.test(file) || /(^|\/)(test|fixtures|__tests__)\/|\.test\.|\.tgz$/.test(file),
    );
    expect(strange).toEqual([]);
  });

  it("has a source map beside every built script", () => {
    const scripts = files.filter((file) => /^dist\/.*\.c?js$/.test(file));
    expect(scripts.filter((file) => !files.includes(`${file}.map`))).toEqual([]);
  });

  it("describes itself, and depends on versions and not on this workspace", () => {
    expect(manifest.license).toBe("MIT");
    expect(manifest.sideEffects).toBe(false);
    expect(manifest.engines).toEqual({ node: ">=20" });
    expect(manifest.description).toMatch(/\S/);
    const wanted = Object.values({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(wanted.filter((range) => !/^[\^~>=]*\d+\.\d+/.test(range))).toEqual([]);
  });

  it("tells nobody where it was built", () => {
    const leaks = files.filter((file) => readFileSync(join(folder, file), "utf8").includes(repository));
    expect(leaks).toEqual([]);
  });
});
