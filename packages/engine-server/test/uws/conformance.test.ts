import { afterEach, beforeEach, describe, it } from "vitest";
import { engineConformance } from "../../src/conformance/index.js";
import { startUws } from "./rig.js";

describe("our engine on uWebSockets.js", () => {
  engineConformance({ describe, it, beforeEach, afterEach }, { start: (options) => startUws(options) });
});
