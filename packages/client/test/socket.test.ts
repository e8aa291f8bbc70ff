import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IoOptions, Socket } from "../src/index.js";
import { ENTRIES, type Entry, ModelServer, Network } from "./link.js";

vi.mock("#platform", async (load) => ({
  ...(await load<object>()),
  ...(await import("./web-socket-link.js")),
}));

let server: ModelServer;
let network: Network;
const sockets: Socket[] = [];
let current: Entry;

const open = (options: IoOptions = {}, path = "/") => {
  const socket = network.io(path, options, current);
  sockets.push(socket);
  return socket;
};
const run = (ms = 50) => vi.advanceTimersByTimeAsync(ms);
const events = () =>
  server.received.filter((packet) => packet.type === 2).map((packet) => (packet as { data: unknown[] }).data);

beforeEach(() => {
  vi.useFakeTimers();
  current = "whole";
  server = new ModelServer();
  network = new Network(server);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await run(1000);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe.each(ENTRIES)("attributes, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it("follow the connection", async () => {
    const socket = open();
    const state = () => [socket.connected, socket.disconnected, socket.active, socket.id];
    expect(state()).toEqual([false, true, true, undefined]);
    await run();
    expect(state()).toEqual([true, false, true, "io-s0"]);
    network.cut();
    await run(10);
    expect(state()).toEqual([false, true, true, undefined]);
    await run(3000);
    expect(state()).toEqual([true, false, true, "io-s1"]);
    socket.disconnect();
    expect(state()).toEqual([false, true, false, undefined]);
  });

  itWhole("connect() and disconnect() may be called as often as one likes", async () => {
    const socket = open();
    const log: unknown[] = [];
    socket.on("connect", () => log.push("connect"));
    socket.on("disconnect", (reason) => log.push(reason));
    socket.connect().open();
    await run();
    socket.connect();
    await run();
    expect(server.received).toHaveLength(1);
    socket.disconnect().connect();
    await run();
    socket.disconnect().close();
    expect(log).toEqual(["connect", "io client disconnect", "connect", "io client disconnect"]);
  });
});

describe.each(ENTRIES)("credentials, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });

  it("are asked for at each connection, and a late answer is not used", async () => {
    const answers: ((data: Record<string, unknown>) => void)[] = [];
    const auths: unknown[] = [];
    server.onconnect = (_session, auth) => {
      auths.push(auth);
      return {};
    };
    const socket = open({ auth: (answer) => answers.push(answer) });
    await run();
    network.cut();
    await run(3000);
    answers[0]!({ token: "late" });
    answers[1]!({ token: "right" });
    await run();
    expect(auths).toEqual([{ token: "right" }]);
    expect(socket.connected).toBe(true);
  });

  it("that cannot be written down are a connect_error", async () => {
    const socket = open({ auth: { big: 1n } });
    const told = vi.fn();
    socket.on("connect_error", told);
    await run();
    expect([told.mock.calls.length, socket.active]).toEqual([1, false]);
  });

  it("stand above the place to resume at", async () => {
    const auths: unknown[] = [];
    server.onconnect = (_session, auth) => {
      auths.push(auth);
      return { pid: "p", tag: "~t", offset: "~t0" };
    };
    open({ auth: { token: "x", offset: "mine" } });
    await run();
    network.cut();
    await run(3000);
    expect(auths).toEqual([
      { token: "x", offset: "mine" },
      { pid: "p", token: "x", offset: "mine" },
    ]);
  });
});

