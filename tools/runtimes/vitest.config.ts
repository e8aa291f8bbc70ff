import { project } from "../../vitest.base.js";

// Programs of other runtimes, bundlers and a browser share the cores of one machine: one file at a time.
export default project("runtimes", {
  test: {
    globalSetup: ["./src/consumer-project.ts"],
    testTimeout: 40_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    expect: { poll: { timeout: 15_000 } },
  },
});
