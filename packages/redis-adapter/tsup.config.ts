import { defineConfig } from "tsup";
import { commonJsEnd, library } from "../../tsup.base.js";

/** `require("@sockeye/redis-adapter")` is `createAdapter` and carries the other exports. Other entries have no such function. */
const CALLABLE = `if (module.exports.createAdapter) {
  module.exports = Object.assign(module.exports.createAdapter, module.exports);
}`;

export default defineConfig(
  library({ index: "src/index.ts", emitter: "src/emitter/index.ts" }, { plugins: [commonJsEnd(CALLABLE)] }),
);
