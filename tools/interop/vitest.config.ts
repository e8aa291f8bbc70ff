import { project } from "../../vitest.base.js";

export default project("interop", {
  test: {
    globalSetup: "test/setup.ts",
    // Most of the time is waiting for the other end: more files at once than cores.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 10_000, interval: 10 } },
  },
});
