/** Where things stand in this repository, found from this file and not from the caller's working directory. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The private folder of a run: logs and test reports. Ignored by git. */
export const scratch = join(root, ".tmp");

/** @param {string} path relative to the repository */
export function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** The folders of the published packages and of the private tools, as `packages/client`. */
export function workspaceFolders() {
  return ["packages", "tools"].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => `${group}/${name}`)
      .filter((folder) => existsSync(join(root, folder, "package.json")))
      .sort(),
  );
}

/**
 * Whether what is installed belongs to the lockfile that is checked out. The package manager keeps a copy of the
 * lockfile it installed from.
 */
export function isInstalled() {
  const copy = join(root, "node_modules", ".pnpm", "lock.yaml");
  return existsSync(copy) && readFileSync(copy, "utf8") === readFileSync(join(root, "pnpm-lock.yaml"), "utf8");
}

const notSources = new Set(["node_modules", "dist", "client-dist", "test"]);

/**
 * A digest of the names, sizes and times of all source files below `folders`: equal when nothing was touched.
 * @param {string[]} folders relative to the repository
 */
export function fingerprint(folders) {
  const hash = createHash("sha256").update(readFileSync(join(root, "pnpm-lock.yaml")));
  const visit = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (notSources.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) {
        const { size, mtimeMs } = statSync(path);
        hash.update(`${path}:${size}:${mtimeMs}\n`);
      }
    }
  };
  for (const folder of folders) visit(join(root, folder));
  return hash.digest("hex");
}
