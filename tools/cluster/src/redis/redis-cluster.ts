import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis-6";
import { freePorts } from "../ports.js";
import { RedisServer } from "./redis-server.js";

const SLOTS = 16_384;
/** The cluster bus listens on another port of each node. */
const SETTINGS = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000"];

/** A Redis Cluster of three masters on loopback, without replicas. */
export class RedisCluster {
  private constructor(readonly nodes: readonly RedisServer[]) {}

  static async start(): Promise<RedisCluster> {
    const ports = await freePorts(6);
    const nodes = await Promise.all(
      [0, 1, 2].map((i) => RedisServer.startAt(ports[i]!, ...SETTINGS, "--cluster-port", `${ports[i + 3]}`)),
    );
    const cluster = new RedisCluster(nodes);
    await cluster.#form(ports.slice(3));
    return cluster;
  }

  get ports(): number[] {
    return this.nodes.map(({ port }) => port);
  }

  /** The node on which there is a key of this pattern. */
  async nodeWith(pattern: string): Promise<RedisServer> {
    for (const node of this.nodes) if ((await ask(node, "KEYS", pattern)) !== "") return node;
    throw new Error(`no node has a key ${pattern}`);
  }

  /** Resolves when every node says that every slot is served. */
  async settled(): Promise<void> {
    const deadline = performance.now() + 15_000;
    for (;;) {
      const infos = await Promise.all(this.nodes.map((node) => ask(node, "CLUSTER", "INFO")));
      const whole = infos.every((info) => /cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info));
      if (whole) return;
      if (performance.now() > deadline) throw new Error(`the cluster does not settle: ${infos[0]}`);
      await sleep(50);
    }
  }

  /** Ends the connections of every node that are of this type. */
  async cut(type: "normal" | "pubsub"): Promise<void> {
    await Promise.all(this.nodes.map((node) => ask(node, "CLIENT", "KILL", "TYPE", type)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #form(busPorts: readonly number[]): Promise<void> {
    const share = Math.ceil(SLOTS / this.nodes.length);
    for (const [i, node] of this.nodes.entries()) {
      await ask(node, "CLUSTER", "ADDSLOTSRANGE", `${i * share}`, `${Math.min((i + 1) * share, SLOTS) - 1}`);
      await ask(node, "CLUSTER", "SET-CONFIG-EPOCH", `${i + 1}`);
    }
    const [first, ...others] = this.nodes;
    for (const [i, node] of others.entries()) {
      await ask(first!, "CLUSTER", "MEET", "127.0.0.1", `${node.port}`, `${busPorts[i + 1]}`);
    }
    await this.settled();
  }
}

async function ask(node: RedisServer, ...command: string[]): Promise<string> {
  const client = createClient({ url: node.url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return String(await client.sendCommand(command));
  } finally {
    client.destroy();
  }
}
