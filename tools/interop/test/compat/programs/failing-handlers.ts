import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "@sockeye/socketio-server";

/** A server on which everything that an application can write fails. It must go on answering. */

const told: string[] = [];
const http = createServer();
const io = new Server(http, { serveClient: false, onError: (_error, { event }) => void told.push(String(event)) });

const fail = (): never => {
  throw new Error("on purpose");
};
const reject = async (): Promise<never> => fail();
const odd = (): never => {
  throw undefined;
};
const later = async (): Promise<void> => {
  await null;
  fail();
};

io.use((socket, next) => (socket.handshake.auth.middleware === "throws" ? fail() : next()));
io.use(async (socket) => (socket.handshake.auth.middleware === "rejects" ? reject() : undefined));
io.use((socket, next) => {
  next();
  if (socket.handshake.auth.middleware === "throws after next") fail();
});
io.of((_name, auth, next) => (auth.matcher === "throws" ? fail() : next(null, false)));

io.on("connection", (socket: Socket) => {
  socket.on("ping", (answer: (told: number) => void) => answer(told.length));
  socket.on("throws", fail);
  socket.on("rejects", reject);
  socket.on("throws nothing", odd);
  socket.on("rejects later", later);
  socket.once("throws once", fail);
  socket.on("throws with ack", (_answer: unknown) => fail());
  socket.on("error", fail);
  socket.onAny((event) => (event === "any throws" ? fail() : undefined));
  socket.onAny(async (event) => (event === "any rejects" ? reject() : undefined));
  socket.onAnyOutgoing((event) => (event === "outgoing throws" ? fail() : undefined));
  socket.use(([event], next) => (event === "packet middleware throws" ? fail() : next()));
  socket.use(async ([event], next) => (event === "packet middleware rejects" ? reject() : next()));
  socket.on("emit", (event: string) => socket.emit(event));
  socket.on("broadcast", (event: string) => io.emit(event));
  socket.on("ask", () => socket.emit("question", fail));
  socket.on("ask with timeout", () => socket.timeout(10_000).emit("question", reject));
  socket.on("ask everybody", () => io.timeout(10_000).emit("question", fail));
  socket.on("unserializable", () => {
    const ring: unknown[] = [];
    ring.push(ring);
    socket.emit("ring", ring);
  });
  socket.on("reserved", () => socket.emit("disconnect"));
  socket.on("disconnecting", fail);
  socket.on("disconnect", reject);
});
io.on("connection", reject);
io.on("connect", fail);
io.on("new_namespace", fail);
io.of("/another");
io.of("/").adapter.on("join-room", fail);

http.listen(0, "127.0.0.1", () => process.send?.({ port: (http.address() as AddressInfo).port }));
