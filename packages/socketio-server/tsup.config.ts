import { defineConfig } from "tsup";
import { commonJsEnd, library } from "../../tsup.base.js";

/** `require("@sockeye/socketio-server")(httpServer)`: what CommonJS gets can be called, and has the named exports. */
const CALLABLE = `const exported = module.exports;
module.exports = Object.defineProperties(
  (...args) => new exported.Server(...args),
  Object.getOwnPropertyDescriptors(exported),
);`;

export default defineConfig(
  library(
    { index: "src/index.ts" },
    {
      // The client's builds are found relative to the code.
      shims: true,
      plugins: [commonJsEnd(CALLABLE)],
    },
  ),
);
