import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type IoOptions, io, Manager, type Socket, Transport } from "../src/index.js";
import { ENTRIES, type Entry, ModelServer, Network } from "./link.js";

let server: ModelServer;
let network: Network;
const sockets: Socket[] = [];
let current: Entry;

const open = (options: IoOptions = {}, path = "/") => {
  const socket = network.io(path, options, current);
  sockets.push(socket);
  return socket;
};
const run = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  current = "whole";
  server = new ModelServer();
  network = new Network(server);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await run(1000);
  // Whatever happened, nothing is left behind.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe.each(ENTRIES)("reconnection, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it("tells of each attempt, and waits within the bounds", async () => {
    network.down = true;
    const socket = open({ reconnectionAttempts: 8 });
    const attempts: number[] = [];
    const errors: unknown[] = [];
    const refused: unknown[] = [];
    const failed = vi.fn();
    socket.io.on("reconnect_attempt", (n) => attempts.push(n));
    socket.io.on("reconnect_error", (error) => errors.push(error));
    socket.io.on("reconnect_failed", failed);
    socket.on("connect_error", (error) => refused.push(error.code));
    await run(60_000);
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(errors).toHaveLength(8);
    // A WebSocket does not say why.
    const code = entry === "whole" ? "ERR_SOCKEYE_CLIENT_UNREACHABLE" : "ERR_SOCKEYE_CLIENT_TRANSPORT";
    expect(refused).toEqual(Array(9).fill(code));
    expect(failed).toHaveBeenCalledTimes(1);
    expect(socket.active).toBe(true);
    const delays = network.attempts.slice(1).map((at, n) => at - network.attempts[n]! - network.latency);
    delays.forEach((delay, n) => {
      const base = Math.min(1000 * 2 ** n, 5000);
      expect(delay).toBeGreaterThanOrEqual(base * 0.5 - 1);
      expect(delay).toBeLessThanOrEqual(Math.min(base * 1.5, 5000) + 2);
    });
    // The incumbent's fifth and later delays are all the same.
    expect(new Set(delays.slice(4)).size).toBeGreaterThan(1);
  });

  it("brings the socket back, and counts from one again", async () => {
    const socket = open();
    const log: unknown[] = [];
    socket.on("connect", () => log.push("connect"));
    socket.on("disconnect", (reason, details) => log.push(reason, details));
    socket.io.on("close", (reason) => log.push(`close: ${reason}`));
    socket.io.on("reconnect", (n) => log.push(n));
    await run(50);
    network.cut();
    await run(3000);
    network.cut();
    await run(3000);
    const details = entry === "whole" ? { description: "cut" } : expect.objectContaining({ context: { code: 1006 } });
    const loss = ["transport close", details, "close: transport close"];
    expect(log).toEqual(["connect", ...loss, 1, "connect", ...loss, 1, "connect"]);
  });

  itWhole("is stopped by reconnection(false) in a handler", async () => {
    network.down = true;
    const socket = open();
    socket.io.on("reconnect_attempt", () => socket.io.reconnection(false));
    await run(30_000);
    expect(network.attempts).toHaveLength(1);
    expect(socket.io.reconnection()).toBe(false);
  });

  it("is stopped by disconnect() while it waits", async () => {
    network.down = true;
    const socket = open();
    await run(100);
    socket.disconnect();
    expect(vi.getTimerCount()).toBe(0);
    network.down = false;
    socket.connect();
    await run(100);
    expect(socket.connected).toBe(true);
  });

  it("does not happen where it is switched off", async () => {
    const socket = open({ reconnection: false });
    await run(50);
    network.cut();
    await run(30_000);
    expect(network.attempts).toHaveLength(1);
    socket.connect();
    await run(50);
    expect(socket.connected).toBe(true);
  });

  it("takes 0 for 0", async () => {
    network.down = true;
    open({ reconnectionAttempts: 0 });
    await run(10_000);
    expect(network.attempts).toHaveLength(1);
    open({ reconnectionDelay: 0, reconnectionAttempts: 3 });
    await run(100);
    expect(network.attempts).toHaveLength(5);
  });

  it("waits as long as the server asks for in its last word", async () => {
    const socket = open();
    await run(50);
    server.last.wire.send('1{"retryAfter":30000}');
    await run(29_000);
    expect(network.attempts).toHaveLength(1);
    await run(17_000);
    expect(socket.connected).toBe(true);
  });

  it("begins after a time-out, and gives up on the engine that is late", async () => {
    network.latency = 300;
    const socket = open({ timeout: 200, reconnectionAttempts: 1 });
    const errors: unknown[] = [];
    socket.io.on("error", (error) => errors.push([error.message, error.code]));
    await run(10_000);
    expect(errors).toEqual(Array(2).fill(["timeout", "ERR_SOCKEYE_CLIENT_TIMEOUT"]));
  });

  it("is not doubled by an open() while it waits", async () => {
    const socket = open();
    const attempts = vi.fn();
    socket.io.on("reconnect_attempt", attempts);
    await run(50);
    network.cut();
    await run(10);
    socket.io.open();
    await run(10_000);
    expect([socket.connected, attempts.mock.calls, network.attempts.length]).toEqual([true, [], 2]);
    network.cut();
    await run(3000);
    expect([socket.connected, attempts.mock.calls]).toEqual([true, [[1]]]);
  });

  it("goes on when an open() while it waits fails", async () => {
    const socket = open();
    const done = vi.fn();
    await run(50);
    network.cut();
    await run(10);
    network.down = true;
    socket.io.open(done);
    await run(100);
    expect(done).toHaveBeenCalledTimes(1);
    network.down = false;
    await run(10_000);
    expect(socket.connected).toBe(true);
  });

  itWhole("gives the result of open() to its callback, and does not try again", async () => {
    network.down = true;
    const manager = new Manager("http://model", { transports: [network.transport], autoConnect: false });
    const done = vi.fn();
    manager.open(done);
    await run(20_000);
    expect(done).toHaveBeenCalledTimes(1);
    expect(done.mock.calls[0]![0]).toMatchObject({ code: "ERR_SOCKEYE_CLIENT_UNREACHABLE" });
    expect(network.attempts).toHaveLength(1);
    network.down = false;
    const opened = vi.fn();
    manager.open(opened);
    await run(100);
    expect(opened).toHaveBeenCalledWith();
    manager.close();
  });
});

