/** What a client costs a page: bytes of `import { io }`, bundled and minified for browsers. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { bundleForBrowsers } from "../../bundle.mjs";
import type { Driver } from "../contract.js";

const specifiers: Readonly<Record<string, string>> = {
  "client-official": "socket.io-client",
  "client-ours": "@sockeye/client",
};

export const bundleSize: Driver = async ({ implementation, home, checkout }) => {
  const code = `import { io } from "${specifiers[implementation]}"; globalThis.io = io;`;
  const bytes = await bundleForBrowsers(code, home, checkout);
  return {
    minified: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
};
