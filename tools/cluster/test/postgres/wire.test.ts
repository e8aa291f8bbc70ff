import { createAdapter as createOfficialAdapter } from "@socket.io/postgres-adapter";
import { Emitter as OfficialEmitter } from "@socket.io/postgres-emitter";
import type { Adapter, AdapterTarget } from "@sockeye/adapter-base";
import {
  type AdapterSubject,
  adapterConformance,
  eventually,
  SimulatedNamespace,
  type SimulatedSocket,
} from "@sockeye/adapter-base/conformance";
import { createAdapter, createSchema, type PostgresAdapterOptions } from "@sockeye/postgres-adapter";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";

const runner = { describe, it, beforeEach, afterEach };
let server: PostgresServer;
let clusters = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

/** Servers of both kinds, on one table. */
class MixedCluster {
  readonly tableName = `Attachments_${++clusters}`;
  readonly channelPrefix = `mixed ${clusters}`;
  readonly errors: Error[] = [];
  readonly #pools: pg.Pool[] = [];
  readonly #factories = new Map<string, (namespace: AdapterTarget) => Adapter>();

  static async start(): Promise<MixedCluster> {
    const cluster = new MixedCluster();
    await createSchema(cluster.pool(), { wire: "socket.io", tableName: cluster.tableName });
    return cluster;
  }

  pool(): pg.Pool {
    const pool = new pg.Pool({ connectionString: server.url, max: 4 });
    pool.on("error", () => undefined);
    this.#pools.push(pool);
    return pool;
  }

  official(node: number, namespace: AdapterTarget): Adapter {
    return this.#adapter(`official ${node}`, namespace, () => {
      const { tableName, channelPrefix } = this;
      const options = { tableName, channelPrefix, heartbeatInterval: 50, heartbeatTimeout: 500 };
      return createOfficialAdapter(this.pool(), { ...options, errorHandler: (error) => this.errors.push(error) });
    });
  }

  ours(node: number, namespace: AdapterTarget, more: PostgresAdapterOptions = {}): Adapter {
    return this.#adapter(`ours ${node}`, namespace, () => {
      const { tableName, channelPrefix } = this;
      const options = {
        tableName,
        channelPrefix,
        wire: "socket.io",
        heartbeatInterval: 50,
        heartbeatTimeout: 500,
      } as const;
      return createAdapter(this.pool(), { ...options, errorHandler: (error) => this.errors.push(error), ...more });
    });
  }

  async stop(): Promise<void> {
    for (const pool of this.#pools) await pool.end();
  }

  #adapter(name: string, namespace: AdapterTarget, create: () => unknown): Adapter {
    const factory = this.#factories.get(name) ?? (create() as (namespace: AdapterTarget) => Adapter);
    this.#factories.set(name, factory);
    return factory(namespace);
  }
}

function mixed(name: string, isOfficial: (node: number) => boolean, exceptions?: AdapterSubject["exceptions"]): void {
  adapterConformance(runner, {
    name,
    supports: { cluster: true },
    exceptions,
    async start() {
      const cluster = await MixedCluster.start();
      return {
        create: (node, namespace) =>
          isOfficial(node) ? cluster.official(node, namespace) : cluster.ours(node, namespace),
        stop: () => cluster.stop(),
      };
    },
  });
}

mixed('createAdapter with wire: "socket.io"', () => false);
mixed("the same among the incumbent's PostgreSQL adapters", (node) => node > 0);

