import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type ClusterAdapter,
  type ClusterAdapterOptions,
  createClusterAdapter,
} from "../../../src/cluster/cluster-adapter.js";
import { decodeSession } from "../../../src/cluster/recovery/session-record.js";
import {
  eventually,
  type Faults,
  MemoryBus,
  type MemoryDriver,
  SimulatedNamespace,
} from "../../../src/conformance/index.js";
import { RecoveringPeer } from "../../../src/conformance/recovering-peer.js";

interface Node {
  readonly namespace: SimulatedNamespace;
  readonly adapter: ClusterAdapter;
  readonly driver: MemoryDriver;
}

const FAST = {
  heartbeatInterval: 20,
  heartbeatTimeout: 100,
  requestTimeout: 300,
  handOverTimeout: 60,
  logTimeout: 150,
};
const opened: ClusterAdapter[] = [];
let bus: MemoryBus;

afterEach(async () => {
  bus.setFaults({});
  if (!bus.isUp) bus.restart();
  for (const adapter of opened.splice(0)) await adapter.close();
});

async function addNode(options: Partial<ClusterAdapterOptions> = {}): Promise<Node> {
  const driver = bus.driver();
  const namespace = new SimulatedNamespace({ recovery: { maxDisconnectionDuration: 10_000 } });
  const adapter = createClusterAdapter({ driver, ...FAST, ...options })(namespace);
  namespace.adapter = adapter;
  opened.push(adapter);
  await adapter.init();
  return { namespace, adapter, driver };
}

async function cluster(
  count: number,
  faults: Faults = {},
  options: Partial<ClusterAdapterOptions> = {},
): Promise<Node[]> {
  bus = new MemoryBus(faults, { recovery: true });
  const nodes: Node[] = [];
  for (let i = 0; i < count; i++) nodes.push(await addNode(options));
  for (const { adapter } of nodes) {
    await vi.waitFor(async () => expect(await adapter.serverCount()).toBe(count), { timeout: 3000, interval: 5 });
  }
  return nodes;
}

async function peerOn({ namespace }: Node, pid = "pid-a", ...rooms: string[]): Promise<RecoveringPeer> {
  const peer = new RecoveringPeer(pid);
  await peer.connect(namespace, ...rooms);
  return peer;
}

function say({ adapter }: Node, name: string, rooms: string[] = []): void {
  adapter.broadcast({ type: 2, data: [name] }, { rooms: new Set(rooms), except: new Set() });
}

const arrived = (peer: RecoveringPeer, expected: readonly unknown[]) =>
  eventually(() => expect(peer.read()).toEqual(expected));

