import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ClusterAdapter, createClusterAdapter } from "../../src/cluster/cluster-adapter.js";
import { encodeEnvelope } from "../../src/cluster/codec.js";
import type { Envelope } from "../../src/cluster/envelope.js";
import type { ClusterOptions } from "../../src/cluster/options.js";
import {
  eventually,
  type Faults,
  MemoryBus,
  type MemoryDriver,
  SimulatedNamespace,
} from "../../src/conformance/index.js";
import type { BroadcastOptions } from "../../src/contract.js";

const everyone: BroadcastOptions = { rooms: new Set(), except: new Set() };
const opened: ClusterAdapter[] = [];

interface Node {
  readonly namespace: SimulatedNamespace;
  readonly adapter: ClusterAdapter;
  readonly driver: MemoryDriver;
  codes(): unknown[];
}

const FAST = { heartbeatInterval: 20, heartbeatTimeout: 100, requestTimeout: 300 };

async function node(bus: MemoryBus, options: Partial<ClusterOptions> = {}, namespaceOptions = {}): Promise<Node> {
  const driver = bus.driver();
  const namespace = new SimulatedNamespace(namespaceOptions);
  const adapter = createClusterAdapter({ driver, ...FAST, ...options })(namespace);
  namespace.adapter = adapter;
  opened.push(adapter);
  await adapter.init();
  return {
    namespace,
    adapter,
    driver,
    codes: () => namespace.errors.map((error) => (error as { code?: unknown }).code),
  };
}

async function cluster(count: number, faults: Faults = {}, options: Partial<ClusterOptions> = {}) {
  const bus = new MemoryBus(faults);
  const nodes: Node[] = [];
  for (let i = 0; i < count; i++) nodes.push(await node(bus, options));
  await agreed(nodes, count);
  return { bus, nodes: nodes as [Node, Node, Node] };
}

async function agreed(nodes: readonly Node[], count: number): Promise<void> {
  for (const { adapter } of nodes) {
    await vi.waitFor(async () => expect(await adapter.serverCount()).toBe(count), { timeout: 3000, interval: 5 });
  }
}

function emit({ adapter }: Node, ...data: [string, ...unknown[]]): void {
  adapter.broadcast({ type: 2, data }, everyone);
}

afterEach(async () => {
  for (const adapter of opened.splice(0)) await adapter.close();
});

describe("ClusterAdapter when a node is killed", () => {
  it("gives what the others said, and who is missing; the next round is complete", async () => {
    const { nodes } = await cluster(3);
    for (const [i, { namespace }] of nodes.entries()) await namespace.connect(`s${i}`);
    nodes[2].driver.die();
    const failure = await nodes[0].adapter.fetchSockets(everyone).catch((error) => error);
    expect(failure).toMatchObject({
      code: "ERR_SOCKEYE_CLUSTER_TIMEOUT",
      message: "timeout reached: missing 1 responses",
    });
    expect(failure.missing).toHaveLength(1);
    expect(failure.responses.map(({ id }: { id: string }) => id)).toEqual(["s0", "s1"]);
    await agreed(nodes.slice(0, 2), 2);
    expect(await nodes[0].adapter.fetchSockets(everyone)).toHaveLength(2);
  });

  it("does not wait longer than it takes to find out", async () => {
    const { nodes } = await cluster(2, {}, { requestTimeout: 60_000 });
    nodes[1].driver.die();
    await expect(nodes[0].adapter.fetchSockets(everyone)).rejects.toMatchObject({
      responses: [],
      missing: [expect.any(String)],
    });
    expect(nodes[0].adapter.inspect()).toMatchObject({ nodes: 1, requests: 0 });
  });

  it("ends the wait for its acknowledgements", async () => {
    const { nodes } = await cluster(3);
    const [a, b] = [await nodes[1].namespace.connect("a"), await nodes[1].namespace.connect("b")];
    const heard = { counts: [] as number[], acks: [] as unknown[], gone: 0 };
    nodes[2].driver.die();
    nodes[0].adapter.broadcastWithAck(
      { type: 2, data: ["ask"] },
      { ...everyone, flags: { timeout: 60_000 } },
      (count) => heard.counts.push(count),
      (ack) => heard.acks.push(ack),
      () => heard.gone++,
    );
    await eventually(() => expect(a.events.length + b.events.length).toBe(2));
    a.answer("from a");
    await eventually(() => expect(heard.acks).toEqual(["from a"]));
    nodes[1].driver.die();
    await eventually(() => expect(heard).toEqual({ counts: [0, 2, 0], acks: ["from a"], gone: 1 }));
    expect(nodes[0].adapter.inspect().rounds).toBe(0);
  });

  it("answers serverSideEmit with a part, and the error says so", async () => {
    const { nodes } = await cluster(3);
    nodes[2].driver.die();
    const [error, responses] = await new Promise<unknown[]>((resolve) => {
      nodes[0].adapter.serverSideEmit(["hello", 1, (...args: unknown[]) => resolve(args)]);
    });
    expect(error).toMatchObject({ responses: ["answer to 1"], missing: [expect.any(String)] });
    expect(responses).toEqual(["answer to 1"]);
  });

  it("reports a callback that throws", async () => {
    const { nodes } = await cluster(2);
    nodes[0].adapter.serverSideEmit([
      "hello",
      1,
      () => {
        throw new RangeError("mine");
      },
    ]);
    await eventually(() => expect(nodes[0].namespace.errors.map(({ message }) => message)).toEqual(["mine"]));
  });
});

