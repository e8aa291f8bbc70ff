import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect as connectTcp, type Socket as TcpSocket } from "node:net";
import { io as connectOurs } from "@sockeye/client";
import { Server, type ServerOptions, type Socket } from "@sockeye/socketio-server";
import { type Socket as ClientSocket, io as connectOfficial } from "socket.io-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { Link } from "../src/link.js";
import { start } from "./compat/program.js";

/**
 * What happens on one server when things go wrong: the link is cut, a reader stops, a handler fails, a peer leaves or lies. The
 * invariant of each test is what a user may rely on. Rows of the cluster are in `compat/` and with the adapters.
 */

let io: Server;
let link: Link;
let clients: ClientSocket[] = [];
const errors: Error[] = [];

afterEach(async () => {
  for (const client of clients) client.disconnect();
  clients = [];
  errors.length = 0;
  // First the cable: halves of connections that nobody has ended would be waited for.
  await link?.close();
  await io?.close();
});

async function serve(options: Partial<ServerOptions> = {}): Promise<string> {
  const http = createServer();
  io = new Server(http, { serveClient: false, onError: (error) => errors.push(error), ...options });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", () => resolve()));
  link = new Link();
  await link.open((http.address() as AddressInfo).port);
  return `http://127.0.0.1:${link.port}`;
}

const PACKAGES = { official: connectOfficial, sockeye: connectOurs as unknown as typeof connectOfficial };
type Package = keyof typeof PACKAGES;

function client(url: string, which: Package, options: object = {}): ClientSocket {
  const backOff = { reconnectionDelay: 2, reconnectionDelayMax: 10 };
  const socket = PACKAGES[which](url, { forceNew: true, transports: ["websocket"], ...backOff, ...options });
  clients.push(socket);
  return socket;
}

const moment = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const once = <T>(emitter: { once(event: string, listener: never): unknown }, event: string) =>
  new Promise<T>((resolve) => emitter.once(event, resolve as never));
const numbers = (count: number) => [...Array(count).keys()];
const TRANSPORTS = { websocket: ["websocket"], polling: ["polling"], upgrade: ["polling", "websocket"] };

/**
 * The incumbent's client stalls when the link is cut while it changes transports: it has left the one, takes the end of the
 * other for a failed upgrade, and finds out by its heartbeat. So that one comes soon where that may happen.
 */
function heartbeats(which: Package, transports: string): Partial<ServerOptions> {
  return which === "official" && transports === "upgrade" ? { pingInterval: 500, pingTimeout: 500 } : {};
}

describe("connection state recovery", () => {
  for (const which of ["official", "sockeye"] as const) {
    for (const [name, transports] of Object.entries(TRANSPORTS)) {
      it(`${which} client, ${name}: 60 cuts during 2,000 events lose, double and reorder nothing`, async () => {
        const url = await serve({ connectionStateRecovery: {}, ...heartbeats(which, name) });
        let served: Socket | undefined;
        io.on("connection", (socket) => {
          served = socket;
          if (!socket.recovered) socket.join("room");
        });
        const socket = client(url, which, { transports });
        const received: number[] = [];
        const lengths = new Set<number>();
        let fresh = 0;
        socket.on("n", (...args: unknown[]) => {
          received.push(args[0] as number);
          lengths.add(args.length);
        });
        socket.on("connect", () => {
          if (!socket.recovered) fresh++;
        });
        await once(socket, "connect");
        const total = 2_000;
        for (const n of numbers(total)) {
          if (n % 4 === 0) io.emit("n", n, "text");
          else if (n % 4 === 1) io.to("room").emit("n", n, "text");
          else if (n % 4 === 2) served?.emit("n", n, "text");
          else io.to(served?.id ?? "").emit("n", n, "text");
          // A trailing string of an event that is not recoverable must not be taken for an offset.
          if (n % 7 === 0) io.volatile.emit("volatile", "a string");
          if (n % 33 === 20) {
            // Half of the cuts are not seen by the server before the client is back.
            if (n % 2 === 0) link.cut();
            else link.cutClientSide();
          }
          if (n % 11 === 0) await moment(1);
        }
        await expect.poll(() => received.length, { timeout: 20_000 }).toBe(total);
        expect(received).toEqual(numbers(total));
        expect(fresh).toBe(1);
        // The incumbent's client hands the offset to its handlers; ours does not.
        expect([...lengths]).toEqual(which === "sockeye" ? [2] : [3]);
        expect(io.sockets.sockets.size).toBe(1);
      }, 60_000);
    }

    it(`${which} client: a quiet client is recovered`, async () => {
      const url = await serve({ connectionStateRecovery: {} });
      const socket = client(url, which);
      await once(socket, "connect");
      for (const cut of ["seen by both", "seen by the client"]) {
        const received = once<number>(socket, "missed");
        if (cut === "seen by both") link.cut();
        else link.cutClientSide();
        io.emit("missed", 7);
        await once(socket, "connect");
        expect(socket.recovered, cut).toBe(true);
        expect(await received).toBe(7);
      }
    });
  }
});