describe.each(ENTRIES)("a refusal, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it("is final", async () => {
    server.onconnect = () => ({ error: { message: "no", data: { why: 1 } } });
    const socket = open();
    const told = vi.fn();
    socket.on("connect_error", told);
    await run(30_000);
    expect(told).toHaveBeenCalledTimes(1);
    expect(told.mock.calls[0]![0]).toMatchObject({
      message: "no",
      data: { why: 1 },
      code: "ERR_SOCKEYE_CLIENT_REFUSED",
    });
    expect([socket.active, network.attempts.length]).toEqual([false, 1]);
  });

  itWhole("is not, where the server says when to come back", async () => {
    let full = true;
    server.onconnect = () => (full ? { error: { message: "full", retryAfter: 1000 } } : {});
    const socket = open();
    const active: boolean[] = [];
    socket.on("connect_error", () => active.push(socket.active));
    await run(900);
    full = false;
    expect([active, socket.connected]).toEqual([[true], false]);
    await run(700);
    expect(socket.connected).toBe(true);
    expect(network.attempts).toHaveLength(1);
  });

  it("is what a server of version 2 looks like", async () => {
    server.onconnect = () => ({ sid: undefined });
    const socket = open();
    const told = vi.fn();
    socket.on("connect_error", told);
    await run();
    expect(told.mock.calls[0]![0]).toMatchObject({ code: "ERR_SOCKEYE_CLIENT_OLD_SERVER" });
  });

  it("before the namespace is joined, a lost connection is a connect_error, not a disconnect", async () => {
    const socket = open({ reconnection: false, auth: () => {} });
    const log: unknown[] = [];
    socket.on("disconnect", () => log.push("disconnect"));
    socket.on("connect_error", (error) => log.push(error.code));
    await run();
    network.cut();
    await run();
    expect(log).toEqual(["ERR_SOCKEYE_CLIENT_TRANSPORT"]);
  });
});

describe.each(ENTRIES)("emit, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it("refuses the library's own events", () => {
    const socket = open();
    for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
      expect(() => socket.emit(name)).toThrow(
        expect.objectContaining({
          message: `"${name}" is a reserved event name`,
          code: "ERR_SOCKEYE_CLIENT_RESERVED_EVENT",
        }),
      );
    }
  });

  itWhole("waits for the connection, in order, and send() is the event message", async () => {
    const socket = open();
    socket.emit("a", 1).send(2, 3);
    expect(socket.sendBuffer.map(({ data }) => data)).toEqual([
      ["a", 1],
      ["message", 2, 3],
    ]);
    await run();
    expect(events()).toEqual([
      ["a", 1],
      ["message", 2, 3],
    ]);
    expect(socket.sendBuffer).toEqual([]);
  });

  itWhole("forgets what waits when the buffer is replaced", async () => {
    const socket = open();
    socket.emit("a");
    socket.sendBuffer = [];
    await run();
    expect(events()).toEqual([]);
  });

  it("delivers what waited before it tells of the connection", async () => {
    server.onconnect = (session) => {
      session.emit("early");
      return {};
    };
    const socket = open();
    const log: unknown[] = [];
    socket.on("early", () => log.push("early", socket.connected));
    socket.on("connect", () => {
      log.push("connect");
      socket.emit("second");
    });
    socket.emit("first");
    await run();
    expect(log).toEqual(["early", true, "connect"]);
    expect(events()).toEqual([["first"], ["second"]]);
  });

  itWhole("refuses what the server would not take, at once", async () => {
    server.handshake.maxPayload = 100;
    const socket = open();
    const dropped = vi.fn();
    socket.io.on("packet_dropped", dropped);
    socket.emit("waits", "x".repeat(200));
    await run();
    expect(dropped.mock.calls[0]![0]).toMatchObject({ nsp: "/", data: ["waits", "x".repeat(200)] });
    const tooLarge = expect.objectContaining({ code: "ERR_SOCKEYE_CLIENT_TOO_LARGE" });
    expect(() => socket.emit("a", "x".repeat(91))).toThrow(tooLarge);
    expect(() => socket.emit("a", "ß".repeat(46))).toThrow(tooLarge);
    expect(() => socket.emit("a", Buffer.alloc(101))).toThrow(tooLarge);
    await expect(socket.emitWithAck("a", "x".repeat(100))).rejects.toEqual(tooLarge);
    socket.emit("a", "x".repeat(90));
    socket.emit("b", "ß".repeat(45));
    await run();
    expect(events()).toHaveLength(2);
    expect(socket.connected).toBe(true);
  });

  it("refuses what cannot be written down", async () => {
    const socket = open();
    await run();
    const ring: unknown[] = [];
    ring.push(ring);
    expect(() => socket.emit("a", ring)).toThrow();
    expect(() => socket.emit("a", 1n)).toThrow();
    socket.emit("b");
    await run();
    expect(events()).toEqual([["b"]]);
  });
});

