import { describe, expect, it } from "vitest";
import { Heartbeat } from "../../src/session/heartbeat.js";

const OPTIONS = { pingInterval: 100, pingTimeout: 50, unfinishedTimeout: 120 };
const at = (now: number, stalled = 0) => ({ now, stalled });

function started(pinger: "server" | "client" = "server"): Heartbeat {
  const heartbeat = new Heartbeat(OPTIONS, pinger);
  heartbeat.start(at(0), 0);
  return heartbeat;
}

describe("Heartbeat", () => {
  it("does nothing before its deadline", () => {
    const heartbeat = started();
    expect(heartbeat.expire(at(99), 0, 0)).toBe("wait");
    expect(heartbeat.deadline).toBe(100);
  });

  it("pings, and finds a silent peer dead", () => {
    const heartbeat = started();
    expect(heartbeat.expire(at(100), 7, 0)).toBe("ping");
    expect(heartbeat.expire(at(149), 7, 0)).toBe("wait");
    expect(heartbeat.expire(at(150), 7, 0)).toBe("dead");
  });

  it("takes any byte for a sign of life, and pings again", () => {
    const heartbeat = started();
    heartbeat.expire(at(100), 7, 0);
    expect(heartbeat.expire(at(150), 8, 0)).toBe("ping");
    expect(heartbeat.deadline).toBe(200);
    expect(heartbeat.expire(at(200), 8, 0)).toBe("dead");
  });

  it("takes bytes that never make a packet for life for a while only", () => {
    const heartbeat = started();
    expect(heartbeat.expire(at(100), 7, 3)).toBe("ping");
    expect(heartbeat.expire(at(150), 8, 3)).toBe("ping");
    expect(heartbeat.expire(at(200), 9, 3)).toBe("ping");
    expect(heartbeat.expire(at(250), 10, 3)).toBe("dead");
  });

  it("takes whole packets for life without end, and starts to count anew after one", () => {
    const heartbeat = started();
    heartbeat.expire(at(100), 7, 3);
    heartbeat.expire(at(150), 8, 3);
    expect(heartbeat.expire(at(200), 9, 4)).toBe("ping");
    expect(heartbeat.expire(at(250), 10, 4)).toBe("ping");
    expect(heartbeat.expire(at(300), 11, 4)).toBe("ping");
    expect(heartbeat.expire(at(350), 12, 4)).toBe("dead");
  });

  it("gives back what this process lost, once", () => {
    const heartbeat = started();
    heartbeat.expire(at(100), 0, 0);
    expect(heartbeat.expire(at(5150, 5000), 0, 0)).toBe("dead");
    const second = started();
    second.expire(at(100), 0, 0);
    expect(second.expire(at(5140, 5000), 0, 0)).toBe("wait");
    expect(second.deadline).toBe(5150);
    expect(second.expire(at(5150, 5000), 0, 0)).toBe("dead");
  });

  it("does not count a pause from before the ping", () => {
    const heartbeat = started();
    heartbeat.expire(at(100, 5000), 0, 0);
    expect(heartbeat.expire(at(150, 5000), 0, 0)).toBe("dead");
  });

  it("takes the exchange of the transport for a sign of life", () => {
    const heartbeat = started();
    heartbeat.expire(at(100), 7, 0);
    heartbeat.rebase(0);
    expect(heartbeat.expire(at(150), 0, 0)).toBe("ping");
  });

  it("waits for a client that pings by itself", () => {
    const heartbeat = started("client");
    expect(heartbeat.deadline).toBe(150);
    heartbeat.beat(at(140), 3);
    expect(heartbeat.deadline).toBe(290);
    expect(heartbeat.expire(at(290), 4, 0)).toBe("wait");
    expect(heartbeat.expire(at(440), 4, 0)).toBe("dead");
  });

  it("never wants to be called once stopped", () => {
    const heartbeat = started();
    heartbeat.stop();
    expect(heartbeat.deadline).toBe(Number.POSITIVE_INFINITY);
  });
});