describe("options of a Manager", () => {
  it("can be read and set", () => {
    const manager = new Manager("http://model", { autoConnect: false, reconnectionDelay: undefined });
    expect([
      manager.reconnection(),
      manager.reconnectionAttempts(),
      manager.reconnectionDelay(),
      manager.reconnectionDelayMax(),
      manager.randomizationFactor(),
      manager.timeout(),
    ]).toEqual([true, Infinity, 1000, 5000, 0.5, 20_000]);
    expect(manager.reconnectionDelay(7).reconnectionDelayMax(8).timeout(false)).toBe(manager);
    expect([manager.reconnectionDelay(), manager.reconnectionDelayMax(), manager.timeout()]).toEqual([7, 8, false]);
  });
});

describe("namespaces", () => {
  it("share a connection, which the last one closes", async () => {
    const a = io("http://model/", { transports: [network.transport] });
    const b = io("http://model/other", { transports: [network.transport] });
    expect(a.io).toBe(b.io);
    const refused: unknown[] = [];
    b.on("connect_error", (error) => refused.push([error.message, error.code, b.active]));
    await run(50);
    expect(refused).toEqual([["Invalid namespace", "ERR_SOCKEYE_CLIENT_NO_NAMESPACE", false]]);
    expect(a.connected).toBe(true);
    expect(network.connections).toHaveLength(1);
    a.disconnect();
    await run(50);
    expect(network.connections[0]!.open).toBe(false);
  });

  it("get a Manager each when they are the same, or when asked for", () => {
    const options = { autoConnect: false };
    const first = io("http://cache/a", options);
    expect(io("http://cache/a", options).io).not.toBe(first.io);
    expect(io("http://cache/b", options).io).toBe(first.io);
    expect(io("http://cache/c", { ...options, forceNew: true }).io).not.toBe(first.io);
    expect(io("http://cache/d", { ...options, multiplex: false }).io).not.toBe(first.io);
    expect(io("http://cache/e", { ...options, path: "/other" }).io).not.toBe(first.io);
    expect(io("https://cache/f", options).io).not.toBe(first.io);
  });

  it("forget a Manager that is no longer wanted, and remember it when it is again", async () => {
    const options = { transports: [network.transport] };
    const first = io("http://forget/", options);
    await run(50);
    first.disconnect();
    const second = io("http://forget/second", options);
    expect(second.io).not.toBe(first.io);
    second.disconnect();
    first.connect();
    const third = io("http://forget/third", options);
    expect(third.io).toBe(first.io);
    first.disconnect();
    third.disconnect();
  });

  it("that a handler leaves while the connection is lost hear of it once", async () => {
    const manager = new Manager("http://model", { transports: [network.transport], reconnection: false });
    const log: unknown[] = [];
    const [first, second] = [manager.socket("/"), manager.socket("/second")];
    server.admits = ["/", "/second"];
    first.on("disconnect", () => second.disconnect());
    second.on("disconnect", (reason) => log.push(reason));
    second.on("connect_error", ({ message }) => log.push(message));
    await run(100);
    expect([first.connected, second.connected]).toEqual([true, true]);
    network.cut();
    await run(100);
    expect(log).toEqual(["io client disconnect"]);
    first.disconnect();
  });

  it("that a handler opens again while the Manager closes have one connection", async () => {
    const socket = open();
    await run(100);
    socket.once("disconnect", () => socket.connect());
    socket.io.close();
    await run(100);
    expect(socket.connected).toBe(true);
    socket.io.open();
    await run(100);
    expect(network.attempts).toHaveLength(2);
  });

  it("are kept by a Manager", async () => {
    const socket = open();
    await run(50);
    socket.disconnect();
    expect(socket.io.socket("/")).toBe(socket);
    await run(50);
    expect(socket.connected).toBe(true);
  });
});

