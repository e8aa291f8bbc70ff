import { defineConfig } from "tsup";
import { library } from "../../tsup.base.js";

export default defineConfig(
  library({
    index: "src/index.ts",
    compact: "src/compact/index.ts",
    msgpack: "src/msgpack/index.ts",
    conformance: "src/conformance/index.ts",
  }),
);
