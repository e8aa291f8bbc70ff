import { describe, expect, it, vi } from "vitest";
import type { HostSocket, OutgoingEvent } from "../src/contract.js";
import { InMemoryAdapter, type InMemoryAdapterOptions } from "../src/in-memory-adapter.js";
import { StubHost } from "./support/stub-host.js";

const EVENT: OutgoingEvent = { type: 2, data: ["hello", 1] };

function setup(members: Record<string, string[]> = { a: ["x"], b: ["x", "y"], c: [] }) {
  const host = new StubHost();
  const adapter = new InMemoryAdapter(host.target);
  const sockets = new Map<string, HostSocket>();
  for (const [id, rooms] of Object.entries(members)) {
    adapter.addAll(id, new Set([id, ...rooms]));
    const socket = {
      id,
      handshake: {},
      data: {},
      rooms: new Set(rooms),
      join: vi.fn(),
      leave: vi.fn(),
      disconnect: vi.fn(),
    };
    sockets.set(id, socket);
    host.connected.set(id, socket);
  }
  return { host, adapter, socket: (id: string) => sockets.get(id)! };
}

const rooms = (...names: string[]) => ({ rooms: new Set(names) });

describe("InMemoryAdapter", () => {
  it("encodes a broadcast once and hands it to the host with its recipients", () => {
    const { host, adapter } = setup();
    const encode = vi.spyOn(host, "encode");
    const flags = { volatile: true };
    adapter.broadcast(EVENT, { ...rooms("x"), except: new Set(["b"]), flags });
    expect(encode).toHaveBeenCalledTimes(1);
    expect(host.deliveries).toEqual([{ to: ["a"], broadcast: { encoded: ['["hello",1]'], flags, packet: EVENT } }]);
  });

  it("lets the caller hear that an event cannot be encoded", () => {
    const { host, adapter } = setup();
    const circular: unknown[] = [];
    circular.push(circular);
    expect(() => adapter.broadcast({ type: 2, data: ["e", circular] }, rooms())).toThrow(TypeError);
    expect(host.deliveries).toEqual([]);
  });

  it("relays the course of an acknowledged broadcast", () => {
    const { host, adapter } = setup();
    const heard: unknown[] = [];
    adapter.broadcastWithAck(
      EVENT,
      { ...rooms("x"), flags: { timeout: 10 } },
      (count) => heard.push(["count", count]),
      (...args) => heard.push(["ack", ...args]),
      () => heard.push("gone"),
    );
    const { sink, flags } = host.asked[0]!;
    sink.onAck([1, 2]);
    sink.onGone();
    expect(flags).toEqual({ timeout: 10 });
    expect(heard).toEqual([["count", 2], ["ack", 1, 2], "gone"]);
  });

  it("does without a gone callback", () => {
    const { host, adapter } = setup();
    adapter.broadcastWithAck(EVENT, rooms("x"), vi.fn(), vi.fn());
    expect(() => host.asked[0]!.sink.onGone()).not.toThrow();
  });

  it("tells applications about rooms", () => {
    const { adapter } = setup({});
    const heard: unknown[] = [];
    for (const event of ["create-room", "delete-room", "join-room", "leave-room"]) {
      adapter.on(event, (...args: unknown[]) => heard.push([event, ...args]));
    }
    adapter.addAll("a", new Set(["x"]));
    adapter.del("a", "x");
    adapter.del("a", "x");
    adapter.delAll("a");
    expect(heard).toEqual([
      ["create-room", "x"],
      ["join-room", "x", "a"],
      ["leave-room", "x", "a"],
      ["delete-room", "x"],
    ]);
  });

  it("reports a listener that throws, and completes the join", () => {
    const { host, adapter } = setup({});
    adapter.on("create-room", () => {
      throw new RangeError("mine");
    });
    adapter.on("join-room", () => {
      throw "a string";
    });
    adapter.addAll("a", new Set(["x"]));
    expect(adapter.rooms.get("x")).toEqual(new Set(["a"]));
    expect(host.errors.map((error) => error.message)).toEqual(["mine", "a string"]);
    expect(host.errors[1]).toMatchObject({ code: "ERR_SOCKEYE_ADAPTER_LISTENER", cause: "a string" });
  });

  it("lists sockets and their rooms", async () => {
    const { adapter } = setup();
    expect(await adapter.sockets(new Set())).toEqual(new Set(["a", "b", "c"]));
    expect(await adapter.sockets(new Set(["y"]))).toEqual(new Set(["b"]));
    expect(adapter.socketRooms("b")).toEqual(new Set(["b", "x", "y"]));
    expect(adapter.socketRooms("nobody")).toBeUndefined();
  });

  it("fetches connected sockets as themselves, without those that are not connected yet", async () => {
    const { adapter, socket } = setup();
    adapter.addAll("in-middleware", new Set(["x"]));
    expect(await adapter.fetchSockets(rooms("x"))).toEqual([socket("a"), socket("b")]);
    expect(await adapter.sockets(new Set(["x"]))).toEqual(new Set(["a", "b"]));
  });

  it("makes the selected sockets join, leave and disconnect", () => {
    const { adapter, socket } = setup();
    adapter.addSockets(rooms("y"), ["z"]);
    adapter.delSockets({ ...rooms("x"), except: new Set(["y"]) }, ["x", "z"]);
    adapter.disconnectSockets(rooms("c"), true);
    expect(socket("b").join).toHaveBeenCalledWith(["z"]);
    expect(vi.mocked(socket("a").leave).mock.calls).toEqual([["x"], ["z"]]);
    expect(socket("b").leave).not.toHaveBeenCalled();
    expect(socket("c").disconnect).toHaveBeenCalledWith(true);
  });

  it("reports a socket that fails, at once or later, and goes on with the next", async () => {
    const { host, adapter, socket } = setup();
    vi.mocked(socket("a").join).mockImplementation(() => {
      throw new RangeError("at once");
    });
    vi.mocked(socket("b").join).mockRejectedValue(new RangeError("later"));
    adapter.addSockets(rooms(), ["z"]);
    await Promise.resolve();
    expect(socket("c").join).toHaveBeenCalled();
    expect(host.errors.map((error) => error.message)).toEqual(["at once", "later"]);
  });

  it("is a cluster of one", async () => {
    const { host, adapter } = setup();
    const answer = vi.fn();
    adapter.serverSideEmit(["hello"]);
    adapter.serverSideEmit(["hello", answer]);
    expect(await adapter.serverCount()).toBe(1);
    expect(answer).toHaveBeenCalledWith(null, []);
    expect(host.serverSideEvents).toEqual([]);
  });

  it("refuses a target that is no namespace", () => {
    expect(() => new InMemoryAdapter({ name: "/" })).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_ADAPTER_TARGET" }),
    );
  });
});

