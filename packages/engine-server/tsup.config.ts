import { defineConfig } from "tsup";
import { library } from "../../tsup.base.js";

export default defineConfig(
  library({ index: "src/index.ts", conformance: "src/conformance/index.ts", uws: "src/uws/index.ts" }),
);
