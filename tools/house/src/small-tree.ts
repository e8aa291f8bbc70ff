/**
 * A workspace of a few lines in a temporary folder: files by path, packages linked where `@sockeye/...` finds them, as
 * pnpm links them. For showing what a rule says about it.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface SmallTree {
  readonly folder: string;
  remove(): void;
}

const entry = { ".": { "sockeye-source": "./src/index.ts", default: "./dist/index.js" } };

/** What a package of the small tree declares, beside what each of them does. */
function manifest(name: string) {
  return JSON.stringify({
    name: `@sockeye/${name}`,
    type: "module",
    exports: entry,
    imports: { "#platform": { node: "./src/platform/node.ts", default: "./src/platform/browser.ts" } },
    dependencies: { ws: "^8.0.0" },
    devDependencies: { vitest: "^4.0.0" },
  });
}

export function smallTree(files: Record<string, string>): SmallTree {
  const folder = mkdtempSync(join(tmpdir(), "sockeye-house-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write("package.json", JSON.stringify({ name: "small-tree", devDependencies: { vitest: "^4.0.0" } }));
  write("node_modules/ws/package.json", JSON.stringify({ name: "ws", main: "index.js" }));
  write("node_modules/ws/index.js", "export {};");
  write("node_modules/vitest/package.json", JSON.stringify({ name: "vitest", main: "dist/index.js" }));
  write("node_modules/vitest/dist/index.js", "export {};");

  const names = new Set(Object.keys(files).map((path) => path.split("/").slice(0, 2).join("/")));
  mkdirSync(join(folder, "node_modules/@sockeye"), { recursive: true });
  for (const place of names) {
    const name = place.split("/")[1] ?? place;
    write(`${place}/package.json`, manifest(name));
    symlinkSync(join(folder, place), join(folder, "node_modules/@sockeye", name), "dir");
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
