import { project } from "../../vitest.base.js";

export default project("cluster", {
  test: {
    // Most of the time is waiting for brokers and deadlines: more files at once than cores.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
