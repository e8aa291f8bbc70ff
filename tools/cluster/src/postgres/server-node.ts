import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeClusterAdapter } from "@sockeye/adapter-base/node-cluster";
import { createAdapter } from "@sockeye/postgres-adapter";
import { Server } from "@sockeye/socketio-server";
import pg from "pg";

// One server of a cluster, in a process of its own, that does what the test tells it to.
interface Order {
  readonly order: number;
  readonly method: keyof typeof methods;
  readonly args: unknown[];
}

const { url, recovery, tableName, worker } = JSON.parse(process.env.SERVER_NODE ?? "{}");
const errors: string[] = [];
// No `error` listener, as in many applications: the adapter has one.
const pool = new pg.Pool({ connectionString: url, max: 4 });
const http = createServer();
const cluster = {
  heartbeatInterval: 500,
  heartbeatTimeout: 2_000,
  requestTimeout: 1_500,
};
const io = new Server(http, {
  ...(recovery ? { connectionStateRecovery: { maxDisconnectionDuration: 30_000 } } : {}),
  adapter: (worker
    ? createNodeClusterAdapter(cluster)
    : createAdapter(pool, {
        ...cluster,
        tableName,
        channelPrefix: tableName,
        errorHandler: (error) => errors.push(String((error as { code?: string }).code)),
      })) as never,
  onError: (error: Error) => errors.push(String((error as { code?: string }).code)),
} as never);

io.on("connection", (socket) => {
  socket.join("room");
});

const exit = (): void => process.exit(0);
let said = 0;
let talking: ReturnType<typeof setInterval> | undefined;

const methods = {
  async listen() {
    await new Promise<void>((resolve) => http.listen({ port: 0, host: "127.0.0.1", exclusive: true }, resolve));
    return (http.address() as AddressInfo).port;
  },
  async serverCount() {
    return io.of("/").adapter.serverCount();
  },
  async health() {
    return io.of("/").adapter.health;
  },
  /** Numbers to everybody, and in between to each socket of this node, all in one sequence. */
  async talk() {
    talking = setInterval(() => {
      for (let i = 0; i < 3; i++) io.emit("event", ++said);
      said++;
      for (const socket of io.of("/").sockets.values()) socket.emit("own", said);
    }, 5);
  },
  async hush() {
    clearInterval(talking);
    return said;
  },
  async emit(event: string, ...args: unknown[]) {
    io.emit(event, ...args);
  },
  async fetchSockets() {
    try {
      return { ids: (await io.fetchSockets()).map(({ id }) => id), missing: [] };
    } catch (thrown) {
      const { code, missing, responses } = thrown as { code: string; missing: string[]; responses: { id: string }[] };
      return { code, missing, ids: responses.map(({ id }) => id) };
    }
  },
  async errors() {
    return errors.splice(0);
  },
  async close() {
    await io.close();
    await pool.end();
    // From now on nothing but the test's own channel keeps this process alive.
    process.removeListener("disconnect", exit);
  },
};

process.on("message", async ({ order, method, args }: Order) => {
  // A primary says other things, too.
  if (order === undefined) return;
  const result = await (methods[method] as (...args: unknown[]) => Promise<unknown>)(...args);
  process.send?.({ order, result });
});
process.on("disconnect", exit);
process.send?.({ order: 0 });
