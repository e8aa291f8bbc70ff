/** Bundles for browsers, as people make them, and their sizes. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

export interface Bundle {
  readonly text: string;
  /** Paths of the files that left something in the bundle. */
  readonly inputs: readonly string[];
  /** Bytes. */
  readonly minified: number;
  readonly gzip: number;
  readonly brotli: number;
}

export async function bundleForBrowsers(folder: string, code: string, minify = true): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: folder },
    absWorkingDir: folder,
    bundle: true,
    minify,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    logLevel: "silent",
  });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  const output = Object.values(metafile.outputs)[0];
  const inputs = Object.entries(output?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path);
  return {
    text: new TextDecoder().decode(bytes),
    inputs,
    minified: bytes.byteLength,
    gzip: gzipSync(bytes, { level: 9 }).byteLength,
    brotli: brotliCompressSync(bytes).byteLength,
  };
}
