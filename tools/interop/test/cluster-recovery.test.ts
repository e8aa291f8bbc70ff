import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type ClusterAdapter, createClusterAdapter } from "@sockeye/adapter-base";
import { type Faults, MemoryBus, type MemoryDriver } from "@sockeye/adapter-base/conformance";
import { io as connectOurs } from "@sockeye/client";
import { Server, type ServerOptions, type Socket } from "@sockeye/socketio-server";
import { type Socket as ClientSocket, io as connectOfficial } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { Link } from "../src/link.js";

/**
 * Connection state recovery over a cluster: three servers, a bus and a recovery store in memory, real clients that come back to
 * whichever server. The invariant: nothing is lost, doubled or reordered.
 */

interface Node {
  readonly io: Server;
  readonly driver: MemoryDriver;
  readonly port: number;
}

const PACKAGES = { official: connectOfficial, sockeye: connectOurs as unknown as typeof connectOfficial };
type Package = keyof typeof PACKAGES;

let bus: MemoryBus;
let nodes: Node[] = [];
let links: Link[] = [];
let clients: ClientSocket[] = [];
let errors: Error[] = [];

afterEach(async () => {
  for (const client of clients) client.disconnect();
  for (const link of links) await link.close();
  for (const { io } of nodes) await io.close();
  clients = [];
  links = [];
  nodes = [];
  errors = [];
});

async function serve(count: number, faults: Faults = {}, options: Partial<ServerOptions> = {}): Promise<void> {
  bus = new MemoryBus(faults, { recovery: true });
  for (let i = 0; i < count; i++) await addNode(options);
}

