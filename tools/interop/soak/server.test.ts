import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Server, type Socket } from "@sockeye/socketio-server";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import { afterAll, describe, expect, it } from "vitest";

/**
 * Clients that join, leave, answer, never answer, crash handlers and vanish, 500 at a time. Afterwards every table is empty, and
 * the heap is where it was.
 */

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const SECONDS = Number(process.env.SOAK_SECONDS ?? 120);
const AT_ONCE = 500;
/** Milliseconds that a client waits to be let in. */
const PATIENCE = 5_000;
const MEGABYTE = 1024 * 1024;

const moment = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Bytes that are still held when all that can be freed is freed. */
async function heldBytes(): Promise<number> {
  for (let n = 0; n < 4; n++) {
    await moment(20);
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const http = createServer();
const io = new Server(http, {
  serveClient: false,
  onError: () => {},
  pingInterval: 3_000,
  pingTimeout: 5_000,
  closeTimeout: 2_000,
  cleanupEmptyChildNamespaces: true,
  connectionStateRecovery: { maxDisconnectionDuration: 1_000 },
});

let arrivals = 0;

function behave(socket: Socket): void {
  socket.join(["everybody", `room ${arrivals++ % 50}`]);
  socket.on("ask", (value: unknown, answer: (value: unknown) => void) => answer(value));
  socket.on("crash", () => {
    throw new Error("on purpose");
  });
  socket.on("crash later", async () => {
    throw new Error("on purpose");
  });
  socket.on("picture", (bytes: Buffer) => socket.to(`room ${arrivals % 50}`).volatile.emit("picture", bytes));
  socket.on("leave", () => socket.leave("everybody"));
  socket.emit("never answered", () => {});
  socket.timeout(60_000).emit("never answered", () => {});
  socket.emitWithAck("never answered").catch(() => {});
}

io.on("connection", behave);
io.of(/^\/dynamic-\d$/).on("connection", behave);

/** One visit; resolves when the client has gone. */
async function visit(url: string, n: number): Promise<void> {
  const path = n % 4 === 0 ? `/dynamic-${n % 10}` : "";
  const socket = connect(url + path, {
    transports: n % 3 === 0 ? ["polling", "websocket"] : ["websocket"],
    forceNew: true,
    reconnection: n % 5 === 0,
    reconnectionDelay: 20,
  });
  // One whose connection ends while it joins hears of neither.
  const answer = new Promise((resolve) => socket.once("connect", () => resolve(true)).once("connect_error", resolve));
  await Promise.race([answer, moment(PATIENCE)]);
  socket.emit("ask", n, () => {});
  socket.emit("picture", Buffer.alloc(200));
  socket.emit(n % 2 ? "crash" : "crash later");
  if (n % 6 === 0) socket.emit("leave");
  await moment((n * 37) % 400);
  await end(socket, n);
}

async function end(socket: ClientSocket, n: number): Promise<void> {
  if (n % 5 === 0) {
    // It comes back, perhaps to its session, and then goes for good.
    socket.io.engine.close();
    await moment(100);
  } else if (n % 5 === 1) {
    const { ws } = socket.io.engine.transport as unknown as { ws?: { terminate?(): void } };
    ws?.terminate?.();
  }
  socket.io.reconnection(false);
  socket.disconnect();
}

async function crowd(url: string, milliseconds: number): Promise<number> {
  const until = Date.now() + milliseconds;
  let visits = 0;
  const guest = async (): Promise<void> => {
    while (Date.now() < until) await visit(url, visits++);
  };
  await Promise.all([...Array(AT_ONCE)].map(guest));
  return visits;
}

async function emptied(): Promise<void> {
  const nobody = { sockets: 0, connecting: 0, rooms: 0, pendingAcks: 0 };
  await expect
    .poll(() => io.inspect(), { timeout: 30_000, interval: 100 })
    .toMatchObject({ connections: 0, deadlines: 0, dynamicNamespaces: 0, namespaces: { "/": nobody } });
  await expect.poll(() => io.inspect().namespaces["/"]?.recovery?.sessions, { timeout: 30_000, interval: 100 }).toBe(0);
  await expect.poll(() => io.engine.clientsCount, { timeout: 30_000, interval: 100 }).toBe(0);
}

describe("a server that 500 clients come and go on", () => {
  afterAll(() => io.close());

  it("has empty tables and a flat heap in the end", async () => {
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", () => resolve()));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const asking = setInterval(() => io.timeout(60_000).emit("never answered", () => {}), 100);
    // As much as it takes for caches and pools to be as large as they get.
    await crowd(url, Math.min(20_000, (SECONDS * 1_000) / 4));
    const warm = await heldBytes();
    const visits = await crowd(url, SECONDS * 1_000);
    clearInterval(asking);
    await emptied();
    const held = await heldBytes();
    console.log(
      `soak: ${visits} visits in ${SECONDS} s, ${(warm / MEGABYTE).toFixed(1)} MB before, ${(held / MEGABYTE).toFixed(1)} after`,
    );
    expect(visits).toBeGreaterThan(AT_ONCE);
    expect(held - warm).toBeLessThan(8 * MEGABYTE);
  });
});
