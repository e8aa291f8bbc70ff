import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["packages/*", "tools/*/vitest.config.ts", "tools/interop/vitest.soak.config.ts"],
  },
});
