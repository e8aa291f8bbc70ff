import type { AddressInfo } from "node:net";
import { connect, createServer, type Server as NetServer, type Socket as NetSocket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { io, type Socket } from "../src/index.js";
import { type Host, pause, startServer, until } from "./official-server.js";

/** Real TCP, through a proxy that cuts, stalls and throttles. */
class TcpProxy {
  readonly #server: NetServer;
  readonly #pairs = new Set<[NetSocket, NetSocket]>();
  /** Milliseconds that every chunk waits. */
  delay = 0;

  constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, "127.0.0.1");
      const pair: [NetSocket, NetSocket] = [near, far];
      this.#pairs.add(pair);
      this.#pump(near, far);
      this.#pump(far, near);
      near.on("close", () => this.#pairs.delete(pair));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets every connection, whatever is under way. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Nothing moves any more, and nobody is told. */
  stall(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.pause().removeAllListeners("data");
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pump(from: NetSocket, to: NetSocket): void {
    from.on("data", (chunk) => {
      if (!this.delay) to.write(chunk);
      else {
        from.pause();
        setTimeout(() => {
          to.write(chunk);
          from.resume();
        }, this.delay);
      }
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}

let host: Host;
let proxy: TcpProxy;
let socket: Socket;

afterEach(async () => {
  socket.disconnect();
  await proxy.close();
  await host.close();
});

async function start(options: Parameters<typeof startServer>[0]): Promise<string> {
  host = await startServer(options);
  proxy = new TcpProxy(Number(new URL(host.url).port));
  return proxy.listen();
}

describe.each([[["websocket"]], [["polling"]], [["polling", "websocket"]]])(
  "over %j, cut again and again,",
  (transports) => {
    it("events that the server keeps are neither lost nor doubled", async () => {
      const url = await start({ connectionStateRecovery: {} });
      socket = io(url, { forceNew: true, transports, reconnectionDelay: 100, reconnectionDelayMax: 100 });
      let losses = 0;
      host.io.on("connection", (server) => server.on("disconnect", () => losses++));
      const got: number[] = [];
      const recovered: boolean[] = [];
      socket.on("event", (n: number) => got.push(n));
      socket.on("connect", () => recovered.push(socket.recovered));
      await until(() => expect(socket.connected).toBe(true));
      host.io.emit("event", 0);
      await until(() => expect(got).toEqual([0]));
      let n = 1;
      for (let round = 0; round < 8; round++) {
        for (let i = 0; i < 10; i++) {
          host.io.emit("event", n++);
          await pause(3);
        }
        // The incumbent's server keeps a session from the moment it notices the loss, so let it notice: with a request
        // waiting, and before the client is back.
        await pause(20);
        const before = recovered.length;
        proxy.cut();
        await until(() => expect(losses).toBe(before));
        host.io.emit("event", n++);
        await until(() => expect(recovered.length).toBeGreaterThan(before));
      }
      await until(() => expect(got.length).toBe(n));
      expect(got).toEqual(got.map((_, i) => i));
      expect(recovered.slice(1)).not.toContain(false);
    });

    it("events that are retried are handled, in order", async () => {
      const url = await start({});
      const handled: number[] = [];
      host.io.on("connection", (server) => {
        server.on("event", (value: number, answer: () => void) => {
          if (handled.at(-1) !== value) handled.push(value);
          answer();
        });
      });
      socket = io(url, {
        forceNew: true,
        transports,
        reconnectionDelay: 20,
        reconnectionDelayMax: 50,
        retries: 3,
        ackTimeout: 500,
      });
      let settled = 0;
      for (let n = 0; n < 60; n++) socket.emit("event", n, (error: unknown) => error ?? settled++);
      for (let round = 0; round < 6; round++) {
        await pause(30);
        proxy.cut();
      }
      await until(() => expect(settled).toBe(60));
      expect(handled).toEqual(handled.map((_, i) => i));
      expect(handled).toHaveLength(60);
    });
  },
);

describe("a line that is slow or dead", () => {
  it("throttled, delivers all the same", async () => {
    const url = await start({});
    host.io.on("connection", (server) => server.on("echo", (value, answer) => answer(value)));
    proxy.delay = 20;
    socket = io(url, { forceNew: true });
    const values = Array.from({ length: 20 }, (_, n) => `${n}${"x".repeat(5000)}`);
    expect(await Promise.all(values.map((value) => socket.emitWithAck("echo", value)))).toEqual(values);
  });

  it("stalled, is noticed by a probe, and by the heartbeat's time-out", async () => {
    const url = await start({ pingInterval: 200, pingTimeout: 200 });
    socket = io(url, { forceNew: true, transports: ["websocket"], reconnectionDelay: 10 });
    await until(() => expect(socket.connected).toBe(true));
    const reasons: string[] = [];
    socket.on("disconnect", (reason) => reasons.push(reason));
    proxy.stall();
    expect(await socket.probe(50)).toBe(false);
    await until(() => expect(socket.connected).toBe(true));
    proxy.stall();
    await until(() => expect(reasons).toEqual(["ping timeout", "ping timeout"]));
    await until(() => expect(socket.connected).toBe(true));
  });
});