describe("when the store is away", () => {
  it("delivers at once to its own sockets, without an offset, and logs again when it is back", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const [a, b] = [await peerOn(one), await peerOn(two, "pid-b")];
    say(one, "before");
    await Promise.all([arrived(a, ["before"]), arrived(b, ["before"])]);
    bus.kill();
    say(one, "alone");
    a.emit("own");
    await arrived(a, ["before", "alone", "own"]);
    const alone = a.socket!.received.find(({ data }) => data[0] === "alone");
    expect([alone?.offset, one.adapter.health]).toEqual([undefined, "down"]);
    expect(one.adapter.inspect().traffic.unlogged).toBe(1);
    bus.restart();
    await eventually(() => expect([one.adapter.health, two.adapter.health]).toEqual(["ok", "ok"]));
    await eventually(() => {
      say(one, "again");
      expect(a.socket!.received.at(-1)).toMatchObject({ data: ["again"], offset: expect.any(String) });
    });
    b.notice();
    expect(await b.resume(one.namespace)).toBeUndefined();
    expect(b.read().slice(0, 3)).toEqual(["before", "alone", "again"]);
  });

  it("logs afterwards what it delivered meanwhile: nobody misses it, and who had it does not get it again", async () => {
    const [one, two, three] = (await cluster(3)) as [Node, Node, Node];
    const had = await peerOn(one, "pid-a");
    const elsewhere = await peerOn(two, "pid-b");
    const asleep = await peerOn(two, "pid-c");
    const cut = await peerOn(one, "pid-d");
    say(one, "before");
    await Promise.all([had, elsewhere, asleep, cut].map((peer) => arrived(peer, ["before"])));
    asleep.notice();
    await sleep(20);
    bus.kill();
    for (const name of ["first", "second"]) say(one, name);
    await Promise.all([had, cut].map((peer) => arrived(peer, ["before", "first", "second"])));
    cut.notice();
    bus.restart();
    await eventually(() => expect(one.adapter.inspect().waiting).toBe(0));
    say(two, "after");
    expect(await asleep.resume(three.namespace)).toBeUndefined();
    expect(await cut.resume(two.namespace)).toBeUndefined();
    had.cut();
    expect(await had.resume(three.namespace)).toBeUndefined();
    const all = ["before", "first", "second", "after"];
    await Promise.all([had, elsewhere, asleep, cut].map((peer) => arrived(peer, all)));
  });

  it("logs again with the driver's word that it is back, and does not wait until it looks by itself", async () => {
    const [one] = (await cluster(1, {}, { heartbeatInterval: 60_000, heartbeatTimeout: 600_000 })) as [Node];
    const a = await peerOn(one);
    vi.spyOn(one.driver.recovery!, "append").mockRejectedValueOnce(new Error("away"));
    say(one, "refused");
    await arrived(a, ["refused"]);
    one.driver.state("up");
    await sleep(0);
    say(one, "again");
    await arrived(a, ["refused", "again"]);
    expect(one.adapter.inspect().traffic.unlogged).toBe(1);
  });

  it("cannot resume, says so, and can when it is back", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const peer = await peerOn(one);
    peer.notice();
    say(two, "missed");
    await sleep(20);
    bus.kill();
    expect(await peer.resume(two.namespace)).toBe("unavailable");
    bus.restart();
    await eventually(() => expect(two.adapter.health).toBe("ok"));
    expect(await peer.resume(two.namespace)).toBeUndefined();
    await arrived(peer, ["missed"]);
  });

  it("writes what happened to sessions meanwhile when it is back", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const peer = await peerOn(one);
    await eventually(() => expect(bus.tables.inspect().sessions).toBe(1));
    bus.kill();
    await peer.socket!.join("x");
    peer.emit("own");
    peer.data = { name: "ada" };
    peer.notice();
    bus.restart();
    await eventually(() => expect(one.adapter.health).toBe("ok"));
    await sleep(50);
    peer.offset = undefined;
    expect(await peer.resume(two.namespace)).toBeUndefined();
    await eventually(() => expect(peer.read().at(-1)).toBe("own"));
    expect([peer.data, [...peer.socket!.rooms]]).toEqual([{ name: "ada" }, [peer.id, "x"]]);
  });

  it("does not wait longer than its time for a place", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const [a, b] = [await peerOn(one), await peerOn(two, "pid-b")];
    vi.spyOn(one.driver.recovery!, "append").mockReturnValue(new Promise(() => {}));
    say(one, "never placed");
    say(one, "nor this");
    a.emit("behind");
    expect(a.read()).toEqual([]);
    await arrived(a, ["never placed", "nor this", "behind"]);
    await arrived(b, ["never placed", "nor this"]);
    expect(one.adapter.inspect()).toMatchObject({ waiting: 0, traffic: { unlogged: 2 } });
  });
});

describe("when the store lost everything", () => {
  it("begins anew on all nodes, and recovers what lives", async () => {
    const [one, two, three] = (await cluster(3)) as [Node, Node, Node];
    const [a, b] = [await peerOn(one), await peerOn(two, "pid-b")];
    say(one, "before");
    await Promise.all([arrived(a, ["before"]), arrived(b, ["before"])]);
    b.notice();
    await sleep(20);
    bus.forget();
    say(one, "after");
    await arrived(a, ["before", "after"]);
    expect(await b.resume(three.namespace)).toBe("unknown");
    await sleep(50);
    a.cut();
    say(two, "missed");
    expect(await a.resume(three.namespace)).toBeUndefined();
    await arrived(a, ["before", "after", "missed"]);
  });

  it("tells peers that have an offset from before that it is gone", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const peer = await peerOn(one);
    say(one, "before");
    await arrived(peer, ["before"]);
    bus.forget();
    await eventually(() => expect(bus.tables.inspect().sessions).toBe(1));
    expect(await peer.resume(two.namespace)).toBe("trimmed");
  });
});

