import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { type ClusterAdapter, createClusterAdapter } from "../../src/cluster/cluster-adapter.js";
import {
  eventually,
  MemoryBus,
  type MemoryDriver,
  SimulatedNamespace,
  type SimulatedSocket,
} from "../../src/conformance/index.js";
import { seededRandom } from "../../src/conformance/random.js";

const ROOMS = ["x", "y", "z"];
const TIMES = { heartbeatInterval: 20, heartbeatTimeout: 150, requestTimeout: 100, subscriptionLinger: 30 };

interface Node {
  readonly name: string;
  readonly namespace: SimulatedNamespace;
  readonly adapter: ClusterAdapter;
  readonly driver: MemoryDriver;
  readonly socket: SimulatedSocket;
}

/** A cluster to which everything happens that a seed decides, one step at a time. */
class Chaos {
  readonly bus: MemoryBus;
  readonly nodes: Node[] = [];
  /** Every socket there ever was. */
  readonly sockets: SimulatedSocket[] = [];
  readonly pending: Promise<unknown>[] = [];
  readonly #random: () => number;
  #started = 0;
  #sent = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.bus = new MemoryBus({ seed, delay: 2, duplicate: 0.2, drop: 0.02, reorder: 0 });
  }

  async addNode(): Promise<void> {
    const name = `node ${++this.#started}`;
    const driver = this.bus.driver();
    const namespace = new SimulatedNamespace();
    const adapter = createClusterAdapter({ driver, ...TIMES })(namespace);
    namespace.adapter = adapter;
    await adapter.init();
    const socket = await namespace.connect(`socket of ${name}`);
    this.sockets.push(socket);
    this.nodes.push({ name, namespace, adapter, driver, socket });
  }

  broadcast({ name, adapter }: Node, rooms: string[]): void {
    adapter.broadcast({ type: 2, data: ["event", name, ++this.#sent] }, { rooms: new Set(rooms) });
  }

  async step(): Promise<void> {
    const node = this.#pick(this.nodes);
    const dice = this.#random();
    if (dice < 0.5) this.broadcast(node, this.#random() < 0.5 ? [this.#pick(ROOMS)] : []);
    else if (dice < 0.65) await node.socket.join(this.#pick(ROOMS));
    else if (dice < 0.75) await node.socket.leave(this.#pick(ROOMS));
    else if (dice < 0.82)
      this.pending.push(node.adapter.fetchSockets({ rooms: new Set() }).catch((error) => error.code));
    else if (dice < 0.88) this.#ask(node);
    else if (dice < 0.9 && this.nodes.length > 2) this.#kill(node);
    else if (dice < 0.93 && this.nodes.length < 5) await this.addNode();
    else if (dice < 0.95) node.driver.pause(true);
    else if (dice < 0.97) this.bus.kill();
    else this.calm();
    await sleep(this.#random() < 0.3 ? 3 : 0);
  }

  /** Ends every trouble under way. */
  calm(): void {
    if (!this.bus.isUp) this.bus.restart();
    for (const { driver } of this.nodes) driver.pause(false);
  }

  #ask({ adapter }: Node): void {
    const settled = new Promise((resolve) => adapter.serverSideEmit(["hello", 1, (error: unknown) => resolve(error)]));
    this.pending.push(settled);
    const options = { rooms: new Set<string>(), flags: { timeout: 100 } };
    adapter.broadcastWithAck({ type: 2, data: ["ask"] }, options, vi.fn(), vi.fn(), vi.fn());
  }

  #kill(node: Node): void {
    node.driver.die();
    this.nodes.splice(this.nodes.indexOf(node), 1);
    void node.adapter.close();
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }
}

// Invariant: whatever happens to nodes and bus, no socket gets an event twice or two events of one node in the wrong
// order, every request settles, and once there is calm again all nodes know each other, every member of a room gets what
// is said there, and nothing is left in any table.
it.each([21, 22, 23])("goes through every trouble and is whole afterwards (seed %i)", async (seed) => {
  const chaos = new Chaos(seed);
  for (let i = 0; i < 3; i++) await chaos.addNode();
  for (let step = 0; step < 150; step++) await chaos.step();

  await Promise.all(chaos.pending);
  chaos.calm();
  chaos.bus.setFaults({ delay: 2, duplicate: 0.2 });
  const { nodes } = chaos;
  for (const { adapter } of nodes) {
    await vi.waitFor(async () => expect(await adapter.serverCount()).toBe(nodes.length), {
      timeout: 5000,
      interval: 10,
    });
  }
  for (const { socket } of nodes) await socket.join("x");
  const before = nodes.map(({ socket }) => socket.events.length);
  chaos.broadcast(nodes[0]!, ["x"]);
  for (const [i, { socket }] of nodes.entries()) {
    await eventually(() => expect(socket.events.slice(before[i]).filter(([name]) => name === "event")).toHaveLength(1));
  }

  for (const socket of chaos.sockets) expect(faults(socket)).toEqual([]);
  for (const { adapter } of nodes)
    expect(adapter.inspect()).toMatchObject({ nodes: nodes.length, requests: 0, rounds: 0 });
  for (const { adapter } of nodes) await adapter.close();
});

/** Events that came twice, or after a later one of the same node. */
function faults(socket: SimulatedSocket): unknown[] {
  const latest = new Map<unknown, number>();
  return socket.events
    .filter(([kind]) => kind === "event")
    .filter(([, origin, number]) => {
      const isFault = (number as number) <= (latest.get(origin) ?? 0);
      latest.set(origin, number as number);
      return isFault;
    });
}
