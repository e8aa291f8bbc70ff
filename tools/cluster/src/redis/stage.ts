import type { AdapterHealth, ClusterAdapter } from "@sockeye/adapter-base";
import { SimulatedNamespace, type SimulatedSocket } from "@sockeye/adapter-base/conformance";
import {
  type AdapterFactory,
  createAdapter,
  createShardedAdapter,
  createStreamsAdapter,
  type RedisClient,
} from "@sockeye/redis-adapter";
import { vi } from "vitest";
import { freshName } from "./brokers.js";
import type { Connected, Library } from "./clients.js";

const options = { heartbeatInterval: 500, heartbeatTimeout: 2_000, requestTimeout: 400 };

/** How the adapters of the modes are made, over a channel or stream of that name. */
export const modes = {
  "pub/sub": (name, pub, sub) => createAdapter(pub, sub, { ...options, key: name }),
  "sharded pub/sub": (name, pub, sub) => createShardedAdapter(pub, sub, { ...options, channelPrefix: name }),
  streams: (name, client) => createStreamsAdapter(client, { ...options, streamName: name, blockTimeInMs: 1000 }),
} as const satisfies Record<string, (name: string, pub: RedisClient, sub: RedisClient) => AdapterFactory>;

export type Mode = keyof typeof modes;

/** One node of a cluster, with one socket in the room `x`, and what it said and heard. */
export class StageNode {
  readonly namespace = new SimulatedNamespace();
  readonly health: AdapterHealth[] = [];
  socket!: SimulatedSocket;
  said = 0;

  constructor(
    readonly number: number,
    readonly clients: readonly Connected[],
  ) {}

  get adapter(): ClusterAdapter {
    return this.namespace.adapter as ClusterAdapter;
  }

  get codes(): Set<unknown> {
    return new Set(this.namespace.errors.map((error) => (error as { code?: unknown }).code));
  }

  /** Says its next number to the room. */
  say(): void {
    const data: ["said", number, number] = ["said", this.number, ++this.said];
    this.adapter.broadcast({ type: 2, data }, { rooms: new Set(["x"]), except: new Set(), flags: {} });
  }

  /** The numbers heard of a node, in order. */
  heardOf(number: number): number[] {
    return this.socket.events.filter(([name, from]) => name === "said" && from === number).map(([, , n]) => Number(n));
  }

  fetch(): Promise<unknown[]> {
    return this.adapter.fetchSockets({ rooms: new Set(), except: new Set(), flags: {} });
  }
}

/** Nodes in this process over one Redis. */
export class Stage {
  readonly nodes: StageNode[] = [];
  /** Of its channels or streams, its own. */
  readonly name = freshName();

  static async open(mode: Mode, library: Library, port: number, count = 3): Promise<Stage> {
    const stage = new Stage();
    for (let number = 0; number < count; number++) await stage.#join(mode, library, port);
    await vi.waitFor(async () => {
      for (const { adapter } of stage.nodes) {
        if ((await adapter.serverCount()) !== count) throw new Error("the nodes do not know each other");
      }
    }, 5000);
    return stage;
  }

  /** Adapters first, clients afterwards, as an application would. */
  async close(): Promise<void> {
    for (const { adapter } of this.nodes) await adapter.close();
    await Promise.all(this.nodes.flatMap(({ clients }) => clients.map(({ close }) => close())));
  }

  async #join(mode: Mode, library: Library, port: number): Promise<void> {
    const clients = await Promise.all(
      mode === "streams" ? [library.connect(port)] : [0, 1].map(() => library.connect(port)),
    );
    const node = new StageNode(this.nodes.length, clients);
    const [pub, sub] = clients.map(({ client }) => client) as [RedisClient, RedisClient];
    node.namespace.adapter = modes[mode](this.name, pub, sub)(node.namespace) as ClusterAdapter;
    node.adapter.on("health", (health) => node.health.push(health));
    await node.adapter.init();
    node.socket = await node.namespace.connect(`socket${node.number}`, "x");
    this.nodes.push(node);
  }
}