describe("on a bad bus", () => {
  it("reads from the log what was lost on its way, in order", async () => {
    const nodes = await cluster(3);
    const peers = await Promise.all(nodes.map((node, i) => peerOn(node, `pid-${i}`)));
    bus.setFaults({ seed: 4, drop: 0.3, reorder: 0.3, delay: 2, duplicate: 0.2 });
    for (let n = 0; n < 60; n++) say(nodes[n % 3]!, `${n % 3}:${n}`);
    for (const peer of peers) await eventually(() => expect(peer.read()).toHaveLength(60));
    expect(peers[1]!.received).toEqual(peers[0]!.received);
    expect(peers[2]!.received).toEqual(peers[0]!.received);
    for (const origin of [0, 1, 2]) {
      const names = peers[0]!.received.filter((name) => String(name).startsWith(`${origin}:`));
      expect(names).toEqual(Array.from({ length: 20 }, (_, n) => `${origin}:${3 * n + origin}`));
    }
  });

  it("finds the last one as well, after which nothing came", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const peer = await peerOn(two);
    bus.setFaults({ drop: 1 });
    say(one, "lost");
    await arrived(peer, ["lost"]);
  });

  it.each([1, 2, 3])("delivers nothing twice when the store does what it says it did not (seed %i)", async (seed) => {
    const nodes = await cluster(3);
    const peers = await Promise.all(nodes.map((node, i) => peerOn(node, `pid-${i}`)));
    bus.setFaults({ seed, mislead: 0.2, delay: 2, duplicate: 0.2, slow: 2 });
    for (let n = 0; n < 120; n++) {
      say(nodes[n % 3]!, `${n % 3}:${n}`);
      if (n % 10 === 0) await sleep(2);
      if (n % 30 === 15) await peers[n % 3]!.resume(nodes[(n + 1) % 3]!.namespace);
    }
    bus.setFaults({});
    await sleep(100);
    for (const peer of peers) {
      if (!peer.isConnected) continue;
      const names = peer.read().filter((name) => /^\d:/.test(String(name)));
      expect(new Set(names).size).toBe(names.length);
    }
    expect(nodes.map(({ adapter }) => adapter.inspect().waiting)).toEqual([0, 0, 0]);
  });
});

describe("when a node stands still", () => {
  it("is not waited for, and can no longer write to the session that was taken over", async () => {
    const [one, two, three] = (await cluster(3)) as [Node, Node, Node];
    const peer = await peerOn(one);
    say(one, "before");
    await arrived(peer, ["before"]);
    const old = peer.socket!;
    one.driver.pause(true);
    expect(await peer.resume(two.namespace)).toBeUndefined();
    await peer.socket!.join("x");
    say(two, "on two", ["x"]);
    await arrived(peer, ["before", "on two"]);
    // It goes on, and finds that its peer is gone.
    one.adapter.recovery!.persist({ pid: "pid-a", sid: old.id, rooms: [old.id], data: "stale" });
    one.driver.pause(false);
    await sleep(50);
    peer.notice();
    expect(await peer.resume(three.namespace)).toBeUndefined();
    expect([...peer.socket!.rooms]).toEqual([peer.id, "x"]);
    await arrived(peer, ["before", "on two"]);
  });
});

