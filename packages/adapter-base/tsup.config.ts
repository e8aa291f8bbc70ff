import { defineConfig } from "tsup";
import { library } from "../../tsup.base.js";

export default defineConfig(
  library({
    index: "src/index.ts",
    conformance: "src/conformance/index.ts",
    "node-cluster": "src/cluster/drivers/node-cluster.node.ts",
    wire: "src/compat/wire/index.ts",
    emitter: "src/emitter/index.ts",
  }),
);
