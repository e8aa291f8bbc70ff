/**
 * Three servers that are one. Every node broadcasts to everybody, and again as soon as all have received it: so three
 * broadcasts are under way at a time, and each crosses to the other nodes through what connects them.
 */
import type { Driver, Figures, Subject, Trial } from "../contract.js";
import { type Broker, openBroker } from "../load/broker.js";
import { ClusterNode } from "../load/control.js";
import { type Measured, measure } from "../load/measure.js";
import { sleep, within } from "../load/patience.js";
import { openPeers, type Peer } from "../load/peer.js";
import { TagReader } from "../load/sequence.js";
import { percentile } from "../statistics.js";
import { STRIDE } from "../subjects/stride.js";

export const NODES = 3;

export interface ClusterPlan {
  readonly broker: "redis" | "postgres" | "node-cluster";
  readonly mode: string;
}

interface Cluster {
  readonly nodes: readonly ClusterNode[];
  readonly broker: Broker;
}

export function clusterBroadcast(plan: ClusterPlan & { peers: number; burst: number }): Driver {
  return async (trial) => {
    const { nodes, broker } = await openCluster(trial, plan, plan.burst);
    const peers = await openOnEach(nodes, plan.peers / NODES);
    await formed(nodes, plan.peers);
    const audience = new ClusterAudience(peers, plan.burst);
    const before = await broker.cpuSeconds();
    const measured = await measure(trial, nodes, async (until, latencies) => {
      const first = audience.delivered;
      await Promise.all(nodes.map((node, index) => audience.keepFiring(node, index, until, latencies)));
      return audience.delivered - first;
    });
    const after = await broker.cpuSeconds();
    await Promise.all(peers.flat().map((peer) => peer.fence()));
    await broker.close();
    return { ...figuresOf(measured, 99), ...brokerFigures(before, after, audience.broadcasts) };
  };
}

export function clusterFetch(plan: ClusterPlan & { peers: number }): Driver {
  return async (trial) => {
    const { nodes, broker } = await openCluster(trial, plan, 1);
    const count = trial.crowd(plan.peers);
    await openOnEach(nodes, count / NODES);
    await formed(nodes, count);
    const [first] = nodes as [ClusterNode];
    const measured = await measure(trial, nodes, async (until, latencies) => {
      let work = 0;
      for (; performance.now() < until; work++) latencies.push(await fetchOnce(first, count));
      return work;
    });
    await broker.close();
    const { userMicros = 0, systemMicros = 0 } = measured.figures;
    return { ...figuresOf(measured, 95), cpuMillis: (userMicros + systemMicros) / 1000 };
  };
}

function figuresOf({ figures, latencies }: Measured, tail: number): Figures {
  return { ...figures, p50: percentile(latencies, 50), [`p${tail}`]: percentile(latencies, tail) };
}

/** Over warm-up and window together. Nothing where the broker is out of sight. */
function brokerFigures(before: number | undefined, after: number | undefined, broadcasts: number): Figures {
  if (before === undefined || after === undefined) return {};
  return { brokerMillis: (((after - before) * 1000) / broadcasts) * 1000 };
}

async function fetchOnce(node: ClusterNode, expected: number): Promise<number> {
  const { ms, count } = (await within(node.call("fetch") as Promise<Fetched>, () => "fetchSockets")) as Fetched;
  if (count !== expected) throw new Error(`fetchSockets found ${count} of ${expected}`);
  return ms;
}

interface Fetched {
  readonly ms: number;
  readonly count: number;
}

let clusters = 0;

async function openCluster(trial: Trial, { broker: kind, mode }: ClusterPlan, burst: number): Promise<Cluster> {
  const [maker = "", stack] = trial.implementation.split("-");
  const program = `cluster-${maker}-${kind}`;
  const prefix = `bench-${process.pid}-${++clusters}`;
  const broker = await openBroker(kind, trial.services);
  const start = (index: number) => trial.subject(program, { stack, mode, prefix, burst, index });
  let ports: number[];
  if (kind === "node-cluster") {
    const primary: Subject = await start(0);
    broker.watch(primary);
    ports = (await primary.call("ports")) as number[];
  } else {
    const subjects = await Promise.all([0, 1, 2].map(start));
    ports = subjects.map(({ port }) => port);
  }
  const nodes = await Promise.all(
    ports.map((port, index) => ClusterNode.open(port, trial.profiles && `${trial.profiles}.${index}.cpuprofile`)),
  );
  return { nodes, broker };
}

function openOnEach(nodes: readonly ClusterNode[], count: number): Promise<Peer[][]> {
  return Promise.all(nodes.map(({ port }) => openPeers(port, count)));
}

/** Resolves once each node knows of the sockets of all. */
async function formed(nodes: readonly ClusterNode[], count: number): Promise<void> {
  for (let waited = 0; waited < 100; waited++) {
    const found = await Promise.all(nodes.map((node) => node.call("fetch").catch(() => ({ count: 0 }))));
    if (found.every((fetched) => (fetched as Fetched).count === count)) return;
    await sleep(200);
  }
  throw new Error("the nodes do not find each other's sockets");
}

/** Who receives, node by node; numbers count on for each node that sends. */
class ClusterAudience {
  delivered = 0;
  readonly #senders: Sender[];
  readonly #count: number;

  constructor(
    peers: readonly (readonly Peer[])[],
    private readonly burst: number,
  ) {
    this.#count = peers.flat().length;
    this.#senders = peers.map(() => new Sender());
    for (const [node, own] of peers.entries()) for (const peer of own) this.#listen(peer, node);
  }

  get broadcasts(): number {
    return this.#senders.reduce((sum, { fired }) => sum + fired, 0);
  }

  async keepFiring(node: ClusterNode, index: number, until: number, latencies: number[]): Promise<void> {
    const sender = this.#senders[index] as Sender;
    sender.latencies = latencies;
    while (performance.now() < until) {
      sender.missing = this.burst * this.#count;
      const arrived = new Promise<void>((resolve) => {
        sender.done = resolve;
      });
      sender.firedAt = performance.now();
      node.fire(sender.fired);
      sender.fired += this.burst;
      await within(arrived, () => `${sender.missing} deliveries from node ${index}`);
    }
  }

  #listen(peer: Peer, node: number): void {
    const tags = new TagReader();
    const next = this.#senders.map(() => 0);
    peer.onMessage = (data, start, end) => {
      const number = tags.read(data, start, end);
      const from = Math.floor(number / STRIDE);
      const sender = this.#senders[from];
      const due = next[from] ?? 0;
      if (sender === undefined || number % STRIDE !== due) {
        throw new Error(`delivery ${due} from node ${from} is due at node ${node}, ${number % STRIDE} came`);
      }
      next[from] = due + 1;
      this.delivered++;
      if (from !== node) sender.latencies.push(performance.now() - sender.firedAt);
      if (--sender.missing === 0) sender.done();
    };
  }
}

class Sender {
  fired = 0;
  firedAt = 0;
  missing = 0;
  latencies: number[] = [];
  done: () => void = () => {};
}