describe("limits", () => {
  it("says trimmed when something was missed that is no longer there, never a part", async () => {
    const [one, two] = (await cluster(2, {}, { recovery: { maxEntries: 20 } })) as [Node, Node];
    const peer = await peerOn(one);
    peer.notice();
    for (let n = 0; n < 40; n++) say(one, `${n}`);
    await sleep(20);
    expect(await peer.resume(two.namespace)).toBe("trimmed");
    expect(await peer.resume(two.namespace)).toBe("unknown");
  });

  it("recovers a peer in quiet rooms though the log of others has long been trimmed", async () => {
    const recovery = { maxEntries: 20, cutNoticedWithin: 10 };
    const [one, two] = (await cluster(2, {}, { recovery })) as [Node, Node];
    const peer = await peerOn(one, "pid-a", "quiet");
    say(one, "for it", ["quiet"]);
    await arrived(peer, ["for it"]);
    for (let n = 0; n < 60; n++) say(two, `${n}`, ["loud"]);
    await sleep(80);
    peer.notice();
    say(two, "missed", ["quiet"]);
    await sleep(10);
    expect(await peer.resume(two.namespace)).toBeUndefined();
    await arrived(peer, ["for it", "missed"]);
  });

  it("says expired after the time a session may sleep", async () => {
    const [one, two] = (await cluster(2, {}, { recovery: { maxDisconnectionDuration: 30 } })) as [Node, Node];
    const peer = await peerOn(one);
    peer.notice();
    await sleep(80);
    expect(await peer.resume(two.namespace)).toBe("expired");
  });

  it("reads older parts of the log on a node that is new", async () => {
    const [one] = (await cluster(1)) as [Node];
    const peer = await peerOn(one, "pid-a", "x");
    peer.notice();
    for (let n = 0; n < 1200; n++) say(one, `${n}`, n % 2 ? ["x"] : ["y"]);
    await sleep(20);
    const fresh = await addNode();
    expect(await peer.resume(fresh.namespace)).toBeUndefined();
    await eventually(() => expect(peer.read()).toHaveLength(600));
  });
});

describe("sessions in the store", () => {
  it("follow changes of data without being told", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const saved: unknown[] = [];
    const { save } = one.driver.recovery!;
    vi.spyOn(one.driver.recovery!, "save").mockImplementation(async (namespace, records, lifetime) => {
      await save.call(one.driver.recovery, namespace, records, lifetime);
      for (const { bytes } of records) saved.push(decodeSession(bytes).data);
    });
    const peer = await peerOn(one);
    peer.data = { step: 1 };
    await eventually(() => expect(bus.tables.inspect().sessions).toBe(1));
    peer.data = { step: 2 };
    await eventually(() => expect(saved.at(-1)).toEqual({ step: 2 }));
    peer.cut();
    one.driver.die();
    expect(await peer.resume(two.namespace)).toBeUndefined();
    expect(peer.data).toEqual({ step: 2 });
  });

  it("are not kept when their data cannot be written down, and that is reported once", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const peer = await peerOn(one);
    peer.data = 1n;
    await eventually(() => expect(bus.tables.inspect().sessions).toBe(0));
    await sleep(150);
    const codes = one.namespace.errors.map((error) => (error as { code?: unknown }).code);
    expect(codes).toEqual(["ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE"]);
    expect(await peer.resume(two.namespace)).toBe("unknown");
  });

  it("survive an orderly shutdown of their node", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const peer = await peerOn(one);
    say(one, "before");
    await arrived(peer, ["before"]);
    peer.notice();
    await one.adapter.close();
    say(two, "after");
    expect(await peer.resume(two.namespace)).toBeUndefined();
    await arrived(peer, ["before", "after"]);
  });

  it("hear what their old server still sends them, wherever they are", async () => {
    const [one, two] = (await cluster(2)) as [Node, Node];
    const peer = await peerOn(one);
    peer.notice();
    const encoded = ['{"type":2,"data":["to the sleeper"]}'];
    one.adapter.recovery!.appendPrivate("pid-a", encoded);
    expect(await peer.resume(two.namespace)).toBeUndefined();
    one.adapter.recovery!.appendPrivate("pid-a", ['{"type":2,"data":["and after it woke"]}']);
    await arrived(peer, ["to the sleeper", "and after it woke"]);
  });
});

it("leaves nothing behind", async () => {
  const nodes = await cluster(2);
  const peers = await Promise.all([...Array(20).keys()].map((i) => peerOn(nodes[i % 2]!, `pid-${i}`)));
  for (const [i, peer] of peers.entries()) await peer.resume(nodes[(i + 1) % 2]!.namespace);
  for (const [i, peer] of peers.entries()) {
    peer.notice();
    nodes[(i + 1) % 2]!.adapter.recovery!.forget(peer.pid);
  }
  await eventually(() => expect(bus.tables.inspect().sessions).toBe(0));
  for (const { adapter } of nodes) expect(adapter.inspect()).toMatchObject({ waiting: 0, requests: 0 });
});
