import { project } from "../../vitest.base.js";

/** One long test by itself; `SOAK_SECONDS` (default 120) says how long. */
const seconds = Number(process.env.SOAK_SECONDS ?? 120);

export default project("soak", {
  test: {
    include: ["soak/**/*.test.ts"],
    testTimeout: (seconds + 120) * 1_000,
    hookTimeout: 60_000,
  },
});
