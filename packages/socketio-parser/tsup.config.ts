import { defineConfig } from "tsup";
import { library } from "../../tsup.base.js";

const entry = {
  index: "src/index.ts",
  compact: "src/compact/index.ts",
  msgpack: "src/msgpack/index.ts",
  conformance: "src/conformance/index.ts",
};

export default defineConfig(
  library(entry, {
    esbuildOptions: (options) => {
      // Numbers in place of named constants, which the bundler of an application does no more (`const` is `var` by then).
      options.minifySyntax = true;
    },
  }),
);