describe("ClusterAdapter when a node stands still", () => {
  it("is missed, and taken back when it goes on", async () => {
    const { nodes } = await cluster(2);
    nodes[1].driver.pause(true);
    await agreed([nodes[0]], 1);
    nodes[1].driver.pause(false);
    await agreed(nodes.slice(0, 2), 2);
    const b = await nodes[1].namespace.connect("b");
    emit(nodes[0], "after");
    await eventually(() => expect(b.events).toEqual([["after"]]));
  });
});

describe("ClusterAdapter when this process stands still", () => {
  it("does not take the others for dead: what they said is still to be read", async () => {
    const { nodes } = await cluster(2, { delay: 5 }, { requestTimeout: 60_000 });
    await nodes[1].namespace.connect("b");
    const pending = nodes[0].adapter.fetchSockets(everyone);
    const end = performance.now() + 250;
    while (performance.now() < end);
    expect((await pending).map(({ id }) => id)).toEqual(["b"]);
  });
});

describe("ClusterAdapter when the bus is down", () => {
  it("goes on serving its own sockets, says that it is down, and recovers", async () => {
    const { bus, nodes } = await cluster(2);
    const [a, b] = [await nodes[0].namespace.connect("a"), await nodes[1].namespace.connect("b")];
    const health: unknown[] = [];
    nodes[0].adapter.on("health", (state: unknown) => health.push(state));
    bus.kill();
    emit(nodes[0], "local", 1);
    expect(a.events).toEqual([["local", 1]]);
    expect(nodes[0].adapter.health).toBe("down");
    await eventually(() => expect(nodes[0].codes()).toContain("ERR_SOCKEYE_CLUSTER_PUBLISH"));
    bus.restart();
    await agreed(nodes.slice(0, 2), 2);
    emit(nodes[0], "all", 2);
    await eventually(() => expect(b.events).toEqual([["all", 2]]));
    expect(health).toEqual(["down", "ok"]);
    expect(nodes[0].codes()).toEqual(
      expect.arrayContaining(["ERR_SOCKEYE_CLUSTER_PUBLISH", "ERR_SOCKEYE_CLUSTER_GAP"]),
    );
  });

  it("complains once, not per message", async () => {
    const { bus, nodes } = await cluster(1);
    bus.kill();
    for (let i = 0; i < 500; i++) emit(nodes[0], "event", i);
    await sleep(50);
    expect(nodes[0].codes()).toEqual(["ERR_SOCKEYE_CLUSTER_PUBLISH"]);
    expect(nodes[0].adapter.inspect().traffic.failed).toBeGreaterThanOrEqual(500);
  });

  it("notices that it no longer hears", async () => {
    const { nodes } = await cluster(1);
    vi.spyOn(nodes[0].driver, "arrive").mockImplementation(() => {});
    await eventually(() => expect(nodes[0].adapter.health).toBe("degraded"));
    vi.restoreAllMocks();
    await eventually(() => expect(nodes[0].adapter.health).toBe("ok"));
  });
});