describe("probe", () => {
  it("finds a connection alive", async () => {
    const socket = open();
    await run(50);
    const alive = socket.probe();
    await run(100);
    expect(await alive).toBe(true);
    expect(socket.connected).toBe(true);
  });

  it("gives up one that stays silent, and reconnects", async () => {
    const socket = open();
    await run(50);
    const told = vi.fn();
    socket.on("disconnect", told);
    server.last.silent = true;
    const alive = socket.probe(500);
    expect(socket.probe(500)).toBe(alive);
    await run(600);
    expect(await alive).toBe(false);
    expect(told).toHaveBeenCalledWith("ping timeout", { description: "probe timeout" });
    await run(3000);
    expect(socket.connected).toBe(true);
  });

  it("is false without a connection", async () => {
    expect(await open({ autoConnect: false }).probe()).toBe(false);
  });
});

describe.each(ENTRIES)("a silent server, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });

  it("is given up after its own interval and time-out", async () => {
    const socket = open();
    const told: unknown[] = [];
    socket.on("disconnect", (reason) => told.push(reason));
    await run(50);
    server.last.silent = true;
    await run(44_000);
    expect(told).toEqual([]);
    await run(2_000);
    expect(told).toEqual(["ping timeout"]);
  });

  it("is kept alive by any packet, not by pings alone", async () => {
    const socket = open();
    await run(50);
    const session = server.last;
    session.silent = true;
    for (let n = 0; n < 5; n++) {
      await run(40_000);
      session.wire.send('42["still here"]');
    }
    expect(socket.connected).toBe(true);
    expect(network.attempts).toHaveLength(1);
  });

  it("is noticed when the machine wakes up and emits", async () => {
    const socket = open();
    await run(50);
    const told: unknown[] = [];
    socket.on("disconnect", (reason) => told.push(reason));
    // Asleep: the clock went on, the timers did not.
    vi.setSystemTime(Date.now() + 60_000);
    socket.emit("event", 1);
    if (entry === "whole") expect(socket.sendBuffer).toHaveLength(1);
    await Promise.resolve();
    await run(0);
    expect(told).toEqual(["ping timeout"]);
    await run(3_000);
    expect(server.received.at(-1)).toMatchObject({ data: ["event", 1] });
  });
});

