import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Server as SockeyeServer } from "@sockeye/socketio-server";
import { Server as OfficialServer } from "socket.io";
import { type Socket as ClientSocket, Manager } from "socket.io-client";

/** What both kinds of server can do, as the tests use it. */
export type AnyServer = OfficialServer;

/** One server of a mixed cluster, and what it is made of. */
export interface MemberKind {
  readonly name: string;
  readonly server: "official" | "sockeye";
  /** Makes the value of the `adapter` option, and what ends its connections. */
  adapter(): Promise<{ readonly adapter: unknown; close(): Promise<void> }>;
}

/** A client that writes down what it hears. */
export interface Client {
  readonly socket: ClientSocket;
  readonly id: string;
  readonly heard: unknown[][];
}

export class Member {
  readonly clients: Client[] = [];
  #isClosed = false;

  private constructor(
    readonly kind: MemberKind,
    readonly io: AnyServer,
    private readonly http: HttpServer,
    private readonly release: () => Promise<void>,
  ) {}

  static async start(kind: MemberKind): Promise<Member> {
    const { adapter, close } = await kind.adapter();
    const http = createServer();
    const Server = (kind.server === "official" ? OfficialServer : SockeyeServer) as typeof OfficialServer;
    const io = new Server(http, { adapter: adapter as never });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return new Member(kind, io, http, close);
  }

  get name(): string {
    return this.kind.name;
  }

  /** A client of this server that has joined rooms. */
  async connect(rooms: readonly unknown[] = [], namespace = "/"): Promise<Client> {
    const { port } = this.http.address() as AddressInfo;
    const nsp = this.io.of(namespace);
    const manager = new Manager(`http://127.0.0.1:${port}`, { transports: ["websocket"] });
    // Not by URL: there, namespaces could not be called anything.
    const socket = manager.socket(namespace);
    const heard: unknown[][] = [];
    socket.onAny((...args) => heard.push(args.filter((arg) => typeof arg !== "function")));
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("connect_error", reject);
    });
    const id = socket.id!;
    await eventually(() => nsp.sockets.has(id));
    await nsp.sockets.get(id)!.join(rooms as string[]);
    const client = { socket, id, heard };
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { socket } of this.clients) socket.disconnect();
    await this.io.close();
    await this.release();
  }
}

/** Starts members of a cluster, and waits until each knows of all. */
export async function startCluster(kinds: readonly MemberKind[], namespace = "/"): Promise<Member[]> {
  const members = await Promise.all(kinds.map(Member.start));
  await agreed(members, members.length, namespace);
  return members;
}

export async function agreed(members: readonly Member[], count: number, namespace = "/"): Promise<void> {
  for (const { io } of members) io.of(namespace);
  for (const { io } of members) await eventually(async () => (await io.of(namespace).adapter.serverCount()) === count);
}

/** Waits for what is to come, and fails when it does not. */
export async function eventually(condition: () => boolean | Promise<boolean>, timeout = 10_000): Promise<void> {
  const deadline = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`in vain: ${condition}`);
    await sleep(5);
  }
}
