import cluster from "node:cluster";
import { eventually } from "@sockeye/adapter-base/conformance";
import { io, type Socket } from "@sockeye/client";
import { createSchema, setupPrimary } from "@sockeye/postgres-adapter";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";
import { bundleServer, ServerProcess } from "../../src/postgres/server-process.js";

let postgres: PostgresServer;
let bundle: Awaited<ReturnType<typeof bundleServer>>;
let servers: ServerProcess[] = [];
let sockets: Socket[] = [];
let close: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  [postgres, bundle] = await Promise.all([PostgresServer.start(), bundleServer()]);
  cluster.setupPrimary({ exec: bundle.script, execArgv: [], silent: true });
});
afterAll(async () => {
  await postgres.stop();
  await bundle.remove();
});
afterEach(async () => {
  for (const socket of sockets) socket.disconnect();
  for (const server of servers) await server.kill();
  await close();
  [servers, sockets] = [[], []];
});

/** This process is the primary of two workers, and there is a server beside them. */
async function open(tableName: string, recovery: boolean): Promise<void> {
  const pool = new pg.Pool({
    connectionString: postgres.url,
    application_name: "primary",
    max: 4,
    idleTimeoutMillis: 50,
  });
  await createSchema(pool, { tableName });
  const primary = setupPrimary(pool, { tableName, channelPrefix: tableName });
  close = async () => {
    await primary.close();
    await pool.end();
  };
  const settings = { url: `${postgres.url}?application_name=plain`, recovery, tableName };
  servers = await Promise.all([
    ServerProcess.startWorker({ ...settings, url: `${postgres.url}?application_name=worker` }),
    ServerProcess.startWorker({ ...settings, url: `${postgres.url}?application_name=worker` }),
    ServerProcess.start(bundle.script, settings),
  ]);
  await vi.waitFor(async () => {
    for (const server of servers) expect(await server.call("serverCount")).toBe(3);
  }, 10_000);
  sockets = servers.map(({ url }) => io(url, { transports: ["websocket"], forceNew: true }));
  await eventually(() => expect(sockets.every(({ connected }) => connected)).toBe(true), 10_000);
}

describe("workers of a primary that is on PostgreSQL", () => {
  it.each([false, true])("are one cluster with a server elsewhere (recovery: %s)", async (recovery) => {
    await open(`primary_${recovery}`, recovery);
    const heard: number[][] = sockets.map(() => []);
    for (const [i, socket] of sockets.entries()) socket.on("said", (n: number) => heard[i]?.push(n));
    const ids = sockets.map(({ id }) => id).sort();
    for (const [i, server] of servers.entries()) {
      for (let n = 0; n < 20; n++) await server.call("emit", "said", 100 * i + n);
      await eventually(() => expect(heard.map(({ length }) => length)).toEqual(Array(3).fill(20 * (i + 1))), 5_000);
      const fetched = (await server.call("fetchSockets")) as { ids: string[]; missing: string[] };
      expect([fetched.ids.sort(), fetched.missing]).toEqual([ids, []]);
    }
    const said = [0, 100, 200].flatMap((from) => Array.from({ length: 20 }, (_, n) => from + n));
    expect(heard).toEqual([said, said, said]);
    expect(servers.map(({ complaints }) => complaints)).toEqual(["", "", ""]);
  });

  it("have one connection between them", async () => {
    await open("primary_connections", false);
    await vi.waitFor(
      async () => {
        const rows = await postgres.query(
          "SELECT application_name AS name FROM pg_stat_activity WHERE application_name IN ('primary', 'worker')",
        );
        expect(rows).toEqual([{ name: "primary" }]);
      },
      { timeout: 5_000 },
    );
  });

  it("hear of an outage, and are whole again after it", async () => {
    await open("primary_outage", false);
    await postgres.kill();
    await vi.waitFor(async () => expect(await servers[0]!.call("health")).toBe("down"), { timeout: 10_000 });
    await postgres.restart();
    await vi.waitFor(
      async () => {
        for (const server of servers) expect(await server.call("health")).toBe("ok");
      },
      { timeout: 10_000 },
    );
    const heard = new Promise((resolve) => sockets[2]!.once("said", resolve));
    await servers[0]!.call("emit", "said", 1);
    expect(await heard).toBe(1);
  });
});