describe("a connection that ends while it changes transports", () => {
  /** A client in the middle of its upgrade: so many turns after the server has answered the probe. */
  async function changing(url: string, which: Package, turns: number): Promise<ClientSocket> {
    // No connection of the last one is used again: it may be one that was cut.
    const socket = client(url, which, { transports: TRANSPORTS.upgrade, reconnection: false, agent: false });
    await Promise.all([once(socket, "connect"), once(socket.io.engine as never, "upgrading")]);
    for (const _ of numbers(turns)) await new Promise(setImmediate);
    return socket;
  }

  // Nobody has to wait for a heartbeat: it is later than the end of the test.
  for (const which of ["official", "sockeye"] as const) {
    it(`${which} client: the server closes, and the client notices at once`, async () => {
      for (const turns of numbers(24)) {
        const socket = await changing(await serve(), which, turns % 8);
        const gone = once(socket, "disconnect");
        await io.close();
        await gone;
        await link.close();
      }
    });
  }

  it("sockeye client: the link is cut, and the client notices at once or has lost nothing by it", async () => {
    const url = await serve();
    io.on("connection", (socket) => socket.on("ask", (answer) => answer("alive")));
    for (const turns of numbers(24)) {
      const socket = await changing(url, "sockeye", turns % 8);
      const gone = once(socket, "disconnect").then(() => "gone");
      if (turns % 2) link.cut();
      else link.cutClientSide();
      // Between two polls only the candidate has a cable to cut.
      const outcome = await Promise.race([gone, socket.emitWithAck("ask").catch(() => gone)]);
      expect(["gone", "alive"]).toContain(outcome);
    }
  });
});

describe("a slow reader", () => {
  it("costs at most its budget, and is closed", async () => {
    await serve({ maxOutboxBytes: 4_000_000 });
    const reason = new Promise((resolve) => {
      io.on("connection", (socket) => socket.on("disconnect", resolve));
    });
    const tcp = await pausedSocketIo((io.httpServer!.address() as AddressInfo).port);
    const before = process.memoryUsage().rss;
    const payload = "x".repeat(10_000);
    for (const n of numbers(20_000)) {
      io.emit("flood", payload);
      if (n % 100 === 0) await moment(0);
      if (io.sockets.sockets.size === 0) break;
    }
    expect(await reason).toBe("slow consumer");
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    tcp.destroy();
  });
});

