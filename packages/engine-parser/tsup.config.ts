import { defineConfig } from "tsup";
import { library } from "../../tsup.base.js";

const entry = { index: "src/index.ts", v3: "src/v3/index.ts" };

// Two builds of the same sources: `#bytes` resolves by condition (package.json, "imports"). They run at once and the
// one writes inside the other's folder, so each cleans its own files only.
export default defineConfig([
  library(entry, { platform: "neutral", clean: ["dist/*.*"] }),
  library(entry, { platform: "node", outDir: "dist/node", dts: false }),
]);
