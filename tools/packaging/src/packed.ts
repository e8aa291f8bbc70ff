/** The published packages as the registry would get them: packed, and unpacked again to be looked at. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun, repository } from "./programs.js";

/** What of a package.json is looked at here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license?: string;
  readonly sideEffects?: boolean;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Packed {
  readonly name: string;
  /** Folder name, `client` of `@sockeye/client`. */
  readonly short: string;
  readonly tarball: string;
  /** Where the tarball was unpacked. */
  readonly folder: string;
  /** Paths in the tarball, relative to the package. */
  readonly files: readonly string[];
  readonly manifest: Manifest;
  /** What can be imported by name: `@sockeye/client`, `@sockeye/socketio-parser/msgpack`, ... */
  readonly entries: readonly string[];
}

export function publishedFolders(): string[] {
  const packages = join(repository, "packages");
  return readdirSync(packages).filter((name) => existsSync(join(packages, name, "package.json")));
}

export function pack(short: string, into: string): Packed {
  const destination = join(into, "tarballs", short);
  const folder = join(into, "unpacked", short);
  mkdirSync(destination, { recursive: true });
  mkdirSync(folder, { recursive: true });
  mustRun(join(repository, "packages", short), "pnpm", ["pack", "--pack-destination", destination]);
  const tarball = join(destination, readdirSync(destination)[0] ?? "");
  mustRun(folder, "tar", ["-xzf", tarball, "--strip-components=1"]);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const entries = Object.keys(manifest.exports)
    .filter((path) => path !== "./package.json" && !path.includes("*"))
    .map((path) => manifest.name + path.slice(1));
  return { name: manifest.name, short, tarball, folder, files, manifest, entries };
}