describe.each(ENTRIES)("volatile, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it("events are dropped without a connection, and while another packet waits", async () => {
    const socket = open();
    const dropped: unknown[] = [];
    socket.io.on("packet_dropped", ({ data, error }) => dropped.push(data, error.code));
    socket.volatile.emit("offline");
    await run();
    socket.volatile.emit("first");
    socket.volatile.emit("second");
    socket.emit("third");
    await run();
    socket.volatile.emit("fourth");
    await run();
    expect(events()).toEqual([["first"], ["third"], ["fourth"]]);
    const code = "ERR_SOCKEYE_CLIENT_DROPPED";
    expect(dropped).toEqual([["offline"], code, ["second"], code]);
  });

  itWhole("events are not retried", async () => {
    const socket = open({ retries: 3 });
    await run();
    socket.volatile.emit("a");
    await run(40_000);
    expect(events()).toEqual([["a"]]);
  });

  it("an acknowledgement of a dropped event fails", async () => {
    const socket = open();
    await expect(socket.volatile.emitWithAck("a")).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLIENT_DROPPED" });
  });
});

describe.each(ENTRIES)("acknowledgements, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it("are answered with the answer, an error first where there may be one", async () => {
    server.onevent = (_session, [, ...args], answer) => answer(...args);
    const socket = open();
    const log: unknown[] = [];
    socket.emit("a", 1, 2, (...args: unknown[]) => log.push(args));
    socket.timeout(1000).emit("b", 3, (...args: unknown[]) => log.push(args));
    const strict = open({ ackTimeout: 1000 });
    strict.emit("c", 4, (...args: unknown[]) => log.push(args));
    await run();
    expect(log).toEqual([
      [1, 2],
      [null, 3],
      [null, 4],
    ]);
    expect(await Promise.all([run().then(() => 0), socket.emitWithAck("d", 5, 6)])).toEqual([0, 5]);
  });

  itWhole("are given up in time, and a packet that still waits is taken back", async () => {
    const socket = open({ autoConnect: false });
    const told = vi.fn();
    socket.timeout(100).emit("a", told);
    expect(socket.sendBuffer).toHaveLength(1);
    await run(101);
    expect(told.mock.calls).toEqual([
      [expect.objectContaining({ message: "operation has timed out", code: "ERR_SOCKEYE_CLIENT_ACK_TIMEOUT" })],
    ]);
    expect(socket.sendBuffer).toEqual([]);
  });

  it("fail when the connection is lost, but those of packets that wait", async () => {
    const socket = open();
    await run();
    const log: unknown[] = [];
    socket.emit("plain", () => log.push("never"));
    socket.timeout(60_000).emit("timed", (error: Error) => log.push(error.message));
    const promised = socket.emitWithAck("promised").catch((error) => log.push(error.code));
    await run(1);
    network.cut();
    await run(10);
    await promised;
    expect(log).toEqual(["socket has been disconnected", "ERR_SOCKEYE_CLIENT_DISCONNECTED"]);
    server.onevent = (_session, _data, answer) => answer("later");
    socket.emit("waits", (answer: unknown) => log.push(answer));
    await run(3000);
    expect(log.at(-1)).toBe("later");
  });

  it("that fail may emit, which waits like anything else", async () => {
    const socket = open();
    await run();
    const log: unknown[] = [];
    socket.timeout(60_000).emit("a", (error: Error) => {
      log.push(error.message);
      socket.timeout(60_000).emit("b", (_error: Error | null, answer: unknown) => log.push(answer));
    });
    network.cut();
    server.onevent = (_session, _data, answer) => answer("b, answered");
    await run(3000);
    expect(log).toEqual(["socket has been disconnected", "b, answered"]);
  });

  it("are settled once, whatever the server sends", async () => {
    const socket = open();
    await run();
    const told = vi.fn();
    socket.emit("a", told);
    await run();
    for (const frame of ["430[1]", "430[2]", "4399[3]"]) server.last.wire.send(frame);
    await run();
    expect(told.mock.calls).toEqual([[1]]);
  });

  it("are given once", async () => {
    const socket = open();
    socket.on("question", (answer: (n: number) => void) => {
      answer(1);
      answer(2);
    });
    await run();
    server.last.wire.send('427["question"]');
    await run();
    expect(server.received.slice(1)).toEqual([{ type: 3, nsp: "/", id: 7, data: [1] }]);
  });
});