describe("a page", () => {
  let page: EventTarget;
  let document: { hidden: boolean };
  let watched: number;

  beforeEach(async () => {
    page = new EventTarget();
    watched = 0;
    const { watchPage } = await import("../src/platform/browser.js");
    document = { hidden: false };
    vi.stubGlobal("document", document);
    vi.stubGlobal("addEventListener", (type: string, listener: () => void) => {
      watched++;
      page.addEventListener(type, listener);
    });
    vi.stubGlobal("removeEventListener", (type: string, listener: () => void) => {
      watched--;
      page.removeEventListener(type, listener);
    });
    platform.watchPage = watchPage;
  });
  afterEach(() => {
    platform.watchPage = () => () => {};
    vi.unstubAllGlobals();
  });

  it("that goes offline loses the connection at once, and gets it back when it is online", async () => {
    const socket = open({ reconnectionDelay: 5000, randomizationFactor: 0 });
    const told: unknown[] = [];
    socket.on("disconnect", (reason, details) => told.push(reason, details));
    await run(50);
    page.dispatchEvent(new Event("offline"));
    expect(told).toEqual(["transport close", { description: "network connection lost" }]);
    await run(100);
    expect(socket.connected).toBe(false);
    page.dispatchEvent(new Event("online"));
    await run(100);
    expect(socket.connected).toBe(true);
  });

  it("that is put away gives its connection up, and has it back when it comes out again", async () => {
    const socket = open({ reconnectionDelay: 5000, randomizationFactor: 0 });
    const told: unknown[] = [];
    socket.on("disconnect", (reason, details) => told.push(reason, details));
    await run(50);
    document.hidden = true;
    page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: true }));
    expect(told).toEqual(["transport close", { description: "pagehide" }]);
    document.hidden = false;
    page.dispatchEvent(new Event("pageshow"));
    await run(100);
    expect(socket.connected).toBe(true);
  });

  it("that is left for good says nothing", async () => {
    const socket = open();
    await run(50);
    page.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
    expect(socket.connected).toBe(true);
  });

  it("that is hidden hears of its end all the same, and waits with everything else", async () => {
    const socket = open({ closeOnBeforeunload: true });
    await run(50);
    server.last.silent = true;
    document.hidden = true;
    page.dispatchEvent(new Event("visibilitychange"));
    await run(3_000);
    expect(socket.connected).toBe(true);
    page.dispatchEvent(new Event("beforeunload"));
    expect(socket.connected).toBe(false);
  });

  it("that is shown again checks its connection", async () => {
    const socket = open();
    await run(50);
    server.last.silent = true;
    page.dispatchEvent(new Event("visibilitychange"));
    await run(1900);
    expect(socket.connected).toBe(true);
    await run(200);
    expect(socket.connected).toBe(false);
  });

  it("is not watched any more after disconnect()", async () => {
    const socket = open();
    await run(50);
    expect(watched).toBeGreaterThan(0);
    socket.disconnect();
    expect(watched).toBe(0);
  });

  it("is not listened to with watchNetwork: false", async () => {
    const socket = open({ watchNetwork: false });
    await run(50);
    page.dispatchEvent(new Event("offline"));
    await run(50);
    expect(socket.connected).toBe(true);
  });

  it("takes the connection with it only if asked to", async () => {
    const stays = open();
    await run(50);
    page.dispatchEvent(new Event("beforeunload"));
    expect(stays.connected).toBe(true);
    const goes = open({ closeOnBeforeunload: true });
    await run(50);
    page.dispatchEvent(new Event("beforeunload"));
    expect(goes.connected).toBe(false);
  });
});

type WatchPage = typeof import("../src/platform/browser.js")["watchPage"];
const platform = vi.hoisted(() => ({ watchPage: (() => () => {}) as WatchPage }));
vi.mock("#platform", async (original) => ({
  ...(await original<object>()),
  ...(await import("./web-socket-link.js")),
  watchPage: ((listener) => platform.watchPage(listener)) as WatchPage,
}));

describe("listeners that fail", () => {
  it("are reported, and stop nothing", async () => {
    server.onevent = (session) => session.emit("back");
    const socket = open();
    const spy = vi.spyOn(console, "error").mockImplementation(() => {});
    const second = vi.fn();
    socket.on("back", () => {
      throw "thrown";
    });
    socket.on("back", async () => {
      throw "rejected";
    });
    socket.on("back", second);
    socket.emit("event");
    await run(50);
    expect(spy.mock.calls).toEqual([["thrown"], ["rejected"]]);
    expect(second).toHaveBeenCalled();
    expect(socket.connected).toBe(true);
    spy.mockRestore();
  });
});

describe("transports", () => {
  it("that are unknown are an error, later", async () => {
    const socket = open({ transports: ["carrier pigeon"], reconnection: false });
    const told = vi.fn();
    socket.on("connect_error", told);
    expect(told).not.toHaveBeenCalled();
    await run(0);
    expect(told.mock.calls[0]![0]).toMatchObject({
      message: "No transports available",
      code: "ERR_SOCKEYE_CLIENT_NO_TRANSPORT",
    });
  });

  it("that cannot be opened at all are an error, later", async () => {
    class Missing extends Transport {
      get name(): string {
        return "polling";
      }
      open(): void {
        throw "no such API";
      }
      send(): void {}
      close(): void {}
    }
    const socket = open({ transports: [Missing], reconnection: false });
    const told = vi.fn();
    socket.on("connect_error", told);
    await run(0);
    expect(told.mock.calls[0]![0]).toMatchObject({ message: "polling error", description: "no such API" });
  });

  it("are given one way, not both", () => {
    expect(() => open({ transportImplementations: [network.transport], transports: [network.transport] })).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_CLIENT_BAD_OPTION" }),
    );
  });

  it("are tried in turn with tryAllTransports", async () => {
    class Broken extends Transport {
      get name(): string {
        return "polling";
      }
      open(): void {
        Promise.resolve().then(() => this.host.ended(this, new Error("broken") as never));
      }
      send(): void {}
      close(): void {}
    }
    const transports = [Broken, network.transport];
    const one = open({ transports, reconnection: false });
    await run(50);
    expect(one.connected).toBe(false);
    const all = open({ transports, tryAllTransports: true });
    await run(50);
    expect(all.connected).toBe(true);
    expect(transports).toEqual([Broken, network.transport]);
  });
});
