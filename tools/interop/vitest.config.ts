import { project } from "../../vitest.base.js";

export default project("interop", { test: { globalSetup: "test/setup.ts" } });
