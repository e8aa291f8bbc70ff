// The files that a server's `serveClient` hands to browsers: one script each, with source maps, from the sources.
import { build } from "esbuild";
import { letters, mangled } from "./mangled.mjs";

const UMD = {
  // `this` is the window in a plain script; a module loader comes first where there is one.
  banner: {
    js: `(function(r,f){typeof exports=="object"&&typeof module!="undefined"?module.exports=f():typeof define=="function"&&define.amd?define(f):(typeof globalThis!="undefined"?globalThis:r).io=f()})(this,function(){`,
  },
  footer: { js: "return sockeye.default})" },
  format: "iife",
  globalName: "sockeye",
};

const FILES = [
  { out: "socket.io.js", entry: "src/script/index.ts", minify: false, ...UMD },
  { out: "socket.io.min.js", entry: "src/script/index.ts", minify: true, ...UMD },
  { out: "socket.io.esm.min.js", entry: "src/script/index.ts", minify: true, format: "esm" },
  { out: "socket.io.msgpack.min.js", entry: "src/msgpack/index.ts", minify: true, ...UMD },
];

await Promise.all(
  FILES.map(({ out, entry, ...options }) =>
    build({
      entryPoints: [entry],
      outfile: `dist/bundles/${out}`,
      bundle: true,
      platform: "browser",
      target: "es2022",
      conditions: ["sockeye-source"],
      sourcemap: true,
      mangleProps: mangled,
      mangleCache: letters,
      logLevel: "warning",
      ...options,
    }),
  ),
);
