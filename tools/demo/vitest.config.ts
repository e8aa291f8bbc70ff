import { project } from "../../vitest.base.js";

export default project("demo", {
  test: { testTimeout: 40_000, hookTimeout: 40_000, expect: { poll: { timeout: 15_000, interval: 50 } } },
});