describe("failing handlers", () => {
  const events = [
    ["throws"],
    ["rejects"],
    ["throws nothing"],
    ["rejects later"],
    ["throws once"],
    ["throws with ack", () => {}],
    ["error", "from the client"],
    ["any throws"],
    ["any rejects"],
    ["packet middleware throws"],
    ["packet middleware rejects"],
    ["emit", "outgoing throws"],
    ["broadcast", "outgoing throws"],
    ["ask"],
    ["ask with timeout"],
    ["ask everybody"],
    ["unserializable"],
    ["reserved"],
  ] as const;
  const refusals = [{ middleware: "throws" }, { middleware: "rejects" }, { middleware: "throws after next" }];

  it("of every kind end neither the process nor a connection", async () => {
    const program = await start("failing-handlers");
    const url = `http://127.0.0.1:${program.port}`;
    try {
      const socket = client(url, "official");
      socket.on("question", (answer: (text: string) => void) => answer("x"));
      await once(socket, "connect");
      for (const [event, ...args] of events) {
        const before: number = await socket.emitWithAck("ping");
        socket.emit(event, ...args);
        await expect.poll(() => socket.emitWithAck("ping"), { message: event }).toBeGreaterThan(before);
      }
      for (const auth of refusals) {
        const refused = client(url, "official", { auth, reconnection: false });
        await Promise.race([once(refused, "connect"), once(refused, "connect_error")]);
        refused.disconnect();
      }
      await once(client(`${url}/nowhere`, "official", { auth: { matcher: "throws" } }), "connect_error");
      const second = client(url, "official");
      await once(second, "connect");
      second.disconnect();
      await moment(50);
      expect(await socket.emitWithAck("ping")).toBeGreaterThan(events.length + refusals.length);
      expect([program.child.exitCode, socket.connected]).toEqual([null, true]);
    } finally {
      for (const socket of clients.splice(0)) socket.disconnect();
      await program.end();
    }
  }, 60_000);
});

describe("acknowledgements", () => {
  it("asked of a client that leaves settle at once, and nothing is kept", async () => {
    const url = await serve();
    const arrival = once<Socket>(io, "connection");
    const stays = client(url, "official");
    stays.on("ask", (answer: (text: string) => void) => answer("here"));
    await arrival;
    const second = once<Socket>(io, "connection");
    const leaves = client(url, "official");
    const socket = await second;
    // The deadlines are later than the end of the test: whatever settles does so for another reason.
    const outcomes = [
      socket.emitWithAck("ask"),
      socket.timeout(60_000).emitWithAck("ask"),
      io.timeout(60_000).emitWithAck("ask"),
    ].map((outcome) => outcome.catch((error) => error));
    for (const _ of numbers(9_000)) socket.timeout(60_000).emit("never", () => {});
    leaves.disconnect();
    const [plain, timed, broadcast] = await Promise.all(outcomes);
    expect([plain.code, timed.code, broadcast.code]).toEqual(Array(3).fill("ERR_SOCKEYE_SERVER_PEER_GONE"));
    expect(broadcast.responses).toEqual(["here"]);
    expect(io.inspect()).toMatchObject({ deadlines: 0, namespaces: { "/": { pendingAcks: 0 } } });
  });
});

describe("many clients", () => {
  it("that connect, and end abruptly at any step, leave nothing behind", async () => {
    await serve({ pingInterval: 300, pingTimeout: 300, connectTimeout: 300, closeTimeout: 300 });
    const { port } = io.httpServer!.address() as AddressInfo;
    for (const _ of numbers(20)) {
      await Promise.all(numbers(50).map((n) => abruptVisit(port, n)));
    }
    await expect
      .poll(() => io.inspect(), { timeout: 10_000 })
      .toMatchObject({
        connections: 0,
        deadlines: 0,
        namespaces: { "/": { sockets: 0, rooms: 0, connecting: 0 } },
      });
    await expect.poll(() => io.engine.clientsCount, { timeout: 10_000 }).toBe(0);
  }, 60_000);

  it("come back after a restart spread over the back-off, all of them", async () => {
    const url = await serve();
    const backOff = { reconnectionDelay: 1_500, reconnectionDelayMax: 1_500, randomizationFactor: 0.5 };
    const sockets = numbers(150).map(() => client(url, "sockeye", backOff));
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    let back = 0;
    io.on("connection", () => back++);
    const timers = vi.spyOn(globalThis, "setTimeout");
    link.cut();
    await expect.poll(() => back, { timeout: 15_000 }).toBe(150);
    // What the clients ask of the clock; when a busy machine comes round to them is its own affair.
    const delays = timers.mock.calls.map(([, delay]) => delay ?? 0).filter((delay) => delay >= 750 && delay <= 1_500);
    timers.mockRestore();
    expect(delays.length).toBeGreaterThanOrEqual(150);
    // Evenly spread these would be 50 in a quarter of a second; without jitter all of them.
    const busiest = Math.max(...delays.map((from) => delays.filter((at) => at >= from && at < from + 250).length));
    expect(busiest).toBeLessThan(90);
  }, 30_000);
});

