import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests run on the sources of every package (export condition `sockeye-source`): no build is needed first. */
export function project(name: string, overrides: { test?: object } = {}): ViteUserConfig {
  return defineConfig({
    resolve: { conditions: ["sockeye-source", "node"] },
    ssr: { resolve: { conditions: ["sockeye-source", "node"], externalConditions: ["node"] } },
    test: {
      name,
      include: ["test/**/*.test.{ts,mjs}"],
      environment: "node",
      testTimeout: 15_000,
      hookTimeout: 15_000,
      ...overrides.test,
    },
  });
}