describe.each(ENTRIES)("signal, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it("takes back a packet that waits, and fails its acknowledgement", async () => {
    const socket = open({ autoConnect: false });
    const controller = new AbortController();
    const answer = socket.signal(controller.signal).emitWithAck("a");
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLIENT_ABORTED" });
    expect(socket.sendBuffer).toEqual([]);
  });

  it("sends nothing when it is aborted already", async () => {
    const socket = open();
    await run();
    await expect(socket.signal(AbortSignal.abort()).emitWithAck("a")).rejects.toMatchObject({
      code: "ERR_SOCKEYE_CLIENT_ABORTED",
    });
    await run();
    expect(events()).toEqual([]);
  });

  itWhole("ends retries, and lets go of the signal afterwards", async () => {
    const socket = open({ retries: 100, ackTimeout: 100 });
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, "removeEventListener");
    const told = vi.fn();
    socket.signal(controller.signal).emit("a", told);
    await run(350);
    controller.abort();
    await run(1000);
    expect(events()).toHaveLength(4);
    expect(told.mock.calls).toEqual([[expect.objectContaining({ code: "ERR_SOCKEYE_CLIENT_ABORTED" })]]);
    expect(remove).toHaveBeenCalledTimes(4);
  });
});

describe("a full buffer", () => {
  const fill = (options: IoOptions) => {
    const socket = open({ autoConnect: false, bufferLimit: 2, ...options });
    const dropped: unknown[] = [];
    socket.io.on("packet_dropped", ({ data, error }) => dropped.push(data[0], error.code));
    return { socket, dropped };
  };
  const FULL = "ERR_SOCKEYE_CLIENT_BUFFER_FULL";

  it("drops the oldest, and fails its acknowledgement", async () => {
    const { socket, dropped } = fill({});
    const told = vi.fn();
    socket.timeout(1000).emit("a", told);
    socket.emit("b").emit("c");
    expect(socket.sendBuffer.map(({ data }) => data[0])).toEqual(["b", "c"]);
    expect(dropped).toEqual(["a", FULL]);
    expect(told.mock.calls[0]![0]).toMatchObject({ code: FULL });
  });

  it("drops the newest, or throws, if told to", () => {
    const newest = fill({ bufferPolicy: "drop-newest" });
    newest.socket.emit("a").emit("b").emit("c");
    expect([newest.socket.sendBuffer.map(({ data }) => data[0]), newest.dropped]).toEqual([
      ["a", "b"],
      ["c", FULL],
    ]);
    const error = fill({ bufferPolicy: "error" });
    error.socket.emit("a").emit("b");
    expect(() => error.socket.emit("c")).toThrow(expect.objectContaining({ code: FULL }));
  });

  it("of retried events does the same", async () => {
    const { socket, dropped } = fill({ retries: 1 });
    socket.emit("a").emit("b").emit("c");
    expect(dropped).toEqual(["a", FULL]);
    server.onevent = (_session, _data, answer) => answer();
    socket.connect();
    await run();
    expect(events()).toEqual([["b"], ["c"]]);
  });

  it("of old packets is emptied of those that are too old", async () => {
    const { socket, dropped } = fill({ bufferTtl: 1000 });
    socket.emit("a");
    await run(900);
    socket.emit("b");
    await run(200);
    socket.connect();
    await run();
    expect(events()).toEqual([["b"]]);
    expect(dropped).toEqual(["a", "ERR_SOCKEYE_CLIENT_EXPIRED"]);
  });
});