describe("InMemoryAdapter with connection state recovery", () => {
  function recoverable(options?: InMemoryAdapterOptions) {
    const host = Object.assign(new StubHost(), { recovery: { maxDisconnectionDuration: 5000 } });
    return { host, adapter: new InMemoryAdapter(host.target, options) };
  }

  it("follows the server's settings, unless it has its own", () => {
    expect(recoverable().adapter.recovery!.maxDisconnectionDuration).toBe(5000);
    expect(recoverable({ recovery: { maxBytes: 1 } }).adapter.recovery!.maxDisconnectionDuration).toBe(5000);
    expect(recoverable({ recovery: { maxDisconnectionDuration: 1 } }).adapter.recovery!.maxDisconnectionDuration).toBe(
      1,
    );
    expect(recoverable({ recovery: false }).adapter.recovery).toBeUndefined();
    expect(setup().adapter.recovery).toBeUndefined();
  });

  it("gives a place in the log to what can be recovered", () => {
    const { host, adapter } = recoverable();
    adapter.addAll("a", new Set(["a"]));
    const { tag } = adapter.recovery!;
    adapter.broadcast(EVENT, rooms());
    adapter.broadcast(EVENT, { ...rooms(), flags: { volatile: true } });
    adapter.broadcast({ ...EVENT, id: 1 }, rooms());
    adapter.broadcast(EVENT, rooms("nowhere"));
    expect(host.deliveries.map(({ broadcast }) => broadcast.offset)).toEqual([
      `${tag}1`,
      undefined,
      undefined,
      undefined,
    ]);
    expect(EVENT.data).toEqual(["hello", 1]);
  });

  it("serves servers that ask for sessions in the incumbent's way", async () => {
    const { adapter } = recoverable();
    adapter.addAll("a", new Set(["a", "x"]));
    const session = { sid: "a", pid: "secret", rooms: ["a", "x"], data: { name: "ada" } };
    adapter.broadcast(EVENT, rooms());
    adapter.persistSession(session);
    adapter.delAll("a");
    adapter.broadcast({ type: 2, data: ["missed", 2] }, rooms("x"));
    const { tag } = adapter.recovery!;
    expect(await adapter.restoreSession("secret", `${tag}1`)).toEqual({
      ...session,
      missedPackets: [["missed", 2, `${tag}2`]],
    });
    expect(await adapter.restoreSession("secret", `${tag}1`)).toBeUndefined();
  });

  it("keeps nothing of sessions when it is off or closed", async () => {
    const { adapter } = setup();
    adapter.persistSession({ sid: "a", pid: "secret", rooms: [], data: null });
    expect(await adapter.restoreSession("secret", "")).toBeUndefined();
    const other = recoverable().adapter;
    other.persistSession({ sid: "a", pid: "secret", rooms: [], data: null });
    other.close();
    expect(other.recovery!.inspect().sessions).toBe(0);
  });
});
