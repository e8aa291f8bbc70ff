/**
 * A project of somebody else: outside the workspace, with our packages installed from their tarballs by a package
 * manager, without a network. Other people's packages come from where this workspace has them installed.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Packed } from "./packed.js";
import { mustRun, repository } from "./programs.js";

/** The installed folder of a dependency, as `from` sees it. */
function installedFolder(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, "node_modules", name);
    if (existsSync(place)) return realpathSync(place);
    if (folder === dirname(folder)) throw new Error(`${name} is not installed for ${from}`);
  }
}

/** Third-party dependencies of `folder`, with theirs, by name; optional ones that are not installed are left out. */
function collectForeign(folder: string, into: Map<string, string>): void {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    if (name.startsWith("@sockeye/") || into.has(name)) continue;
    const place = installedFolder(name, folder);
    into.set(name, place);
    collectForeign(place, into);
  }
}

/** Installs `packages` (and what a TypeScript project on Node has) into `folder`. */
export function installConsumer(folder: string, packages: readonly Packed[]): void {
  const foreign = new Map<string, string>();
  for (const { short } of packages) collectForeign(join(repository, "packages", short), foreign);
  const ours = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const theirs = Object.fromEntries([...foreign].map(([name, place]) => [name, `file:${place}`]));
  const nodeTypes = installedFolder("@types/node", repository);
  const undiciTypes = installedFolder("undici-types", nodeTypes);

  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: "consumer",
    private: true,
    dependencies: ours,
    devDependencies: { "@types/node": `file:${nodeTypes}` },
    // Native helpers are optional for everyone who asks for them; a consumer must do without.
    pnpm: { overrides: { ...ours, ...theirs, "undici-types": `file:${undiciTypes}`, "msgpackr-extract": "-" } },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  mustRun(folder, "pnpm", ["install", "--offline", "--ignore-workspace", "--ignore-scripts", "--no-frozen-lockfile"]);
}