describe("ClusterAdapter on a bad bus", () => {
  it.each([1, 2, 3])("delivers once and in order what comes twice and late (seed %i)", async (seed) => {
    const { nodes } = await cluster(3, { seed, delay: 2, duplicate: 0.5 });
    const sockets = await Promise.all(nodes.map(({ namespace }, i) => namespace.connect(`s${i}`, "x")));
    for (let i = 0; i < 60; i++)
      nodes[i % 3]!.adapter.broadcast({ type: 2, data: ["event", i] }, { rooms: new Set(["x"]) });
    for (const socket of sockets) await eventually(() => expect(socket.events).toHaveLength(60));
    for (const socket of sockets) {
      for (const origin of [0, 1, 2]) {
        const numbers = socket.events.map(([, i]) => i as number).filter((i) => i % 3 === origin);
        expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => 3 * i + origin));
      }
    }
    expect(nodes[0].adapter.inspect().traffic.duplicates).toBeGreaterThan(0);
  });

  it("loses nothing to reordering but the order", async () => {
    const { nodes } = await cluster(2, { seed: 5, delay: 2, reorder: 0.3, duplicate: 0.2 });
    const b = await nodes[1].namespace.connect("b");
    for (let i = 0; i < 100; i++) emit(nodes[0], "event", i);
    await eventually(() => expect(b.events).toHaveLength(100));
    await sleep(10);
    expect(b.events.map(([, i]) => i as number).sort((x, y) => x - y)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });

  it.each([11, 12])("settles everything while messages are lost (seed %i)", async (seed) => {
    const { bus, nodes } = await cluster(3, {}, { requestTimeout: 100 });
    bus.setFaults({ seed, drop: 0.4, delay: 2 });
    for (const { namespace } of nodes) await namespace.connect(`s${nodes.findIndex((n) => n.namespace === namespace)}`);
    const fetched = await Promise.allSettled(Array.from({ length: 20 }, () => nodes[0].adapter.fetchSockets(everyone)));
    for (const outcome of fetched) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT" });
    }
    expect(fetched.some(({ status }) => status === "rejected")).toBe(true);
    expect(nodes[0].adapter.inspect().requests).toBe(0);
    bus.setFaults({});
    await agreed(nodes, 3);
    expect(await nodes[0].adapter.fetchSockets(everyone)).toHaveLength(3);
  });

  it("makes up for a lost introduction with the next heartbeat", async () => {
    const bus = new MemoryBus();
    const one = await node(bus);
    bus.setFaults({ drop: 1 });
    const two = await node(bus);
    bus.setFaults({});
    await agreed([one, two], 2);
  });

  it("drops garbage and reports it, and goes on", async () => {
    const { bus, nodes } = await cluster(2);
    const b = await nodes[1].namespace.connect("b");
    const all = { kind: "all", namespace: "/" } as const;
    bus.send(all, Uint8Array.of(1, 2, 3));
    bus.send(all, new TextEncoder().encode('{"uid":"emitter","type":3}'));
    await eventually(() => expect(nodes[1].codes()).toEqual(["ERR_SOCKEYE_CLUSTER_ENVELOPE"]));
    expect(nodes[1].adapter.inspect().traffic.malformed).toBe(2);
    emit(nodes[0], "after");
    await eventually(() => expect(b.events).toEqual([["after"]]));
  });

  it("counts and ignores what only a later version knows", async () => {
    const { bus, nodes } = await cluster(2);
    const stranger = { origin: "00000000000000aa", sequence: 1 };
    bus.send({ kind: "cluster" }, encodeEnvelope({ ...stranger, kind: "drain" } as unknown as Envelope));
    await eventually(() => expect(nodes[1].adapter.inspect().traffic.unknown).toBe(1));
    expect([nodes[0].namespace.errors, await nodes[0].adapter.serverCount()]).toEqual([[], 2]);
  });

  it("is not misled by answers nobody asked for", async () => {
    const { bus, nodes } = await cluster(2);
    const reply = { origin: "00000000000000aa", sequence: 1, namespace: "/", request: "1" };
    await nodes[1].namespace.connect("b");
    const pending = nodes[0].adapter.fetchSockets(everyone);
    const forged: Envelope = {
      ...reply,
      kind: "sockets",
      sockets: [{ id: "forged", handshake: {}, rooms: [], data: 0 }],
    };
    bus.send({ kind: "all", namespace: "/" }, encodeEnvelope(forged));
    expect((await pending).map(({ id }) => id)).toEqual(["b"]);
  });
});

describe("ClusterAdapter and interest", () => {
  it("hears of a room only while it has a member there, and lingers", async () => {
    const { nodes } = await cluster(2, {}, { subscriptionLinger: 50, partitions: 1024 });
    const received = () => nodes[1].adapter.inspect().traffic;
    const b = await nodes[1].namespace.connect("socket-id-of-20-char", "x");
    const say = (room: string) => nodes[0].adapter.broadcast({ type: 2, data: ["event"] }, { rooms: new Set([room]) });
    for (const room of ["y", "z", "another"]) say(room);
    say("x");
    await eventually(() => expect(b.events).toHaveLength(1));
    expect(received().wasted).toBe(0);
    b.leave("x");
    say("x");
    await eventually(() => expect(received().wasted).toBe(1));
    await eventually(() => expect(nodes[1].adapter.inspect().partitions).toBe(0));
    say("x");
    say("socket-id-of-20-char");
    await eventually(() => expect(b.events).toHaveLength(2));
    expect(received().wasted).toBe(1);
  });

  it("a join resolves when the subscription is in force", async () => {
    const { nodes } = await cluster(1);
    let confirm = () => {};
    vi.spyOn(nodes[0].driver, "subscribe").mockReturnValueOnce(new Promise((resolve) => (confirm = resolve)));
    let joined = false;
    const joining = Promise.resolve(nodes[0].adapter.addAll("a", new Set(["x"]))).then(() => {
      joined = true;
    });
    expect(nodes[0].adapter.rooms.get("x")).toEqual(new Set(["a"]));
    await sleep(5);
    expect(joined).toBe(false);
    confirm();
    await joining;
    expect(nodes[0].adapter.addAll("b", new Set(["x"]))).toBeUndefined();
    vi.restoreAllMocks();
  });

  it("warns of nodes that divide rooms differently", async () => {
    const bus = new MemoryBus();
    const [one] = [await node(bus, { partitions: 8 }), await node(bus, { partitions: 16 })];
    await eventually(() => expect(one.codes()).toEqual(["ERR_SOCKEYE_CLUSTER_MISMATCH"]));
  });
});