async function addNode(options: Partial<ServerOptions> = {}): Promise<Node> {
  const http = createServer();
  const driver = bus.driver();
  const adapter = createClusterAdapter({ driver, heartbeatInterval: 200, heartbeatTimeout: 2_000 });
  const io = new Server(http, {
    serveClient: false,
    adapter,
    connectionStateRecovery: {},
    onError: (error) => errors.push(error),
    ...options,
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", () => resolve()));
  const node = { io, driver, port: (http.address() as AddressInfo).port };
  nodes.push(node);
  return node;
}

/** A client on a cable of its own, which leads to one of the nodes. */
async function client(which: Package, node: Node): Promise<{ socket: ClientSocket; link: Link }> {
  const link = new Link();
  links.push(link);
  await link.open(node.port);
  const backOff = { reconnectionDelay: 2, reconnectionDelayMax: 10 };
  const options = { forceNew: true, transports: ["websocket"], ...backOff };
  const socket = PACKAGES[which](`http://127.0.0.1:${link.port}`, options);
  clients.push(socket);
  await once(socket, "connect");
  return { socket, link };
}

const moment = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const once = <T>(emitter: { once(event: string, listener: never): unknown }, event: string) =>
  new Promise<T>((resolve) => emitter.once(event, resolve as never));
const numbers = (count: number) => [...Array(count).keys()];

for (const which of ["official", "sockeye"] as const) {
  describe(`${which} client`, () => {
    it("loses, doubles and reorders nothing, however often it is cut and wherever it comes back", async () => {
      await serve(3, { seed: 11, delay: 3, duplicate: 0.1, slow: 2 });
      const served = new Map<string, Socket>();
      for (const { io } of nodes) {
        io.on("connection", (socket) => {
          served.set(socket.id, socket);
          if (!socket.recovered) socket.join("room");
        });
      }
      const { socket, link } = await client(which, nodes[0]!);
      const received: string[] = [];
      const lengths = new Set<number>();
      let fresh = 0;
      let resumed = 0;
      socket.on("n", (...args: unknown[]) => {
        received.push(args[0] as string);
        lengths.add(args.length);
      });
      socket.on("connect", () => {
        if (socket.recovered) resumed++;
        else fresh++;
      });
      const id = socket.id!;
      const sent: string[] = [];
      for (const n of numbers(1_500)) {
        const node = nodes[n % 3]!;
        // Each node counts for itself: there is no order between what different nodes send.
        const name = `${n % 3}:${n}`;
        if (n % 4 === 0) node.io.emit("n", name, "text");
        else if (n % 4 === 1) node.io.to("room").emit("n", name, "text");
        else if (n % 4 === 2) served.get(id)?.emit("n", `own:${n}`, "text");
        else node.io.to(id).emit("n", name, "text");
        sent.push(n % 4 === 2 ? `own:${n}` : name);
        if (n % 7 === 0) node.io.volatile.emit("volatile", "a string");
        // Every fourth cut comes before the client is back from the one before.
        if (n % 40 === 39 || n % 160 === 45) {
          link.lead(nodes[(n * 7) % 3]!.port);
          if (n % 80 === 39) link.cut();
          else link.cutClientSide();
        }
        await moment(n % 2);
      }
      await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(sent.length);
      await moment(50);
      for (const kind of ["0", "1", "2", "own"]) {
        const of = (names: readonly string[]) => names.filter((name) => name.startsWith(`${kind}:`));
        expect(of(received), kind).toEqual(of(sent));
      }
      expect(fresh).toBe(0);
      expect(resumed).toBeGreaterThan(20);
      expect([...lengths]).toEqual(which === "sockeye" ? [2] : [3]);
      expect(errors).toEqual([]);
    }, 60_000);

    it("is recovered by a survivor when its server was killed without a word", async () => {
      await serve(3);
      const { socket, link } = await client(which, nodes[0]!);
      const received: unknown[] = [];
      socket.on("n", (n: number) => received.push(n));
      const [served] = [...nodes[0]!.io.sockets.sockets.values()];
      await served!.join("room");
      served!.data.name = "ada";
      served!.emit("n", 1);
      nodes[1]!.io.emit("n", 2);
      await expect.poll(() => received).toEqual([1, 2]);
      // Data is looked at now and then.
      await moment(1_200);
      const { id } = socket;
      nodes[0]!.driver.die();
      link.lead(nodes[1]!.port);
      nodes[2]!.io.to("room").emit("n", 3);
      const back = once<Socket>(nodes[1]!.io, "connection");
      link.cut();
      const resumed = await back;
      await expect.poll(() => received).toEqual([1, 2, 3]);
      expect([resumed.recovered, resumed.id, resumed.data, [...resumed.rooms].sort()]).toEqual([
        true,
        id,
        { name: "ada" },
        [id, "room"].sort(),
      ]);
      nodes[2]!.io.to("room").emit("n", 4);
      await expect.poll(() => received).toEqual([1, 2, 3, 4]);
    }, 20_000);

    it("gets what was sent while its servers were restarted one after the other", async () => {
      await serve(1);
      const { socket, link } = await client(which, nodes[0]!);
      const received: number[] = [];
      let fresh = 0;
      socket.on("n", (n: number) => received.push(n));
      socket.on("connect", () => {
        if (!socket.recovered) fresh++;
      });
      let n = 0;
      const source = (await addNode()).io;
      const traffic = setInterval(() => source.emit("n", n++), 2);
      try {
        let [current] = nodes;
        for (let i = 0; i < 3; i++) {
          const next = await addNode();
          link.lead(next.port);
          const back = once(socket, "connect");
          nodes.splice(nodes.indexOf(current!), 1);
          await current!.io.close();
          await back;
          current = next;
        }
      } finally {
        clearInterval(traffic);
      }
      await expect.poll(() => received.length).toBe(n);
      expect([received, fresh]).toEqual([numbers(n), 0]);
    }, 30_000);

    it("loses nothing but what was sent while the broker was away, and then recovers again", async () => {
      await serve(2);
      const { socket, link } = await client(which, nodes[0]!);
      const received: unknown[] = [];
      socket.on("n", (n: unknown) => received.push(n));
      nodes[0]!.io.emit("n", 1);
      await expect.poll(() => received).toEqual([1]);
      bus.kill();
      nodes[0]!.io.emit("n", 2);
      await expect.poll(() => received).toEqual([1, 2]);
      bus.restart();
      await expect.poll(() => (nodes[0]!.io.sockets.adapter as ClusterAdapter).health).toBe("ok");
      await expect.poll(() => (nodes[1]!.io.sockets.adapter as ClusterAdapter).health).toBe("ok");
      await moment(1_200);
      nodes[1]!.io.emit("n", 3);
      await expect.poll(() => received).toEqual([1, 2, 3]);
      link.lead(nodes[1]!.port);
      link.cut();
      nodes[1]!.io.emit("n", 4);
      await expect.poll(() => received).toEqual([1, 2, 3, 4]);
      expect(socket.recovered).toBe(true);
    }, 20_000);
  });
}
