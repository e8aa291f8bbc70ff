import { afterEach, describe, expect, it, vi } from "vitest";
import { type ClusterAdapter, createClusterAdapter } from "../../src/cluster/cluster-adapter.js";
import type { ForeignCommand } from "../../src/cluster/foreign/contract.js";
import { eventually, MemoryBus, SimulatedNamespace } from "../../src/conformance/index.js";
import { ClusterEmitterWay, Emitter, type EmitterWay } from "../../src/emitter/index.js";

const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

/** A way that writes down what is said. */
class Notes implements EmitterWay {
  readonly said: (ForeignCommand & { namespace: string })[] = [];
  refuse: Error | undefined;
  closed = false;

  async send(namespace: string, command: ForeignCommand): Promise<void> {
    if (this.refuse !== undefined) throw this.refuse;
    this.said.push({ namespace, ...command });
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

const coded = (code: string) => expect.objectContaining({ code });

describe("Emitter", () => {
  it("says whom an operation concerns, and how, and keeps its steps apart", async () => {
    const way = new Notes();
    const emitter = new Emitter(way);
    const base = emitter.to("a").in(["b", "a"]).except("c");
    expect(base.volatile.compress(false).emit("event", 1)).toBe(true);
    base.emit("plain");
    emitter.of("chat").except(["x", "y"]).socketsJoin("r");
    emitter.of("/chat").to("z").socketsLeave(["r", "s"]);
    emitter.disconnectSockets();
    emitter.in("a").disconnectSockets(true);
    emitter.serverSideEmit("hello", 1, "two");
    await emitter.flushed();
    const selection = { rooms: ["a", "b"], except: ["c"] };
    const flags = { volatile: true, compress: false };
    expect(way.said).toEqual([
      { kind: "broadcast", namespace: "/", ...selection, flags, event: ["event", 1] },
      { kind: "broadcast", namespace: "/", ...selection, flags: {}, event: ["plain"] },
      { kind: "join", namespace: "/chat", rooms: [], except: ["x", "y"], target: ["r"] },
      { kind: "leave", namespace: "/chat", rooms: ["z"], except: [], target: ["r", "s"] },
      { kind: "disconnect", namespace: "/", rooms: [], except: [], close: false },
      { kind: "disconnect", namespace: "/", rooms: ["a"], except: [], close: true },
      { kind: "server-side-emit", namespace: "/", args: ["hello", 1, "two"] },
    ]);
  });

  it("refuses names that only the library emits", () => {
    const emitter = new Emitter(new Notes());
    for (const name of ["connect", "disconnect", "connect_error"]) {
      expect(() => emitter.emit(name)).toThrowError(coded("ERR_SOCKEYE_EMITTER_RESERVED_EVENT"));
    }
    for (const name of ["connect", "connection", "new_namespace"]) {
      expect(() => emitter.serverSideEmit(name)).toThrowError(coded("ERR_SOCKEYE_EMITTER_RESERVED_EVENT"));
    }
  });

  it("says when nobody can answer", async () => {
    const emitter = new Emitter(new Notes());
    const unanswerable = coded("ERR_SOCKEYE_EMITTER_UNANSWERABLE");
    expect(() => emitter.emit("ask", () => {})).toThrowError(unanswerable);
    expect(() => emitter.timeout(1).emit("ask", () => {})).toThrowError(unanswerable);
    expect(() => emitter.serverSideEmit("ask", () => {})).toThrowError(unanswerable);
    await expect(emitter.emitWithAck("ask")).rejects.toEqual(unanswerable);
    await expect(emitter.serverSideEmitWithAck("ask")).rejects.toEqual(unanswerable);
    await expect(emitter.fetchSockets()).rejects.toEqual(unanswerable);
  });

  it("tells what could not be sent, to its hook and to who waits", async () => {
    const way = new Notes();
    const onError = vi.fn();
    const emitter = new Emitter(way, { onError });
    way.refuse = new Error("away");
    emitter.emit("event");
    await expect(emitter.flushed()).rejects.toThrow("away");
    expect(onError.mock.calls).toEqual([[way.refuse]]);
    await expect(emitter.flushed()).resolves.toBeUndefined();
  });

  it("ends with what was said before, and says nothing afterwards", async () => {
    const way = new Notes();
    const emitter = new Emitter(way);
    emitter.emit("last");
    await emitter.close();
    expect([way.said.length, way.closed]).toEqual([1, true]);
    expect(() => emitter.emit("more")).toThrowError(coded("ERR_SOCKEYE_EMITTER_CLOSED"));
  });

  it("knows the application's events", () => {
    interface Events {
      news: (text: string) => void;
      ask: (question: number, answer: (yes: boolean) => void) => void;
    }
    const emitter = new Emitter<Events>(new Notes());
    emitter.emit("news", "text");
    // @ts-expect-error: a number is no text
    emitter.emit("news", 1);
    // @ts-expect-error: no such event
    emitter.emit("rumour");
    const answers = (): Promise<boolean[]> =>
      emitter
        .timeout(5)
        .emitWithAck("ask", 1)
        .then(([first]) => first as never);
    expect(answers).toBeTypeOf("function");
  });
});

async function cluster(bus: MemoryBus, nodes: number, recovery?: { maxDisconnectionDuration: number }) {
  const opened = [];
  for (let i = 0; i < nodes; i++) {
    const nsp = new SimulatedNamespace({ recovery });
    const adapter: ClusterAdapter = createClusterAdapter({ driver: bus.driver(), heartbeatInterval: 100 })(nsp);
    nsp.adapter = adapter;
    await adapter.init();
    closing.push(adapter);
    opened.push({ nsp, adapter });
  }
  return opened;
}

function emitterOn(bus: MemoryBus, options: object = {}): Emitter {
  const emitter = new Emitter(new ClusterEmitterWay(bus.driver(), { discoveryTime: 50, ...options }));
  closing.unshift(emitter);
  return emitter;
}

describe("an emitter into a cluster of ours", () => {
  it("emits, moves and disconnects, and is no server", async () => {
    const bus = new MemoryBus();
    const [a, b] = await cluster(bus, 2);
    const [one, two] = [await a!.nsp.connect("one", "x"), await b!.nsp.connect("two", "x", "y")];
    const emitter = emitterOn(bus);
    emitter.emit("all", Uint8Array.of(1));
    emitter.to("x").except("y").emit("some");
    emitter.in("y").socketsJoin("z");
    emitter.to("z").emit("moved");
    emitter.serverSideEmit("hello", 1);
    await eventually(() => expect(two.events).toEqual([["all", Uint8Array.of(1)], ["moved"]]));
    await eventually(() => expect(one.events).toEqual([["all", Uint8Array.of(1)], ["some"]]));
    await eventually(() =>
      expect([a, b].map((node) => node!.nsp.serverSideEvents)).toEqual([[["hello", 1]], [["hello", 1]]]),
    );
    emitter.in("y").disconnectSockets(true);
    await eventually(() => expect([one.connected, two.connected]).toEqual([true, false]));
    expect(await a!.adapter.serverCount()).toBe(2);
  });

  it("with the servers' partitions, bothers only those with members", async () => {
    const bus = new MemoryBus();
    const [a, b] = await cluster(bus, 2);
    const one = await a!.nsp.connect("one", "x");
    const emitter = emitterOn(bus, { partitions: 64 });
    emitter.to("x").emit("event");
    await eventually(() => expect(one.events).toEqual([["event"]]));
    expect(b!.adapter.inspect().traffic.wasted).toBe(0);
  });

  it("asks clients and servers, and tells who did not answer", async () => {
    const bus = new MemoryBus();
    const [a, b] = await cluster(bus, 2);
    const sockets = [await a!.nsp.connect("one"), await b!.nsp.connect("two"), await b!.nsp.connect("three", "x")];
    const emitter = emitterOn(bus);
    const asked = emitter.timeout(5000).emitWithAck("ask", 1);
    await eventually(() => expect(sockets.every(({ events }) => events.length === 1)).toBe(true));
    for (const socket of sockets) socket.answer(socket.id);
    expect((await asked).sort()).toEqual(["one", "three", "two"]);
    expect(await emitter.to("nowhere").timeout(5000).emitWithAck("ask")).toEqual([]);

    const callback = vi.fn();
    emitter.in("x").timeout(100).emit("ask", callback);
    await eventually(() => expect(callback).toHaveBeenCalled());
    expect(callback.mock.calls[0]).toEqual([coded("ERR_SOCKEYE_EMITTER_TIMEOUT"), []]);
    expect(() => emitter.emit("ask", () => {})).toThrowError(coded("ERR_SOCKEYE_EMITTER_NO_TIMEOUT"));

    expect(await emitter.serverSideEmitWithAck("question", 7)).toEqual(["answer to 7", "answer to 7"]);
    expect((await emitter.except("x").fetchSockets()).map(({ id }) => id).sort()).toEqual(["one", "two"]);
    await a!.adapter.close();
    expect(await emitter.serverSideEmitWithAck("question", 8)).toEqual(["answer to 8"]);
  });

  it("does not wait for a client that leaves", async () => {
    const bus = new MemoryBus();
    const [a] = await cluster(bus, 1);
    const one = await a!.nsp.connect("one");
    const asked = emitterOn(bus).timeout(60_000).emitWithAck("ask");
    await eventually(() => expect(one.events).toHaveLength(1));
    one.disconnect();
    await expect(asked).rejects.toEqual(coded("ERR_SOCKEYE_EMITTER_TIMEOUT"));
  });

  it("refuses what cannot be written down, where it is said", () => {
    const emitter = emitterOn(new MemoryBus());
    expect(() => emitter.emit("event", 1n)).toThrowError(coded("ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE"));
  });

  it("takes a place in the recovery log where there is one, but for what is volatile", async () => {
    const bus = new MemoryBus({}, { recovery: true });
    const [a, b] = await cluster(bus, 2, { maxDisconnectionDuration: 10_000 });
    const sockets = [await a!.nsp.connect("one", "x"), await b!.nsp.connect("two", "x")];
    // A session that may ask for it: without one, nothing is logged.
    a!.adapter.recovery!.open({ pid: "pid", sid: "one", rooms: sockets[0]!.rooms });
    const emitter = emitterOn(bus);
    emitter.to("x").emit("event", 1);
    emitter.to("x").volatile.emit("volatile");
    for (const { received } of sockets) {
      await eventually(() => expect(received.map(({ data }) => data[0])).toEqual(["event", "volatile"]));
    }
    expect(sockets[0]!.received[0]!.offset).toBeTypeOf("string");
    expect(sockets[0]!.received[1]!.offset).toBeUndefined();
  });
});
