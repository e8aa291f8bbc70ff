import { createAdapter as createOfficialAdapter } from "@socket.io/postgres-adapter";
import { eventually, SimulatedNamespace, type SimulatedSocket } from "@sockeye/adapter-base/conformance";
import { createAdapter, createSchema, type PostgresAdapterOptions } from "@sockeye/postgres-adapter";
import { Emitter, type PostgresEmitterOptions } from "@sockeye/postgres-adapter/emitter";
import pg from "pg";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";

let server: PostgresServer;
let clusters = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

let pools: pg.Pool[];
let namespaces: SimulatedNamespace[];
let sockets: SimulatedSocket[];
let emitter: Emitter;

function pool(): pg.Pool {
  const made = new pg.Pool({ connectionString: server.url, max: 4 });
  made.on("error", () => undefined);
  pools.push(made);
  return made;
}

/** Two servers with a socket each, and an emitter. */
async function open(wire: "native" | "socket.io", isOfficial = false, more: PostgresAdapterOptions = {}) {
  const names = { tableName: `emitter_${++clusters}`, channelPrefix: `emitter ${clusters}`, wire };
  await createSchema(pool(), names);
  for (const node of [0, 1]) {
    const namespace = new SimulatedNamespace(more.recovery ? { recovery: { maxDisconnectionDuration: 5_000 } } : {});
    const adapter =
      isOfficial && node === 1 ? createOfficialAdapter(pool(), names) : createAdapter(pool(), { ...names, ...more });
    namespace.adapter = (adapter as (nsp: SimulatedNamespace) => SimulatedNamespace["adapter"])(namespace);
    await namespace.adapter.init?.();
    namespaces.push(namespace);
    sockets.push(await namespace.connect(`s${node}`, "x", `room ${node}`));
  }
  if (isOfficial) await listening(names.channelPrefix);
  return names;
}

/** The incumbent's adapter is made before it listens, and its `init` does not wait either: the first message could get lost. */
async function listening(channel: string): Promise<void> {
  const database = pool();
  await vi.waitFor(
    async () => {
      const { rows } = await database.query("SELECT query FROM pg_stat_activity WHERE query ~ '^LISTEN'");
      expect(rows.filter(({ query }) => query.includes(`"${channel}#`))).toHaveLength(1);
    },
    { timeout: 5_000, interval: 10 },
  );
}

const create = (options: PostgresEmitterOptions, client = pool()) =>
  new Emitter(client, { ...options, onError: () => undefined });
const events = () => sockets.map(({ events }) => events.map(([name]) => name));

beforeEach(() => {
  [pools, namespaces, sockets] = [[], [], []];
});
afterEach(async () => {
  await emitter.close();
  for (const { adapter } of namespaces) await adapter.close?.();
  for (const made of pools) await made.end();
  expect(namespaces.flatMap(({ errors }) => errors)).toEqual([]);
});

