import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@sockeye/adapter-base/conformance";
import { io, type Socket } from "@sockeye/client";
import { createSchema } from "@sockeye/postgres-adapter";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";
import { bundleServer, ServerProcess } from "../../src/postgres/server-process.js";

let postgres: PostgresServer;
let bundle: Awaited<ReturnType<typeof bundleServer>>;
let stages = 0;

beforeAll(async () => {
  [postgres, bundle] = await Promise.all([PostgresServer.start(), bundleServer()]);
});
afterAll(async () => {
  await postgres.stop();
  await bundle.remove();
});

/** A client that writes down what it hears. */
class Client {
  readonly events: number[] = [];
  readonly all: number[] = [];
  recoveries = 0;
  readonly socket: Socket;

  constructor(url: string) {
    this.socket = io(url, {
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
    });
    this.socket.on("event", (n: number) => {
      this.events.push(n);
      this.all.push(n);
    });
    this.socket.on("own", (n: number) => this.all.push(n));
    this.socket.on("connect", () => {
      if (this.socket.recovered) this.recoveries++;
    });
  }

  /** What came behind something that was said later, or twice, with what came around it. */
  get disorder(): string[] {
    const places = this.all.flatMap((n, i) => (i > 0 && n <= this.all[i - 1]! ? [i] : []));
    return places.map((i) => this.all.slice(Math.max(0, i - 6), i + 5).join(" "));
  }
}

let servers: ServerProcess[] = [];
let clients: Client[] = [];

afterEach(async () => {
  for (const { socket } of clients) socket.disconnect();
  for (const server of servers) await server.kill();
  [servers, clients] = [[], []];
});

async function open({ recovery, durable = false }: { recovery: boolean; durable?: boolean }): Promise<void> {
  const tableName = `processes_${++stages}`;
  const pool = new pg.Pool({ connectionString: postgres.url, max: 1 });
  await createSchema(pool, { tableName, durable });
  await pool.end();
  const settings = { url: postgres.url, recovery, tableName };
  servers = await Promise.all([0, 1, 2].map(() => ServerProcess.start(bundle.script, settings)));
  await vi.waitFor(
    async () => {
      for (const server of servers) expect(await server.call("serverCount")).toBe(3);
    },
    { timeout: 10_000 },
  );
  clients = servers.map(({ url }) => new Client(url));
  await eventually(() => expect(clients.every(({ socket }) => socket.connected)).toBe(true), 10_000);
}

const healthy = async (): Promise<boolean> =>
  (await Promise.all(servers.map((server) => server.call("health")))).every((health) => health === "ok");

/** Milliseconds until every server is whole again. */
async function backAfter(begin: number): Promise<number> {
  await vi.waitFor(async () => expect(await healthy()).toBe(true), { timeout: 15_000, interval: 20 });
  return performance.now() - begin;
}

describe("three servers over PostgreSQL", () => {
  it.each([
    ["without recovery, unlogged", { recovery: false, durable: false }],
    ["with recovery, unlogged", { recovery: true, durable: false }],
    ["with recovery, durable", { recovery: true, durable: true }],
  ] as const)("survive its crash: %s", async (name, options) => {
    await open(options);
    await servers[0]!.call("talk");
    await sleep(500);
    await postgres.kill();
    await sleep(500);
    // Clients of the server that speaks hear it all the same.
    const before = clients[0]!.all.length;
    await eventually(() => expect(clients[0]!.all.length).toBeGreaterThan(before), 5_000);
    await postgres.restart();
    const took = await backAfter(performance.now());
    await sleep(500);
    const said = (await servers[0]!.call("hush")) as number;
    for (const { events } of clients) await eventually(() => expect(events.at(-1)).toBeGreaterThan(said - 5), 10_000);
    const broadcasts = Array.from({ length: said }, (_, i) => i + 1).filter((n) => n % 4 !== 0);
    const lost = clients.map(({ events }) => broadcasts.length - new Set(events).size);
    console.log(`${name}: back ${took.toFixed()} ms after the database, of ${broadcasts.length} lost ${lost}`);
    expect(servers.map(({ isAlive, complaints }) => [isAlive, complaints])).toEqual(Array(3).fill([true, ""]));
    expect(took).toBeLessThan(5_000);
    expect(clients.map(({ disorder }) => disorder)).toEqual([[], [], []]);
    expect(lost[0]).toBe(0);
    // What is lost is told.
    const errors = (await Promise.all(servers.slice(1).map((server) => server.call("errors")))) as string[][];
    for (const [i, codes] of errors.entries()) {
      if (lost[i + 1]! > 0) expect(codes).toContain("ERR_SOCKEYE_CLUSTER_GAP");
    }
    if (options.durable) expect(lost).toEqual([0, 0, 0]);
  });

  it("lose nothing while their connections are cut, again and again", async () => {
    await open({ recovery: false });
    await servers[0]!.call("talk");
    for (let i = 0; i < 5; i++) {
      await sleep(200);
      await postgres.terminate();
      await backAfter(performance.now());
    }
    const said = (await servers[0]!.call("hush")) as number;
    const broadcasts = Array.from({ length: said }, (_, i) => i + 1).filter((n) => n % 4 !== 0);
    for (const { events } of clients) await eventually(() => expect(events).toEqual(broadcasts), 10_000);
    expect(servers.map(({ complaints }) => complaints)).toEqual(["", "", ""]);
  });

  it("give a part when one of them was killed, and say so; then they are whole", async () => {
    await open({ recovery: false });
    await servers[2]!.kill();
    const part = (await servers[0]!.call("fetchSockets")) as { ids: string[]; missing: string[]; code?: string };
    expect([part.ids.length, part.missing.length, part.code]).toEqual([2, 1, "ERR_SOCKEYE_CLUSTER_TIMEOUT"]);
    await vi.waitFor(
      async () => expect(await servers[0]!.call("fetchSockets")).toMatchObject({ missing: [], ids: { length: 2 } }),
      { timeout: 10_000 },
    );
  });

  it("resume the clients of a server that was killed on another one, with all they missed", async () => {
    await open({ recovery: true });
    await servers[0]!.call("talk");
    await sleep(700);
    const moved = clients[2]!;
    await servers[2]!.kill();
    // A load balancer would lead it to a server that is there.
    (moved.socket.io as unknown as { uri: string }).uri = servers[1]!.url;
    await eventually(() => expect(moved.socket.connected).toBe(true), 10_000);
    await sleep(500);
    const said = (await servers[0]!.call("hush")) as number;
    const broadcasts = Array.from({ length: said }, (_, i) => i + 1).filter((n) => n % 4 !== 0);
    await eventually(() => expect(moved.events.at(-1)).toBe(broadcasts.at(-1)), 10_000);
    expect(moved.recoveries).toBe(1);
    const first = moved.events[0]!;
    expect(moved.events).toEqual(broadcasts.filter((n) => n >= first));
  });

  it("hold nothing open when they are closed: the process ends by itself", async () => {
    await open({ recovery: true });
    for (const { socket } of clients) socket.disconnect();
    await servers[0]!.call("close");
    expect(await servers[0]!.ends(5_000)).toBe(true);
    await vi.waitFor(async () => expect(await servers[1]!.call("serverCount")).toBe(2), { timeout: 5_000 });
  });
});
