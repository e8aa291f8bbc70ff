import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReadPath } from "../../src/drivers/read-path.js";
import { FakeLink } from "../support/fake-link.js";

const times = { probeInterval: 2000, probeTimeout: 2000, commandTimeout: 5000 };

let link: FakeLink;
let path: ReadPath;
let events: string[];
/** What becomes of probes: they come back, they are swallowed, or Redis does not take them. */
let probes: "return" | "vanish" | "fail";
let published: number;

beforeEach(() => {
  vi.useFakeTimers();
  link = new FakeLink();
  events = [];
  probes = "return";
  published = 0;
  path = new ReadPath(
    {
      link,
      kind: "channel",
      probeChannel: "probe",
      listener: (message) => {
        path.heard();
        path.probeHeard(message.toString());
      },
      probe: async (text) => {
        if (probes === "fail") throw new TypeError("Redis is away");
        published++;
        if (probes === "return") queueMicrotask(() => link.hear("probe", text));
      },
      up: (interrupted) => events.push(interrupted ? "up again" : "up"),
      down: () => events.push("down"),
      now: () => Date.now(),
    },
    times,
  );
});

afterEach(async () => {
  const closed = path.close();
  await vi.advanceTimersByTimeAsync(6000);
  await closed;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const calls = () => link.calls.splice(0);

describe("a path", () => {
  it("is up when its probe was heard, and not before", async () => {
    probes = "vanish";
    const opened = path.open();
    await vi.advanceTimersByTimeAsync(500);
    expect([path.isUp, published]).toEqual([false, 1]);
    probes = "return";
    await vi.advanceTimersByTimeAsync(1000);
    await opened;
    expect([path.isUp, events]).toEqual([true, ["up"]]);
  });

  it("opens in the end also when Redis is away, and comes up later as one that missed something", async () => {
    link.ready = false;
    const opened = path.open();
    await vi.advanceTimersByTimeAsync(5000);
    await opened;
    expect([path.isUp, calls()]).toEqual([false, []]);
    link.ready = true;
    await vi.advanceTimersByTimeAsync(200);
    expect(events).toEqual(["up again"]);
  });

  it("does not open when Redis refuses", async () => {
    link.answer = () => Promise.reject(new TypeError("ERR unknown command 'SSUBSCRIBE'"));
    await expect(path.open()).rejects.toThrow("unknown command");
  });

  it("subscribes to what is added, and resolves when it is in force", async () => {
    await path.open();
    calls();
    await path.add("a");
    expect(calls()).toEqual(["subscribe a"]);
    await path.remove("a");
    expect(calls()).toEqual(["unsubscribe a"]);
    await path.remove("a");
    expect(calls()).toEqual([]);
  });

  it("passes on a refusal of one channel, and stays up", async () => {
    await path.open();
    link.answer = () => Promise.reject(new TypeError("NOPERM this user has no permissions"));
    await expect(path.add("a")).rejects.toThrow("NOPERM");
    expect(path.isUp).toBe(true);
  });

  it("does not keep anybody waiting for a subscription that is not confirmed: it is down", async () => {
    await path.open();
    link.answer = () => new Promise(() => {});
    const added = path.add("a");
    await vi.advanceTimersByTimeAsync(5000);
    await added;
    expect(events).toEqual(["up", "down"]);
    await vi.advanceTimersByTimeAsync(6100);
    expect(calls()).toContain("reconnect");
    link.answer = async () => {};
    await vi.advanceTimersByTimeAsync(2000);
    expect([events.at(-1), link.listeners.has("a")]).toEqual(["up again", true]);
  });
});

describe("a path that was lost", () => {
  beforeEach(async () => {
    await path.open();
    await path.add("a");
    calls();
  });

  it("is down until it has proved itself anew", async () => {
    link.ready = false;
    path.lost();
    await vi.advanceTimersByTimeAsync(3000);
    expect(events).toEqual(["up", "down"]);
    link.ready = true;
    path.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toEqual(["up", "down", "up again"]);
    expect(calls()).toEqual(["resubscribe"]);
  });

  it("takes no earlier probe for a proof", async () => {
    probes = "vanish";
    path.lost();
    await vi.advanceTimersByTimeAsync(10);
    link.hear("probe", "0.1");
    await vi.advanceTimersByTimeAsync(10);
    expect(path.isUp).toBe(false);
  });

  it("does not keep a join waiting", async () => {
    link.ready = false;
    path.lost();
    await path.add("b");
    await path.remove("a");
    link.ready = true;
    await vi.advanceTimersByTimeAsync(200);
    expect([...link.listeners.keys()].sort()).toEqual(["b", "probe"]);
  });

  it("subscribes thoroughly when the client is wrong about its subscriptions, then makes the connection anew", async () => {
    probes = "vanish";
    path.lost();
    await vi.advanceTimersByTimeAsync(2500);
    expect(calls()).toEqual(["resubscribe", "resubscribe thoroughly", "resubscribe thoroughly"]);
    await vi.advanceTimersByTimeAsync(600);
    expect(calls()).toContain("reconnect");
    probes = "return";
    await vi.advanceTimersByTimeAsync(1000);
    expect(events.at(-1)).toBe("up again");
  });

  it("does not blame its connection when it cannot publish", async () => {
    probes = "fail";
    path.lost();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(new Set(calls())).toEqual(new Set(["resubscribe"]));
  });

  it("makes no connection anew that its client knows to be broken", async () => {
    probes = "vanish";
    path.lost();
    await vi.advanceTimersByTimeAsync(2500);
    link.ready = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls()).not.toContain("reconnect");
  });
});

describe("a path that falls silent", () => {
  beforeEach(async () => {
    await path.open();
    published = 0;
  });

  /** As a driver would call it. */
  async function pass(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 200) {
      await vi.advanceTimersByTimeAsync(200);
      path.check();
    }
  }

  it("is asked now and then", async () => {
    await pass(8000);
    expect(published).toBe(4);
    expect(events).toEqual(["up"]);
  });

  it("is not asked while something arrives", async () => {
    for (let i = 0; i < 10; i++) {
      await pass(1000);
      path.heard();
    }
    expect(published).toBe(0);
  });

  it("is down when it does not answer", async () => {
    probes = "vanish";
    await pass(4600);
    expect(events).toEqual(["up", "down"]);
  });

  it("stays up when Redis does not take the question", async () => {
    probes = "fail";
    await pass(10_000);
    expect(events).toEqual(["up"]);
  });

  it("was lost when its client uses another connection", async () => {
    link.carrier = "second";
    await pass(200);
    await vi.advanceTimersByTimeAsync(0);
    expect(events).toEqual(["up", "down", "up again"]);
  });
});
