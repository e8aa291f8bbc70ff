import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { root, scratch } from "../repository.mjs";

/** @type {string[]} */
const folders = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder below the repository, so that it finds the base. @param {Record<string, string>} files */
function folder(files) {
  mkdirSync(scratch, { recursive: true });
  const path = mkdtempSync(join(scratch, "types-"));
  folders.push(path);
  const config = { extends: "../../tsconfig.base.json", compilerOptions: { lib: ["ES2022"] }, include: ["*.ts"] };
  for (const [name, text] of Object.entries({ ...files, "tsconfig.json": JSON.stringify(config) })) {
    writeFileSync(join(path, name), text);
  }
  return path;
}

/** @param {string[]} paths */
function check(...paths) {
  const { status, stdout } = spawnSync(process.execPath, [join(root, "tools/run/check-types.mjs"), ...paths], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, lines: stdout.split("\n").filter(Boolean) };
}

it("finds what is wrong in any of the folders, each once", () => {
  const lower = folder({ "lower.ts": 'export const count: number = "one";\n' });
  const upper = folder({
    "upper.ts": `import { count } from "../${lower.split("/").at(-1)}/lower.js";\nexport const text: string = count;\n`,
  });
  const { status, lines } = check(lower, upper);
  expect(status).toBe(1);
  expect(lines).toEqual([
    expect.stringMatching(/lower\.ts\(1,14\): error TS2322/),
    expect.stringMatching(/upper\.ts\(2,14\): error TS2322/),
  ]);
});

it("checks what a folder imports from where nobody else answers for it", () => {
  const lower = folder({ "lower.ts": 'export const count: number = "one";\n' });
  const upper = folder({ "upper.ts": `export { count } from "../${lower.split("/").at(-1)}/lower.js";\n` });
  const { status, lines } = check(upper);
  expect(status).toBe(1);
  expect(lines).toEqual([expect.stringMatching(/lower\.ts\(1,14\): error TS2322/)]);
});

it("says nothing where nothing is wrong", () => {
  expect(check(folder({ "fine.ts": "export const one: number = 1;\n" }))).toEqual({ status: 0, lines: [] });
});
