import { project } from "../../vitest.base.js";

// The chaos run wants the machine for itself, or it measures its neighbours: `npm run chaos`.
const exclude =
  process.env.CHAOS === undefined ? ["test/chaos/{redis,redis-cluster,postgres}.test.ts", "**/node_modules/**"] : [];

export default project("cluster", {
  test: {
    exclude,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
