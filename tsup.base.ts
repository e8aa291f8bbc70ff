import { rmSync } from "node:fs";
import type { Options } from "tsup";

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
  };
}
