import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type IoOptions, io, Manager, type Socket } from "../src/websocket/index.js";
import { ModelServer, Network } from "./link.js";
import { linkWebSockets } from "./web-socket-link.js";

vi.mock("#platform", async (load) => ({
  ...(await load<object>()),
  ...(await import("./web-socket-link.js")),
}));

// What is its own of the WebSocket-only entry point; what it has in common with the default one is tested there, for both.

let server: ModelServer;
let network: Network;
let socket: Socket | undefined;
const run = (ms = 50) => vi.advanceTimersByTimeAsync(ms);
const open = (options: IoOptions = {}) => {
  socket = io("http://model", { forceNew: true, reconnection: false, ...options });
  return socket;
};
const events = () => server.received.flatMap((packet) => (packet.type === 2 ? [packet.data] : []));

beforeEach(() => {
  vi.useFakeTimers();
  server = new ModelServer();
  network = new Network(server);
  linkWebSockets(() => network.webSocket());
});

afterEach(async () => {
  socket?.disconnect();
  await run(1000);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("an option of what is not here", () => {
  it.each([
    { retries: 3 },
    { bufferPolicy: "error" },
    { bufferTtl: 1000 },
    { watchNetwork: true },
    { closeOnBeforeunload: true },
    { forceBase64: true },
    { timestampRequests: true },
    { transportOptions: {} },
    { transportImplementations: [] },
    { transports: ["polling"] },
  ] satisfies IoOptions[])("is refused: %o", (options) => {
    const refused = expect.objectContaining({
      code: "ERR_SOCKEYE_CLIENT_BAD_OPTION",
      message: `not in this entry point: ${Object.keys(options)[0]}`,
    });
    expect(() => io("http://model", { forceNew: true, ...options })).toThrow(refused);
    expect(() => new Manager("http://model", options)).toThrow(refused);
    expect(network.attempts).toEqual([]);
  });

  it("is taken where it asks for nothing", async () => {
    open({ retries: 0, watchNetwork: false, forceBase64: undefined, transports: ["polling", "websocket"] });
    await run();
    expect(socket!.connected).toBe(true);
  });
});

describe("a full buffer", () => {
  it("drops the oldest, and tells of it", async () => {
    open({ autoConnect: false, bufferLimit: 2 });
    const dropped: unknown[] = [];
    socket!.io.on("packet_dropped", ({ data, error }) => dropped.push(data[0], error.code));
    const lost = socket!.timeout(60_000).emitWithAck("a");
    socket!.emit("b").emit("c");
    await expect(lost).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLIENT_BUFFER_FULL" });
    socket!.connect();
    await run();
    expect(dropped).toEqual(["a", "ERR_SOCKEYE_CLIENT_BUFFER_FULL"]);
    expect(events()).toEqual([["b"], ["c"]]);
  });

  it("gives back a packet whose acknowledgement came too late", async () => {
    open({ autoConnect: false });
    const late = expect(socket!.timeout(100).emitWithAck("a")).rejects.toMatchObject({
      code: "ERR_SOCKEYE_CLIENT_ACK_TIMEOUT",
    });
    await run(101);
    await late;
    socket!.connect();
    await run();
    expect(events()).toEqual([]);
  });
});

describe("the engine", () => {
  it("tells of itself, and of its end", async () => {
    open();
    const { engine } = socket!.io;
    const log: unknown[] = [];
    for (const event of ["open", "ping", "error", "close"] as const)
      engine.on(event, (...args: unknown[]) => log.push(event, ...args));
    expect([engine.readyState, engine.id, engine.transport.name]).toEqual(["opening", undefined, "websocket"]);
    await run(26_000);
    expect([engine.readyState, engine.id, engine.maxPayload]).toEqual(["open", "s0", 1_000_000]);
    engine.close();
    engine.write("too late");
    engine.close();
    expect(engine.readyState).toBe("closed");
    expect(log).toEqual(["open", "ping", "close", "forced close", undefined]);
  });

  it("reports an address that cannot be opened later, as an error", async () => {
    linkWebSockets(() => {
      throw "no such API";
    });
    open();
    const told = vi.fn();
    socket!.on("connect_error", told);
    expect(told).not.toHaveBeenCalled();
    await run();
    expect(told.mock.calls[0]![0]).toMatchObject({ message: "websocket error", description: "no such API" });
  });

  it("ignores what comes after its end", async () => {
    open();
    await run();
    const { engine } = socket!.io;
    const told = vi.fn();
    engine.on("data", told);
    engine.end("forced close");
    server.last.wire.send('42["late"]');
    await run();
    expect(told).not.toHaveBeenCalled();
  });
});