describe("catch-all listeners", () => {
  it("see what comes and what goes", async () => {
    server.onevent = (session, data) => session.emit(...data);
    const socket = open();
    const log: unknown[] = [];
    const any = (...args: unknown[]) => log.push("any", ...args);
    socket.onAny(any);
    socket.prependAny((name) => log.push("first", name));
    socket.onAnyOutgoing((...args) => log.push("out", ...args));
    socket.prependAnyOutgoing((name) => log.push("first out", name));
    socket.emit("a", 1);
    expect(log).toEqual([]);
    await run();
    expect(log).toEqual(["first out", "a", "out", "a", 1, "first", "a", "any", "a", 1]);
    expect([socket.listenersAny(), socket.listenersAnyOutgoing()].map((list) => list.length)).toEqual([2, 2]);
    socket.offAny(any).offAnyOutgoing();
    expect([socket.listenersAny(), socket.listenersAnyOutgoing()].map((list) => list.length)).toEqual([1, 0]);
    socket.offAny();
    expect(socket.listenersAny()).toEqual([]);
  });
});

describe.each(ENTRIES)("what a server may not do, %s entry", (entry) => {
  beforeEach(() => {
    current = entry;
  });
  const itWhole = entry === "whole" ? it : () => {};

  it.each([
    ["a Socket.IO packet that is none", "4x", "parse error"],
    ["an Engine.IO packet that is none", "x", "parse error"],
    ["a second handshake", '0{"sid":"x","upgrades":[],"pingInterval":1,"pingTimeout":1}', "parse error"],
    ["a pong", "3", "parse error"],
    ["a reserved event", '42["connect"]', "parse error"],
    ["its close packet", "1", "transport close"],
  ])("%s ends the connection, and it comes back", async (_title, frame, reason) => {
    const socket = open();
    await run();
    const told: unknown[] = [];
    socket.on("disconnect", (why) => told.push(why));
    server.last.wire.send(frame);
    await run(3000);
    expect(told).toEqual([reason]);
    expect(socket.connected).toBe(true);
  });

  it.each(["0", "0null", '0{"sid":1}', "42", "2"])("open with %s", async (frame) => {
    const accept = server.accept.bind(server);
    server.accept = (wire) => {
      const session = accept({ ...wire, send: () => {} });
      wire.send(frame);
      return session;
    };
    const socket = open({ reconnection: false });
    const told = vi.fn();
    socket.on("connect_error", told);
    await run();
    expect(told).toHaveBeenCalledTimes(1);
    for (const session of server.sessions) session.end();
  });

  it("a namespace granted when nobody is there for it any more is left", async () => {
    const socket = open();
    await run();
    server.last.wire.send('40/other,{"sid":"x"}');
    await run();
    expect(server.received.slice(1)).toEqual([{ type: 1, nsp: "/other" }]);
    expect(socket.connected).toBe(true);
  });

  itWhole("events for a namespace that nobody joined are not delivered", async () => {
    const socket = open();
    const any = vi.fn();
    socket.onAny(any);
    await run();
    server.last.wire.send('42/other,["a"]');
    server.last.wire.send('40{"sid":"again"}');
    await run();
    expect(any).not.toHaveBeenCalled();
    expect(socket.id).toBe("io-s0");
  });
});