describe("a peer that lies", () => {
  it("three CONNECTs in one payload are one socket", async () => {
    await serve();
    const { port } = io.httpServer!.address() as AddressInfo;
    const base = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(base)).text()).slice(1));
    await fetch(`${base}&sid=${sid}`, { method: "POST", body: "40\u001e40\u001e40" });
    const answer = await (await fetch(`${base}&sid=${sid}`)).text();
    expect(answer.split("\u001e").filter((packet) => packet.startsWith("40"))).toHaveLength(1);
    expect(io.sockets.sockets.size).toBe(1);
  });

  it("a session that is replayed, or raced for, has one socket", async () => {
    const url = await serve({ connectionStateRecovery: {} });
    const first = await rawWebSocket(url, "40");
    const { pid, sid } = JSON.parse(first.connect.slice(2));
    first.socket.terminate();
    const racers = await Promise.all(numbers(5).map(() => rawWebSocket(url, `40${JSON.stringify({ pid })}`)));
    expect(racers.length).toBe(5);
    await expect.poll(() => [...io.sockets.sockets.keys()].filter((id) => id === sid).length).toBe(1);
    for (const { socket } of racers) socket.terminate();
  });

  it("a second WebSocket with the sid of a WebSocket session is refused, and the session goes on", async () => {
    const url = await serve();
    const socket = client(url, "official");
    await once(socket, "connect");
    const { id } = socket.io.engine as unknown as { id: string };
    const thief = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket&sid=${id}`);
    const end = Promise.race([once(thief, "error"), once(thief, "close")]);
    thief.on("error", () => {});
    thief.on("open", () => thief.send("2probe"));
    await end;
    const served = [...io.sockets.sockets.values()][0];
    served?.on("ask", (answer: (text: string) => void) => answer("still here"));
    expect(await socket.emitWithAck("ask")).toBe("still here");
  });
});

/** A WebSocket that speaks Socket.IO by hand; resolves with the answer to CONNECT. */
function rawWebSocket(url: string, connect: string): Promise<{ socket: WebSocket; connect: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    socket.on("error", reject);
    socket.on("close", () => resolve({ socket, connect: "" }));
    socket.on("message", (data) => {
      const text = String(data);
      if (text.startsWith("0")) socket.send(connect);
      else if (text.startsWith("40")) resolve({ socket, connect: text });
    });
  });
}

/** A client that joins `/`, and then reads no more. */
async function pausedSocketIo(port: number): Promise<TcpSocket> {
  const tcp = connectTcp(port, "127.0.0.1");
  tcp.on("error", () => undefined);
  tcp.write(upgradeRequest());
  await new Promise((resolve) => tcp.once("data", resolve));
  tcp.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]));
  await expect.poll(() => io.sockets.sockets.size).toBe(1);
  tcp.pause();
  return tcp;
}

/** Visits that break off: before, in and after the handshake, while joining, and with a socket that is in use. */
async function abruptVisit(port: number, kind: number): Promise<void> {
  const tcp = connectTcp(port, "127.0.0.1");
  tcp.on("error", () => undefined);
  const frames = kind % 5 === 4 ? Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]) : Buffer.from([0x81, 0xfe]);
  if (kind % 5 > 0) tcp.write(kind % 5 === 1 ? upgradeRequest().slice(0, 60) : upgradeRequest());
  if (kind % 5 > 2) tcp.write(frames);
  await moment(kind % 7);
  if (kind % 2 === 0) tcp.resetAndDestroy();
  else tcp.destroy();
}

function upgradeRequest(): string {
  return (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
    `sec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString("base64")}\r\n\r\n`
  );
}
