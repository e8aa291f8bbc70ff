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
  const options = {
    transports: ["websocket" as const],
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
  };
  sockets = servers.map(({ url }) => io(url, options));
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

  it("resume the session of one that was killed, on another and then elsewhere, with all it missed", async () => {
    await open("primary_killed", true);
    const moved = sockets[0]!;
    const heard: number[] = [];
    const recoveries: boolean[] = [];
    moved.on("said", (n: number) => heard.push(n));
    moved.on("connect", () => recoveries.push(moved.recovered));
    const { id } = moved;
    let said = 0;
    const sayThrough = async (server: ServerProcess, count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await server.call("emit", "said", ++said);
    };
    const allHeard = () =>
      eventually(() => expect(heard).toEqual(Array.from({ length: said }, (_, n) => n + 1)), 10_000);

    for (const [from, to] of [
      [0, 1],
      [1, 2],
    ] as const) {
      // Behind what its server has written down of the session.
      await sayThrough(servers[from]!, 1);
      await allHeard();
      // A load balancer would lead it to a server that is there.
      (moved.io as unknown as { uri: string }).uri = servers[to]!.url;
      await servers[from]!.kill();
      await sayThrough(servers[2]!, 3);
      await allHeard();
      expect([moved.id, recoveries.at(-1)]).toEqual([id, true]);
      await sayThrough(servers[to]!, 2);
      await allHeard();
    }
    expect(recoveries).toEqual([true, true]);
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