describe("ClusterAdapter and parsers", () => {
  it.each([
    ["the same: the packet travels as it is", "simulated", "simulated", 0],
    ["different: each node encodes for itself", "simulated", "other", 1],
    ["unnamed: each node encodes for itself", "", "", 1],
  ])("%s", async (_, mine, theirs, encodings) => {
    const bus = new MemoryBus();
    const [one, two] = [await node(bus, {}, { parserId: mine }), await node(bus, {}, { parserId: theirs })];
    await agreed([one, two], 2);
    const b = await two.namespace.connect("b");
    const host = two.namespace[Symbol.for("sockeye.adapter.host") as never] as unknown as { encode(): unknown };
    const encode = vi.spyOn(host, "encode");
    emit(one, "event", Uint8Array.of(1), "text");
    await eventually(() => expect(b.events).toEqual([["event", Uint8Array.of(1), "text"]]));
    expect(encode).toHaveBeenCalledTimes(encodings);
  });

  it("reports a packet it cannot read", async () => {
    const { bus, nodes } = await cluster(1);
    await nodes[0].namespace.connect("a");
    const broadcast = {
      kind: "broadcast",
      namespace: "/",
      rooms: [],
      except: [],
      flags: {},
      packet: ["x"],
      parser: "future",
    };
    const bytes = encodeEnvelope({ ...broadcast, origin: "00000000000000aa", sequence: 1 } as Envelope);
    bus.send({ kind: "all", namespace: "/" }, bytes);
    await eventually(() => expect(nodes[0].codes()).toEqual(["ERR_SOCKEYE_CLUSTER_MISMATCH"]));
  });
});

describe("ClusterAdapter and limits", () => {
  it("reports what is too large for the bus, and keeps its health", async () => {
    const { nodes } = await cluster(1);
    const a = await nodes[0].namespace.connect("a");
    emit(nodes[0], "event", "x".repeat(1_000_001));
    await eventually(() => expect(nodes[0].codes()).toEqual(["ERR_SOCKEYE_CLUSTER_TOO_LARGE"]));
    expect([a.events.length, nodes[0].adapter.health]).toEqual([1, "ok"]);
  });

  it("lets the caller hear that an argument cannot be written down", async () => {
    const { nodes } = await cluster(1);
    expect(() => nodes[0].adapter.serverSideEmit(["event", 1n])).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE" }),
    );
  });

  it("reports an answer that cannot be written down; the asker misses it", async () => {
    const { nodes } = await cluster(2);
    (await nodes[1].namespace.connect("b")).data = 1n;
    await expect(nodes[0].adapter.fetchSockets(everyone)).rejects.toMatchObject({ missing: [expect.any(String)] });
    expect(nodes[1].codes()).toEqual(["ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE"]);
  });

  it.each([
    { partitions: 0 },
    { partitions: 1.5 },
    { heartbeatInterval: -1 },
    { requestTimeout: Number.NaN },
    { driver: {} },
  ])("refuses %o", (options) => {
    const make = () =>
      createClusterAdapter({ driver: new MemoryBus().driver(), ...(options as Partial<ClusterOptions>) });
    expect(make).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_CLUSTER_OPTION" }));
  });

  it("fails to start when its driver does, and serves its own sockets all the same", async () => {
    const driver = new MemoryBus().driver();
    vi.spyOn(driver, "start").mockRejectedValue(new RangeError("no bus"));
    const namespace = new SimulatedNamespace();
    const adapter = createClusterAdapter({ driver, ...FAST })(namespace);
    namespace.adapter = adapter;
    await expect(adapter.init()).rejects.toThrow("no bus");
    const a = await namespace.connect("a", "x");
    adapter.broadcast({ type: 2, data: ["event"] }, everyone);
    expect(a.events).toEqual([["event"]]);
    await adapter.close();
  });

  it("cannot be opened again once its node has left", async () => {
    const driver = new MemoryBus().driver();
    const create = createClusterAdapter({ driver, ...FAST });
    const first = create(new SimulatedNamespace());
    await first.init();
    await first.close();
    await first.close();
    await expect(create(new SimulatedNamespace()).init()).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_CLOSED" });
  });
});
