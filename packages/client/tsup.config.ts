import { defineConfig } from "tsup";
import { commonJsEnd, library } from "../../tsup.base.js";
import { letters, mangled } from "./mangled.mjs";

const entry = { index: "src/index.ts", websocket: "src/websocket/index.ts", msgpack: "src/msgpack/index.ts" };

/**
 * `require("@sockeye/client")` is `io` itself and carries the other exports. Shared chunks have no default export and
 * stay as they are.
 */
const CALLABLE = `if (module.exports.default) {
  module.exports = Object.assign(module.exports.default, module.exports);
  Object.defineProperty(module.exports, "__esModule", { value: true });
}`;

const plugins = [commonJsEnd(CALLABLE)];

// Two builds of the same sources: `#platform` resolves by condition (package.json, "imports").
export default defineConfig([
  library(entry, {
    platform: "neutral",
    plugins,
    esbuildOptions: (options) => {
      options.mangleProps = mangled;
      options.mangleCache = { ...letters };
      // Numbers in place of named constants.
      options.minifySyntax = true;
    },
  }),
  library(entry, { platform: "node", outDir: "dist/node", dts: false, plugins }),
]);
