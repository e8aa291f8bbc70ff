import assert from "node:assert/strict";
import type { Channel } from "../cluster/contract.js";
import type { Adapter, AdapterTarget } from "../contract.js";
import { SimulatedNamespace, type SimulatedNamespaceOptions } from "./simulated-namespace.js";

/** What an adapter offers beyond the required; cases that need more are left out. */
export interface AdapterSupports {
  /** Reaches other nodes. */
  readonly cluster?: boolean;
  /** Tells the `gone` callback of an acknowledged broadcast about recipients that left. */
  readonly gone?: boolean;
  /** Its clusters can `inject` bytes into the bus of our cluster protocol. */
  readonly inject?: boolean;
  /** Has `adapter.recovery`. */
  readonly recovery?: boolean;
  /** Sessions can be resumed on any node, also when the one they were on was killed. */
  readonly clusterRecovery?: boolean;
  /** Logs what is broadcast without looking whether there is a session that may ask for it, as a recovery store may. */
  readonly logsAlways?: boolean;
  /** Has `persistSession` and `restoreSession`. */
  readonly sessions?: boolean;
}

/** The adapters of one cluster, for one test. */
export interface AdapterCluster {
  /** A new adapter of this node (0, 1, 2, ...) for a namespace. The suite calls `init` and `close` on it. */
  create(node: number, namespace: AdapterTarget): Adapter;
  /** For adapters that support `clusterRecovery`: the process of a node ends without a word. */
  kill?(node: number): void | Promise<void>;
  /** For adapters that support `inject`: publishes bytes, as somebody who is no node might. */
  inject?(channel: Channel, bytes: Uint8Array): void | Promise<void>;
  /** After all adapters were closed. */
  stop?(): void | Promise<void>;
}

export interface AdapterSubject {
  readonly name: string;
  readonly supports: AdapterSupports;
  /** Known deviations: title of a case and the reason. Such a case has to fail, lest the list outlive the facts. */
  readonly exceptions?: Readonly<Record<string, string>>;
  start(): AdapterCluster | Promise<AdapterCluster>;
}

/** One test of the suite. */
export interface AdapterCase {
  readonly title: string;
  readonly needs?: keyof AdapterSupports;
  /** Not demanded of adapters that support this. */
  readonly unless?: keyof AdapterSupports;
  run(bench: Bench): void | Promise<void>;
}

/** Where a case runs: namespaces of as many nodes as it opens. */
export class Bench {
  readonly #cluster: AdapterCluster;
  readonly #opened: { readonly node: number; readonly namespace: SimulatedNamespace }[] = [];

  constructor(cluster: AdapterCluster) {
    this.#cluster = cluster;
  }

  /** A namespace of a node, with its adapter ready. */
  async open(node = 0, options?: SimulatedNamespaceOptions): Promise<SimulatedNamespace> {
    const namespace = new SimulatedNamespace(options);
    namespace.adapter = this.#cluster.create(node, namespace);
    this.#opened.push({ node, namespace });
    await namespace.adapter.init?.();
    return namespace;
  }

  /** Publishes bytes on the bus. */
  async inject(channel: Channel, bytes: Uint8Array): Promise<void> {
    assert.ok(this.#cluster.inject, "a cluster whose adapters support `inject` has that method");
    await this.#cluster.inject(channel, bytes);
  }

  /** Ends the process of a node without a word. */
  async kill(node: number): Promise<void> {
    assert.ok(this.#cluster.kill, "a cluster whose adapters support `clusterRecovery` can `kill` a node");
    await this.#cluster.kill(node);
    for (const { namespace } of this.#of(node)) await namespace.adapter.close?.();
    this.#opened.splice(0, this.#opened.length, ...this.#opened.filter((opened) => opened.node !== node));
  }

  /** The same namespace on several nodes, which know of each other. */
  async openCluster(nodes: number, options?: SimulatedNamespaceOptions): Promise<SimulatedNamespace[]> {
    const opened: SimulatedNamespace[] = [];
    for (let node = 0; node < nodes; node++) opened.push(await this.open(node, options));
    await this.agreed(opened, nodes);
    return opened;
  }

  /** Every node counts that many servers. */
  async agreed(namespaces: readonly SimulatedNamespace[], count: number): Promise<void> {
    const deadline = performance.now() + 5000;
    for (const { adapter } of namespaces) {
      while ((await adapter.serverCount()) !== count) {
        assert.ok(performance.now() < deadline, `the nodes do not agree on ${count} servers`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  /** Fails when an adapter reported an error: nothing in the suite is one. */
  async close(): Promise<void> {
    for (const { namespace } of this.#opened) await namespace.adapter.close?.();
    await this.#cluster.stop?.();
    assert.deepEqual(
      this.#opened.flatMap(({ namespace }) => namespace.errors),
      [],
    );
  }

  #of(node: number): { readonly namespace: SimulatedNamespace }[] {
    return this.#opened.filter((opened) => opened.node === node);
  }
}
