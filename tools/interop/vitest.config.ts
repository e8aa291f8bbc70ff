import { project } from "../../vitest.base.js";

export default project("interop", {
  test: {
    globalSetup: "test/setup.ts",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 10_000, interval: 10 } },
  },
});
