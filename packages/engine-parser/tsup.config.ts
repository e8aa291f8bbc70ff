import { defineConfig } from "tsup";
import { library } from "../../tsup.base.js";

const entry = { index: "src/index.ts", v3: "src/v3/index.ts" };
const compact = { compact: "src/compact/index.ts" };

// Two builds of the same sources: `#bytes` resolves by condition (package.json, "imports").
export default defineConfig([
  library({ ...entry, ...compact }, { platform: "neutral" }),
  library(entry, { platform: "node", outDir: "dist/node", dts: false }),
]);
