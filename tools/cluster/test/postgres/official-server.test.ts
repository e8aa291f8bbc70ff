import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import type { ClusterAdapter } from "@sockeye/adapter-base";
import { io as connect, type Socket } from "@sockeye/client";
import { createAdapter } from "@sockeye/postgres-adapter";
import pg from "pg";
import { Server } from "socket.io";
import { expect, it, vi } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";

/** A server of the `socket.io` package with our adapter. */
async function listen(pool: pg.Pool): Promise<{ io: Server; adapter: ClusterAdapter; url: string }> {
  const http: HttpServer = createServer();
  const io = new Server(http, { adapter: createAdapter(pool, { createSchema: true }) as never });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return { io, adapter: io.of("/").adapter as unknown as ClusterAdapter, url };
}

async function client(url: string): Promise<Socket> {
  const socket = connect(url, { transports: ["websocket"] });
  await new Promise<void>((resolve) => socket.on("connect", () => resolve()));
  return socket;
}

it("two servers of the socket.io package are one over PostgreSQL", async () => {
  const server = await PostgresServer.start();
  const pools = [0, 1].map(() => new pg.Pool({ connectionString: server.url }));
  const [one, two] = [await listen(pools[0]!), await listen(pools[1]!)];
  const socket = await client(two.url);
  await vi.waitFor(async () => expect(await one.adapter.serverCount()).toBe(2), 10_000);
  const heard = new Promise((resolve) => socket.on("hi", (...args: unknown[]) => resolve(args)));
  one.io.emit("hi", 1, Buffer.from([9]));
  expect((await heard) as unknown[]).toMatchObject([1, expect.anything()]);
  expect(await one.io.fetchSockets()).toHaveLength(1);
  socket.disconnect();
  for (const { io } of [one, two]) await io.close();
  for (const pool of pools) await pool.end();
  await server.stop();
});

it("one server does without a PostgreSQL, on pglite through its socket server", async () => {
  const db = await PGlite.create();
  const front = new PGLiteSocketServer({ db, port: 0, host: "127.0.0.1" });
  await front.start();
  const port = Number(front.getServerConn().split(":").at(-1));
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "postgres", database: "postgres", max: 1 });
  const { io, adapter, url } = await listen(pool);
  const socket = await client(url);
  const heard = new Promise((resolve) => socket.on("hi", resolve));
  io.emit("hi", 7);
  expect(await heard).toBe(7);
  // What is for other servers goes through the database: rows, in one that is embedded.
  const rows = async () => {
    io.emit("hi", 8);
    return (await db.query<{ n: number }>("SELECT count(*)::int AS n FROM sockeye_messages")).rows[0]?.n;
  };
  await vi.waitFor(async () => expect(await rows()).toBeGreaterThan(0), { timeout: 20_000, interval: 200 });
  expect(adapter.health).toBe("ok");
  socket.disconnect();
  await io.close();
  await pool.end();
  await front.stop();
  await db.close();
});