describe('with wire: "socket.io"', () => {
  let cluster: MixedCluster;
  const opened: SimulatedNamespace[] = [];

  beforeEach(async () => {
    cluster = await MixedCluster.start();
  });
  afterEach(async () => {
    for (const { adapter } of opened.splice(0)) await adapter.close?.();
    await cluster.stop();
  });

  async function open(make: (namespace: AdapterTarget) => Adapter, name = "/"): Promise<SimulatedNamespace> {
    const namespace = new SimulatedNamespace({ name });
    namespace.adapter = make(namespace);
    opened.push(namespace);
    await namespace.adapter.init?.();
    return namespace;
  }

  const say = ({ adapter }: SimulatedNamespace, ...data: unknown[]) =>
    adapter.broadcast({ type: 2, data: data as [string] }, { rooms: new Set(), except: new Set(), flags: {} });
  const heard = ({ events }: SimulatedSocket) => events.map(([, n]) => n);

  it("small, large and binary messages arrive in order, also the incumbent's servers'", async () => {
    const [one, two] = [await open((n) => cluster.ours(0, n)), await open((n) => cluster.ours(1, n))];
    const official = await open((n) => cluster.official(2, n));
    const sockets = [await two.connect("b"), await official.connect("c")];
    await vi.waitFor(async () => expect(await one.adapter.serverCount()).toBe(3));
    const contents = ["small", "x".repeat(20_000), Uint8Array.of(1, 2), "é😀".repeat(3_000)];
    for (let i = 0; i < 40; i++) say(one, "event", i, contents[i % contents.length]);
    await eventually(() => expect(heard(sockets[0]!)).toEqual(Array.from({ length: 40 }, (_, i) => i)));
    await eventually(() => expect(new Set(heard(sockets[1]!)).size).toBe(40));
    expect([...(sockets[0]!.events[2]![2] as Uint8Array)]).toEqual([1, 2]);
    expect(sockets[0]!.events[3]![2]).toBe(contents[3]);
  });

  it("what is said twice arrives twice", async () => {
    const [one, two] = [await open((n) => cluster.ours(0, n)), await open((n) => cluster.ours(1, n))];
    const b = await two.connect("b");
    for (let i = 0; i < 3; i++) say(one, "tick");
    await eventually(() => expect(b.events).toEqual([["tick"], ["tick"], ["tick"]]));
  });

  it("a connection that was cut is made again, and the gap is reported", async () => {
    const [one, two] = [await open((n) => cluster.ours(0, n)), await open((n) => cluster.ours(1, n))];
    const b = await two.connect("b");
    await server.terminate("query ILIKE '%LISTEN%' OR query ILIKE '%pg_notify%'");
    await eventually(() => expect(two.errors).not.toEqual([]), 5_000);
    expect(two.errors[0]).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_GAP" });
    await vi.waitFor(async () => expect(await one.adapter.serverCount()).toBe(2));
    say(one, "event", 1);
    await eventually(() => expect(heard(b)).toEqual([1]), 5_000);
    for (const namespace of [one, two]) namespace.errors.length = 0;
  });

  it("attachments are removed when they are old, and then nobody asks any more", async () => {
    const one = await open((n) => cluster.ours(0, n, { cleanupInterval: 100 }));
    say(one, "event", 1, new Uint8Array(10));
    const rows = () => server.query(`SELECT id FROM ${cluster.tableName}`);
    await vi.waitFor(async () => expect(await rows()).toHaveLength(1));
    await vi.waitFor(async () => expect(await rows()).toEqual([]), 5_000);
  });

  it("a namespace of a name that the incumbent's channels cannot have is refused", async () => {
    for (const name of [`/${"n".repeat(60)}`, "/a\0b"]) {
      const namespace = new SimulatedNamespace({ name });
      const adapter = cluster.ours(5, namespace);
      await expect(adapter.init?.()).rejects.toMatchObject({ code: "ERR_SOCKEYE_POSTGRES_NAMESPACE" });
    }
    const quotes = await open((n) => cluster.ours(0, n), '/"; DROP TABLE x; --');
    const other = await open((n) => cluster.ours(1, n), '/"; DROP TABLE x; --');
    const b = await other.connect("b");
    say(quotes, "event", 1);
    await eventually(() => expect(heard(b)).toEqual([1]));
  });
});

describe.each(["native", "socket.io"] as const)("the incumbent's emitter, in a cluster with wire: %s", (wire) => {
  let cluster: MixedCluster;
  let namespaces: SimulatedNamespace[];
  let sockets: SimulatedSocket[];
  let emitter: OfficialEmitter;

  beforeEach(async () => {
    cluster = await MixedCluster.start();
    const { tableName, channelPrefix } = cluster;
    const native: PostgresAdapterOptions = {
      wire,
      tableName: `native_${clusters}`,
      channelPrefix: `native_${clusters}`,
      createSchema: true,
      emitters: { tableName, channelPrefix },
    };
    namespaces = [];
    sockets = [];
    for (const node of [0, 1]) {
      const namespace = new SimulatedNamespace();
      namespace.adapter = cluster.ours(node, namespace, wire === "native" ? native : {});
      await namespace.adapter.init?.();
      namespaces.push(namespace);
      sockets.push(await namespace.connect(`s${node}`, "x", `room ${node}`));
    }
    emitter = new OfficialEmitter(cluster.pool(), "/", { channelPrefix, tableName });
  });
  afterEach(async () => {
    for (const { adapter } of namespaces) await adapter.close?.();
    await cluster.stop();
    expect(namespaces.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it("reaches everybody, rooms, and all but some, with text and bytes of any size", async () => {
    emitter.emit("all", 1, "x".repeat(9_000));
    emitter.to("room 1").emit("one", Uint8Array.of(1, 2, 3));
    emitter.except("room 0").emit("but", 3);
    await eventually(() => expect(sockets.map(({ events }) => events.length)).toEqual([1, 3]), 5_000);
    const bytes = sockets[1]!.events.find(([name]) => name === "one")?.[1] as Uint8Array;
    expect([...bytes]).toEqual([1, 2, 3]);
  });

  it("makes sockets join, leave and disconnect, and speaks to servers", async () => {
    emitter.in("x").socketsJoin("y");
    await eventually(() => expect(sockets.map(({ rooms }) => rooms.has("y"))).toEqual([true, true]), 5_000);
    emitter.in("room 0").socketsLeave("y");
    await eventually(() => expect(sockets.map(({ rooms }) => rooms.has("y"))).toEqual([false, true]), 5_000);
    emitter.serverSideEmit("hello", 7);
    for (const { serverSideEvents } of namespaces) {
      await eventually(() => expect(serverSideEvents).toEqual([["hello", 7]]), 5_000);
    }
    emitter.in("room 1").disconnectSockets();
    await eventually(() => expect(sockets.map(({ connected }) => connected)).toEqual([true, false]), 5_000);
  });
});
