import { EventEmitter } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { holdLink, traitsOf } from "../../src/clients/link.js";

/** As much of node-redis as a link needs; its subscriptions stay pending until they are settled. */
class StubClient extends EventEmitter {
  isOpen = true;
  isReady = true;
  readonly subscribed: string[][] = [];
  readonly pending: { resolve(): void; reject(error: Error): void }[] = [];

  subscribe(channels: string[]): Promise<void> {
    this.subscribed.push(channels);
    return new Promise((resolve, reject) => this.pending.push({ resolve, reject }));
  }

  async unsubscribe(): Promise<void> {}
  async pSubscribe(): Promise<void> {}
  async sSubscribe(): Promise<void> {}
  readonly restarts: string[] = [];
  async connect(): Promise<void> {
    this.restarts.push("connect");
  }
  destroy(): void {
    this.restarts.push("destroy");
  }
  async sendCommand(): Promise<unknown> {
    return new Map<unknown, unknown>([["a", [1n, { b: null }]]]);
  }
  duplicate(): StubClient {
    return new StubClient();
  }

  get listening(): number {
    return this.eventNames().length;
  }
}

describe("a link", () => {
  it.each([undefined, null, 1, {}, { on() {}, duplicate() {} }, new EventEmitter()])(
    "is not made of something else: %s",
    (value) => {
      const refused = expect.objectContaining({ code: "ERR_SOCKEYE_REDIS_CLIENT" });
      expect(() => holdLink(value)).toThrow(refused);
      expect(() => traitsOf(value)).toThrow(refused);
    },
  );

  it("keeps an error of the client from ending the process, as long as it is held", () => {
    const client = new StubClient();
    const [one, two] = [holdLink(client), holdLink(client)];
    client.emit("error", new TypeError("x"));
    one.release();
    one.release();
    client.emit("error", new TypeError("x"));
    two.release();
    expect(client.listening).toBe(0);
  });

  it("tells watchers what happens, until they or the link are done", () => {
    const client = new StubClient();
    const link = holdLink(client);
    const [one, two] = [vi.fn(), vi.fn()];
    const end = link.watch(one);
    link.watch(two);
    client.emit("reconnecting");
    end();
    client.emit("ready");
    const other = holdLink(client);
    link.release();
    client.emit("end");
    other.release();
    expect([one.mock.calls, two.mock.calls]).toEqual([[["lost"]], [["lost"], ["ready"]]]);
  });

  it("starts a client anew that has a connection and does not get ready", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    const client = new StubClient();
    const link = holdLink(client);
    const passes = (milliseconds: number) => {
      now.mockReturnValue(performance.now() + milliseconds);
      link.tend();
    };
    client.isReady = false;
    client.emit("reconnecting");
    passes(60_000);
    client.emit("connect");
    passes(1_900);
    expect(client.restarts, "Redis is away, or just there").toEqual([]);
    passes(100);
    await new Promise(setImmediate);
    passes(60_000);
    expect(client.restarts).toEqual(["destroy", "connect"]);
    client.emit("connect");
    client.isReady = true;
    client.emit("ready");
    passes(60_000);
    expect(client.restarts).toHaveLength(2);
    link.release();
    now.mockRestore();
  });

  it("evens out what RESP 3 says in maps", async () => {
    expect(await holdLink(new StubClient()).send("", ["X"])).toEqual(["a", [1, ["b", null]]]);
  });

  it("subscribes once for several listeners, and all of them wait for Redis", async () => {
    const client = new StubClient();
    const link = holdLink(client);
    const settled = vi.fn();
    const both = [link.subscribe("channel", ["c"], vi.fn()), link.subscribe("channel", ["c"], vi.fn())];
    for (const one of both) void one.then(settled);
    await new Promise(setImmediate);
    expect([client.subscribed, settled.mock.calls.length]).toEqual([[["c"]], 0]);
    client.pending[0]!.resolve();
    await Promise.all(both);
  });

  it("forgets a subscription that failed, so that it can be tried again", async () => {
    const client = new StubClient();
    const link = holdLink(client);
    const failed = link.subscribe("channel", ["c"], vi.fn());
    client.pending[0]!.reject(new TypeError("closed"));
    await expect(failed).rejects.toThrow("closed");
    void link.subscribe("channel", ["c"], vi.fn());
    expect(client.subscribed).toHaveLength(2);
  });

  it("subscribes to many channels in several commands", () => {
    const client = new StubClient();
    void holdLink(client).subscribe(
      "channel",
      Array.from({ length: 1200 }, (_, i) => `${i}`),
      vi.fn(),
    );
    expect(client.subscribed.map(({ length }) => length)).toEqual([500, 500, 200]);
  });
});
