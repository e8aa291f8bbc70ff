/** One server of the cluster: talks to its clients and everybody else's in numbered events, and tells what it sent. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Server } from "@sockeye/socketio-server";
import { adapterNamed } from "./adapters.js";
import { OwnEvents } from "./own-events.js";
import type { Report, ServerOptions, ServerOrder } from "./protocol.js";

const options = JSON.parse(process.argv[2]!) as ServerOptions;
const errors: Record<string, number> = {};
const events = new OwnEvents(options.name);
const delays = monitorEventLoopDelay();
let talking: ReturnType<typeof setInterval> | undefined;

function count(error: unknown): void {
  const { code, name = "thrown" } = error as { code?: string; name?: string };
  const key = code ?? name;
  errors[key] = (errors[key] ?? 0) + 1;
}

const http = createServer();
const io = new Server(http, {
  serveClient: false,
  adapter: events.watch(await adapterNamed(options.adapter, options.url)),
  connectionStateRecovery: {},
  pingInterval: 2_000,
  pingTimeout: 2_000,
  onError: count,
});

io.on("connection", (socket) => {
  if (!socket.recovered) socket.join(["everybody", `shard ${Math.floor(Math.random() * 8)}`]);
  socket.emit("here", options.name);
});

/** To everybody, or to the room that everybody is in: both must arrive. */
function talk(): void {
  const number = events.next();
  const target = number % 2 === 0 ? io : io.to("everybody");
  target.emit("news", options.name, number);
}

async function report(order: number): Promise<Report> {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const adapter = io.of("/").adapter as { health?: string; inspect?(): { traffic?: Report["traffic"] } };
  return {
    order,
    port: (http.address() as AddressInfo).port,
    sent: events.settled(),
    unsettled: events.unsettled,
    logs: events.areLogged,
    health: adapter.health ?? "unknown",
    servers: await io.of("/").adapter.serverCount(),
    clients: io.engine.clientsCount,
    stall: Math.round(delays.max / 1e6),
    held: heapUsed + external,
    traffic: adapter.inspect?.().traffic,
    errors,
  };
}

async function obey({ order, what }: ServerOrder): Promise<void> {
  if (what === "talk") talking ??= setInterval(talk, options.pace);
  if (what === "hush") {
    clearInterval(talking);
    talking = undefined;
  }
  process.send?.(await report(order));
  if (what === "stop") {
    await io.close();
    process.exit(0);
  }
}

delays.enable();
process.on("message", (order: ServerOrder) => void obey(order));
http.listen(0, "127.0.0.1", async () => process.send?.(await report(0)));
