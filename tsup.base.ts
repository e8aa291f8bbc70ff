import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import type { Options } from "tsup";

/** Source maps name files as a reader finds them: tsup leaves the path of the build machine in those of CommonJS files. */
const plainSourceMaps: NonNullable<Options["plugins"]>[number] = {
  name: "plain-source-maps",
  buildEnd({ writtenFiles }) {
    const plain = (path: string) => (isAbsolute(path) ? basename(path) : path);
    for (const { name } of writtenFiles.filter((file) => file.name.endsWith(".map"))) {
      const map = JSON.parse(readFileSync(name, "utf8")) as { file?: string; sources: string[] };
      if (map.file !== undefined) map.file = plain(map.file);
      map.sources = map.sources.map(plain);
      writeFileSync(name, JSON.stringify(map));
    }
  },
};

/**
 * Code at the end of each CommonJS file, behind the exports. Not tsup's `footer`: that one stands before the exports unless
 * tree-shaking is off, and without it CommonJS files are rewritten for old engines (class names lost, helpers for `?.`).
 */
export function commonJsEnd(code: string): NonNullable<Options["plugins"]>[number] {
  return {
    name: "common-js-end",
    buildEnd({ writtenFiles }) {
      for (const { name } of writtenFiles.filter((file) => file.name.endsWith(".cjs"))) {
        const [body, map = ""] = readFileSync(name, "utf8").split(/(?=\/\/# sourceMappingURL=)/);
        writeFileSync(name, `${body}${code}\n${map}`);
      }
    },
  };
}

/**
 * What every published package builds the same way: ESM and CJS with types and source maps, nothing bundled in.
 *
 * The output folder is emptied here, when the configuration is read. tsup would do it as each build starts, and where a
 * package has two builds, one into a folder inside the other's, the second could wipe what the first has written.
 */
export function library(entry: Record<string, string>, overrides: Options = {}): Options {
  rmSync("dist", { recursive: true, force: true });
  return {
    entry,
    format: ["esm", "cjs"],
    target: "es2022",
    dts: true,
    sourcemap: true,
    clean: false,
    splitting: true,
    treeshake: true,
    outDir: "dist",
    ...overrides,
    plugins: [plainSourceMaps, ...(overrides.plugins ?? [])],
  };
}
