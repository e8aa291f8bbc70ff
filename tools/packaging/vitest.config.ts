import { project } from "../../vitest.base.js";

// Packing, installing and compiling are slow where several of them share a core.
export default project("packaging", {
  test: { globalSetup: ["./src/setup.ts"], testTimeout: 90_000, fileParallelism: false },
});