describe.each([
  ["native servers", "native", false],
  ["servers that speak the incumbent's wire, one of them the incumbent's", "socket.io", true],
] as const)("an emitter to %s", (_, wire, isOfficial) => {
  /** On our servers; the incumbent's lets small messages overtake large ones. */
  const inOrder = (names: unknown[]) => (isOfficial ? [...names].sort() : names);

  it("does what emitters do, in order", async () => {
    const names = await open(wire, isOfficial);
    emitter = create(names);
    emitter.emit("all", 1, "x".repeat(20_000), Uint8Array.of(1, 2));
    emitter.to("room 1").volatile.compress(false).emit("one");
    emitter.except("room 0").emit("but");
    emitter.in("x").socketsJoin(["y", "z"]);
    emitter.socketsLeave("z");
    emitter.to("y").emit("joined");
    emitter.serverSideEmit("hello", 7);
    await emitter.flushed();
    await eventually(() => expect(events()[0]).toEqual(["all", "joined"]), 5_000);
    await eventually(() => expect(inOrder(events()[1]!)).toEqual(inOrder(["all", "one", "but", "joined"])), 5_000);
    expect(sockets.map(({ rooms }) => rooms.has("z"))).toEqual([false, false]);
    for (const { serverSideEvents } of namespaces)
      await eventually(() => expect(serverSideEvents).toEqual([["hello", 7]]));
    expect([...(sockets[1]!.events.find(([name]) => name === "all")![3] as Uint8Array)]).toEqual([1, 2]);
    emitter.in("room 1").disconnectSockets();
    await eventually(() => expect(sockets.map(({ connected }) => connected)).toEqual([true, false]), 5_000);
  });

  it("reaches clients if the transaction commits, when it does, and not if it does not", async () => {
    const names = await open(wire, isOfficial);
    emitter = create(names);
    const client = await pools[0]!.connect();
    for (const end of ["ROLLBACK", "COMMIT"]) {
      await client.query("BEGIN");
      await client.query("CREATE TABLE IF NOT EXISTS orders (id int)");
      const within = emitter.using(client);
      within.emit(`${end} 1`, "x".repeat(20_000));
      within.to("room 1").emit(`${end} 2`);
      await within.flushed();
      // What is said meanwhile does not wait for it.
      emitter.emit(`before ${end}`);
      await emitter.flushed();
      await eventually(() => expect(sockets[0]!.events.at(-1)?.[0]).toBe(`before ${end}`), 5_000);
      expect(
        events()
          .flat()
          .filter((name) => String(name).startsWith(end)),
      ).toEqual([]);
      await client.query(end);
    }
    client.release();
    const both = ["before ROLLBACK", "before COMMIT", "COMMIT 1"];
    await eventually(() => expect(events()[0]).toEqual(both), 5_000);
    await eventually(() => expect(inOrder(events()[1]!)).toEqual(inOrder([...both, "COMMIT 2"])), 5_000);
  });

  it("does so with a client of the package `postgres`", async () => {
    const names = await open(wire, isOfficial);
    const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
    emitter = new Emitter(sql, names);
    const failed = sql.begin(async (transaction) => {
      emitter.using(transaction).emit("no");
      throw new Error("changed my mind");
    });
    await expect(failed).rejects.toThrow("changed my mind");
    await sql.begin(async (transaction) => {
      const within = emitter.using(transaction);
      within.emit("yes");
      await within.flushed();
    });
    await eventually(() => expect(events()).toEqual([["yes"], ["yes"]]), 5_000);
    await sql.end({ timeout: 1 });
  });

  it("tells of what could not be published, and goes on", async () => {
    const names = await open(wire, isOfficial);
    const errors: Error[] = [];
    const missing = wire === "native" ? { tableName: "nowhere" } : {};
    emitter = new Emitter(pool(), { ...names, ...missing, recovery: false, onError: (error) => errors.push(error) });
    const bytes = wire === "native" ? [] : [Uint8Array.of(1)];
    if (wire === "socket.io") await server.query(`DROP TABLE ${names.tableName}`);
    emitter.emit("lost", ...bytes);
    await expect(emitter.flushed()).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
    expect(errors).toMatchObject([{ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" }]);
  });
});

describe("an emitter to native servers", () => {
  it("asks clients and servers, and fetches sockets", async () => {
    const names = await open("native");
    emitter = create(names);
    const answers = emitter.timeout(3_000).emitWithAck("ask", 1);
    for (const socket of sockets) await eventually(() => expect(socket.events).toEqual([["ask", 1]]), 5_000);
    for (const socket of sockets) socket.answer(`of ${socket.id}`);
    expect((await answers).sort()).toEqual(["of s0", "of s1"]);
    expect((await emitter.in("room 1").fetchSockets()).map(({ id }) => id)).toEqual(["s1"]);
    expect(await emitter.serverSideEmitWithAck("hello", 2)).toEqual(["answer to 2", "answer to 2"]);
  });

  it("puts what it says in the recovery log, for those who are away", async () => {
    const names = await open("native", false, { recovery: {} });
    emitter = create(names);
    const log = namespaces[0]!.adapter.recovery!;
    const start = log.head();
    log.open({ pid: "secret", sid: "s0", rooms: sockets[0]!.rooms });
    await log.persist({ pid: "secret", sid: "s0", rooms: [...sockets[0]!.rooms], data: {} });
    sockets[0]!.disconnect();
    emitter.emit("missed");
    await emitter.flushed();
    await eventually(() => expect(sockets[1]!.events).toEqual([["missed"]]), 5_000);
    const resumed = await namespaces[1]!.adapter.recovery!.resume("secret", start);
    expect(resumed.ok && resumed.missed.length).toBe(1);
  });

  it("commits late without being taken for a repetition", async () => {
    const names = await open("native");
    emitter = create(names);
    const client = await pools[0]!.connect();
    await client.query("BEGIN");
    const within = emitter.using(client);
    within.emit("late");
    await within.flushed();
    for (let i = 0; i < 1_500; i++) emitter.emit("many");
    await emitter.flushed();
    await eventually(() => expect(sockets[0]!.events).toHaveLength(1_500), 10_000);
    await client.query("COMMIT");
    client.release();
    await eventually(() => expect(sockets.map(({ events }) => events.at(-1))).toEqual([["late"], ["late"]]), 5_000);
  });

  it("cannot be used with what is no transaction", async () => {
    const names = await open("native");
    const made = pool();
    emitter = create(names, made);
    const sql = postgres(server.url);
    for (const wrong of [made, sql, undefined, {}]) {
      expect(() => emitter.using(wrong as never)).toThrow(
        expect.objectContaining({ code: "ERR_SOCKEYE_POSTGRES_CLIENT" }),
      );
    }
    expect(() => create({ wire: "tcp" as never })).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_POSTGRES_OPTION" }),
    );
    await sql.end();
  });

  it("takes its arguments as the incumbent's does, too, and speaks to other namespaces", async () => {
    const names = await open("native");
    const other = new SimulatedNamespace({ name: "/other" });
    other.adapter = createAdapter(pool(), names)(other);
    await other.adapter.init?.();
    namespaces.push(other);
    const socket = await other.connect("o");
    emitter = new Emitter(pool(), "/other", names);
    emitter.emit("one");
    await emitter.flushed();
    emitter.of("/").emit("two");
    await emitter.flushed();
    await eventually(() => expect([socket.events, ...events()]).toEqual([[["one"]], ["two"], ["two"]]), 5_000);
  });
});
