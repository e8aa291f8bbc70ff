/**
 * A node of a cluster under load. Broadcasts go to everybody in the main namespace; what the trial asks for comes over
 * another one, so that a worker of node:cluster, which has no channel to the trial, is reached like any other node.
 */
import { createServer } from "node:http";
import { tag } from "../load/sequence.js";
import { answer, type Commands } from "./commands.js";
import { listen as listenHttp } from "./listening.js";
import { PAYLOAD, settings } from "./settings.js";
import { STRIDE } from "./stride.js";
import { listen as listenUws, uws } from "./uws.js";

export interface NodeSettings {
  readonly stack: "ws" | "uws";
  /** How the broker is used, where there are several ways. */
  readonly mode: string;
  /** For names of channels, of this trial alone. */
  readonly prefix: string;
  readonly burst: number;
  /** Which node this is. */
  readonly index: number;
}

interface AppSocket {
  on(event: string, listener: (...args: never[]) => void): unknown;
}

interface Namespace {
  on(event: "connection", listener: (socket: never) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  fetchSockets(): Promise<readonly unknown[]>;
}

export interface ClusterServer extends Namespace {
  of(name: string): Namespace;
  attach(http: never): unknown;
  attachApp(app: never): void;
}

type Maker = new (options: never) => unknown;

/** Opens a server of this class on the adapter, and gives its port. */
export async function openNode(Server: Maker, adapter: unknown, options: NodeSettings): Promise<number> {
  const io = new Server({ adapter, serveClient: false } as never) as ClusterServer;
  serve(io, options);
  if (options.stack === "uws") {
    const app = uws.App();
    io.attachApp(app as never);
    return listenUws(app);
  }
  const http = createServer();
  io.attach(http as never);
  return listenHttp(http);
}

function serve(io: ClusterServer, { burst, index }: NodeSettings): void {
  const commands: Commands = {
    /** Milliseconds that `fetchSockets` took, and how many it found. */
    async fetch() {
      const began = performance.now();
      const { length } = await io.fetchSockets();
      return { ms: performance.now() - began, count: length };
    },
  };
  io.on("connection", (socket: AppSocket) => {
    socket.on("echo", (value: unknown, ack: (value: unknown) => void) => ack(value));
  });
  io.of("/control").on("connection", (socket: AppSocket) => {
    socket.on("command", async (command: string, argument: unknown, ack: (response: unknown) => void) => {
      ack(await answer(commands, { id: 0, command, argument }));
    });
    socket.on("fire", (from: number) => {
      for (let n = from; n < from + burst; n++) io.emit("b", tag(index * STRIDE + n), PAYLOAD);
    });
  });
}

export const nodeSettings = settings<NodeSettings>();
