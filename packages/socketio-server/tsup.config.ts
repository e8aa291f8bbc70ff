import { defineConfig } from "tsup";
import { library } from "../../tsup.base.js";

/** `require("@sockeye/socketio-server")(httpServer)`: what CommonJS gets can be called, and has the named exports. */
const CALLABLE = `
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
      // The footer must stay behind the exports it wraps.
      treeshake: false,
      footer: ({ format }) => (format === "cjs" ? { js: `const exported = module.exports;${CALLABLE}` } : {}),
    },
  ),
);
