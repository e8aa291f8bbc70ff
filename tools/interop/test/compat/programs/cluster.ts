import cluster from "node:cluster";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter, setupPrimary } from "@socket.io/cluster-adapter";
import { setupMaster, setupWorker } from "@socket.io/sticky";
import { Server } from "@sockeye/socketio-server";

/** Two workers with our server behind one port: @socket.io/sticky picks the worker, @socket.io/cluster-adapter joins them. */

function primary(): void {
  const http = createServer();
  setupMaster(http, { loadBalancingMethod: "least-connection" });
  setupPrimary();
  cluster.setupPrimary({ serialization: "advanced" });
  let listening = 0;
  cluster.on("message", (_worker, message: { listening?: boolean }) => {
    if (!message.listening || ++listening < 2) return;
    http.listen(0, "127.0.0.1", () => process.send?.({ port: (http.address() as AddressInfo).port }));
  });
  for (let n = 0; n < 2; n++) cluster.fork();
  process.once("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill();
    process.exit(0);
  });
}

/**
 * Under load one in some 400 WebSockets through @socket.io/sticky loses its first frame, with the incumbent's server as with
 * ours: the primary still reads when the worker has answered already. A client whose CONNECT went that way is sent to try
 * again after `connectTimeout`.
 */
function worker(): void {
  const io = new Server(createServer(), {
    adapter: createAdapter({ heartbeatInterval: 200 }) as never,
    connectTimeout: 1_000,
  });
  setupWorker(io as never);
  io.on("connection", (socket) => {
    socket.on("where", (answer) => answer(process.pid));
    socket.on("shout", (text, data) => io.emit("news", text, data));
    socket.on("join", async (room, answer) => {
      await socket.join(room);
      answer();
    });
    socket.on("whisper", (room, text) => socket.to(room).emit("news", text));
    socket.on("count", async (answer) => answer((await io.fetchSockets()).length));
    socket.on("gather", async (answer) => answer(await io.timeout(5_000).emitWithAck("who")));
  });
  process.send?.({ listening: true });
  process.once("disconnect", () => process.exit(0));
}

if (cluster.isPrimary) primary();
else worker();
