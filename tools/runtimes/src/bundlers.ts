/** Bundles for browsers as people make them: each bundler with nothing set but what it cannot do without. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import * as vite from "vite";
import webpack from "webpack";

export interface Bundle {
  readonly text: string;
  readonly warnings: readonly string[];
}

interface Task {
  /** The module to begin with. */
  readonly entry: string;
  /** A folder for what comes out. */
  readonly out: string;
}

export type Bundler = (task: Task) => Promise<Bundle>;

const withEsbuild: Bundler = async ({ entry }) => {
  const { outputFiles, warnings } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    logLevel: "silent",
  });
  return { text: outputFiles[0]!.text, warnings: warnings.map(({ text }) => text) };
};

const withRollup: Bundler = async ({ entry }) => {
  const warnings: string[] = [];
  const onwarn = ({ message }: { message: string }) => void warnings.push(message);
  const bundle = await rollup({ input: entry, plugins: [nodeResolve({ browser: true })], onwarn });
  const { output } = await bundle.generate({ format: "es" });
  await bundle.close();
  return { text: output[0].code, warnings };
};

const withWebpack: Bundler = async ({ entry, out }) => {
  const compiler = webpack({ mode: "production", entry, output: { path: out, filename: "bundle.js" } });
  const stats = await new Promise<webpack.Stats>((resolve, reject) =>
    compiler!.run((error, stats) => (stats ? resolve(stats) : reject(error))),
  );
  await new Promise((resolve) => compiler!.close(resolve));
  const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true });
  const told = [...errors, ...warnings].map(({ message }) => message);
  return { text: readFileSync(join(out, "bundle.js"), "utf8"), warnings: told };
};

const withVite: Bundler = async ({ entry, out }) => {
  const warnings: string[] = [];
  const logger = vite.createLogger("silent");
  logger.warn = (message) => void warnings.push(message);
  logger.warnOnce = logger.warn;
  await vite.build({
    root: join(entry, ".."),
    configFile: false,
    customLogger: logger,
    logLevel: "silent",
    build: { outDir: out, rollupOptions: { input: entry, output: { entryFileNames: "bundle.js" } } },
  });
  return { text: readFileSync(join(out, "bundle.js"), "utf8"), warnings };
};

export const bundlers: Readonly<Record<string, Bundler>> = {
  [`esbuild ${esbuild.version}`]: withEsbuild,
  Rollup: withRollup,
  [`webpack ${webpack.version}`]: withWebpack,
  [`Vite ${vite.version}`]: withVite,
};

/** Writes the program of a page into the project at `folder`: it leaves `io` of the entry point in the page. */
export function writePage(folder: string, entryPoint: string): string {
  const name = entryPoint.replace(/\W+/g, "-");
  const place = join(folder, "pages", name);
  mkdirSync(place, { recursive: true });
  const entry = join(place, "main.js");
  writeFileSync(entry, `import { io } from "${entryPoint}";\nglobalThis.io = io;\n`);
  return entry;
}
