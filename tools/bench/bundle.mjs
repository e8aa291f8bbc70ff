/**
 * How programs of this tool become files that Node runs. Our packages are taken from their sources, with the settings
 * of the published build (esbuild, es2022, not minified), so that what is measured is what is checked out, no build
 * before it. Other people's packages stay where they are installed.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { scratch } from "../run/repository.mjs";

const here = dirname(fileURLToPath(import.meta.url));

export const output = join(scratch, "bench");

/**
 * The source of one of our packages in a checkout, by its export map.
 * @param {string} checkout @param {string} specifier
 */
function sourceOf(checkout, specifier) {
  const { folder, entry } = entryOf(checkout, specifier);
  return join(folder, entry["sockeye-source"]);
}

/**
 * What browsers get of it: the published build, which writes names short, as users bundle it.
 * @param {string} checkout @param {string} specifier
 */
function builtFor(checkout, specifier) {
  const { folder, entry } = entryOf(checkout, specifier);
  const file = join(folder, (entry.browser ?? entry).import.default);
  if (!existsSync(file)) throw new Error(`${specifier}: not built; npm run build`);
  return file;
}

/**
 * @param {string} checkout @param {string} specifier
 */
function entryOf(checkout, specifier) {
  const [, name = "", ...path] = specifier.split("/");
  const folder = join(checkout, "packages", name);
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) throw new Error(`${specifier}: there is no packages/${name}`);
  const entry = JSON.parse(readFileSync(manifest, "utf8")).exports[[".", ...path].join("/")];
  if (entry === undefined) throw new Error(`${specifier}: not exported by packages/${name}`);
  return { folder, entry };
}

/**
 * Bundles entry files of `src`, ours from the checkout given.
 * @param {Record<string, string>} entryPoints output name to file
 * @param {string} outdir
 * @param {string} checkout
 */
export async function bundle(entryPoints, outdir, checkout) {
  await build({
    entryPoints,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    conditions: ["sockeye-source", "node", "import"],
    logLevel: "warning",
    plugins: [
      {
        name: "what-stays-outside",
        setup({ onResolve, resolve }) {
          onResolve({ filter: /^@sockeye\// }, ({ path }) => ({ path: sourceOf(checkout, path) }));
          onResolve({ filter: /^[^.#/]|tools\/run|\/run\// }, async ({ path, kind, resolveDir, pluginData }) => {
            if (kind === "entry-point" || pluginData === "asked" || path.startsWith("node:")) return undefined;
            if (path.startsWith("@sockeye/")) return undefined;
            const found = await resolve(path, { kind, resolveDir, pluginData: "asked" });
            if (found.errors.length > 0) return { errors: found.errors };
            return { path: found.external ? found.path : pathToFileURL(found.path).href, external: true };
          });
        },
      },
    ],
  });
}

/**
 * What a page would load, minified.
 * @param {string} code @param {string} home this tool's folder, from which other people's packages are found
 * @param {string} checkout
 */
export async function bundleForBrowsers(code, home, checkout) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: home },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "warning",
    plugins: [
      {
        name: "ours-as-built",
        setup({ onResolve }) {
          onResolve({ filter: /^@sockeye\// }, ({ path }) => ({ path: builtFor(checkout, path), sideEffects: false }));
        },
      },
    ],
  });
  return /** @type {{ contents: Uint8Array }} */ (outputFiles[0]).contents;
}

/** The tool itself. */
export async function bundleTool() {
  const entries = { main: join(here, "src/main.ts"), trial: join(here, "src/trial-process.ts") };
  await bundle(entries, join(output, "tool"), join(here, "..", ".."));
  return join(output, "tool", "main.mjs");
}
