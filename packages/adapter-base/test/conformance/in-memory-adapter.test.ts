import { afterEach, beforeEach, describe, it } from "vitest";
import { adapterConformance } from "../../src/conformance/index.js";
import { InMemoryAdapter } from "../../src/in-memory-adapter.js";

adapterConformance(
  { describe, it, beforeEach, afterEach },
  {
    name: "InMemoryAdapter",
    supports: { gone: true, recovery: true, sessions: true },
    start: () => ({ create: (_, namespace) => new InMemoryAdapter(namespace) }),
  },
);
