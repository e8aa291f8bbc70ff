import { describe, expect, it } from "vitest";
import { Health } from "../../src/cluster/health.js";

describe("Health", () => {
  it("is down when nothing can be sent, degraded when nothing is heard", () => {
    const health = new Health();
    expect(health.state).toBe("ok");
    health.receiving("down");
    expect(health.state).toBe("degraded");
    health.publishing("down");
    expect(health.state).toBe("down");
    health.publishing("up");
    health.receiving("up");
    expect(health.state).toBe("ok");
  });

  it("is degraded while a probe is overdue", () => {
    const health = new Health();
    health.checkProbe(1000);
    health.probeSent(100);
    health.probeSent(200);
    health.checkProbe(100);
    expect(health.state).toBe("ok");
    health.checkProbe(101);
    expect(health.state).toBe("degraded");
    health.probeHeard();
    expect(health.state).toBe("ok");
  });
});
