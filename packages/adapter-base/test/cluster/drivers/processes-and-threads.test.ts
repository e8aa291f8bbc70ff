import cluster, { type Worker as ClusterWorker } from "node:cluster";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createNodeClusterAdapter, setupPrimary } from "../../../src/cluster/drivers/node-cluster.node.js";

let folder: string;
let script: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "adapter-base-"));
  script = join(folder, "cluster-node.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../fixtures/cluster-node.ts")],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["sockeye-source"],
  });
  cluster.setupPrimary({ exec: script });
  setupPrimary();
});

afterAll(() => rm(folder, { recursive: true }));

/** A node elsewhere, and the orders it still has to answer. */
class RemoteNode {
  #orders = 0;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #listens = new Promise<unknown>((resolve) => this.#answers.set(0, resolve));

  constructor(
    private readonly endpoint: ClusterWorker | Worker,
    private readonly post: (message: object) => void,
  ) {
    (endpoint as Worker).on("message", (message: { order?: number; result?: unknown }) => {
      if (message.order !== undefined) this.#answers.get(message.order)?.(message.result);
    });
  }

  async call(method: string, ...args: unknown[]): Promise<unknown> {
    await this.#listens;
    const order = ++this.#orders;
    return new Promise((resolve) => {
      this.#answers.set(order, resolve);
      this.post({ order, method, args });
    });
  }

  async kill(): Promise<void> {
    if (this.endpoint instanceof Worker) await this.endpoint.terminate();
    else if (!this.endpoint.isDead()) {
      const gone = new Promise((resolve) => this.endpoint.once("exit", resolve));
      this.endpoint.process.kill("SIGKILL");
      await gone;
    }
  }
}

function forked(): RemoteNode {
  const worker = cluster.fork();
  return new RemoteNode(worker, (message) => worker.send(message));
}

/** As the incumbent's documentation wants it for bytes. */
function forkedWithBytes(): RemoteNode {
  cluster.setupPrimary({ serialization: "advanced" });
  try {
    return forked();
  } finally {
    cluster.setupPrimary({ serialization: "json" });
  }
}

function thread(): RemoteNode {
  const worker = new Worker(script);
  return new RemoteNode(worker, (message) => worker.postMessage(message));
}

describe.each([
  ["processes of node:cluster", forked],
  ["processes of node:cluster whose channels carry bytes", forkedWithBytes],
  ["worker threads", thread],
])("a cluster of %s", (_, spawn) => {
  const nodes: RemoteNode[] = [];

  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.kill();
  });

  async function agree(count: number): Promise<void> {
    for (const node of nodes.slice(0, count)) {
      await vi.waitFor(async () => expect(await node.call("servers")).toBe(count), { timeout: 5000, interval: 20 });
    }
  }

  it("works as one server, and goes on when a node is killed", async () => {
    for (let i = 0; i < 3; i++) nodes.push(spawn());
    for (const node of nodes) await node.call("start");
    await agree(3);

    await nodes[0]!.call("broadcast", "hello");
    for (const node of nodes) {
      await vi.waitFor(async () => expect(await node.call("events")).toEqual([["hello", 1, 2]]), { timeout: 5000 });
    }
    expect(await nodes[1]!.call("fetch")).toHaveLength(3);
    expect(await nodes[1]!.call("ask")).toEqual([null, ["answer to 1", "answer to 1"]]);

    await nodes[2]!.kill();
    expect(await nodes[0]!.call("fetch")).toEqual({ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT", missing: 1, found: 2 });
    await agree(2);
    expect(await nodes[0]!.call("fetch")).toHaveLength(2);

    await nodes[1]!.call("stop");
    await agree(1);
  });
});

it.each([
  ["base64", "json", forked],
  ["bytes", "advanced", forkedWithBytes],
])("envelopes are %s in channels whose serialization is %s", async (form, _serialization, fork) => {
  const node = fork();
  const forms = new Set<string>();
  for (const worker of Object.values(cluster.workers ?? {})) {
    worker?.on("message", ({ op, envelopes }) => {
      if (op === "publish")
        for (const { bytes } of envelopes) forms.add(typeof bytes === "string" ? "base64" : "bytes");
    });
  }
  try {
    await node.call("start");
    // What is said before the first answer may still be base64.
    forms.clear();
    await node.call("broadcast", "hello");
    await vi.waitFor(async () => expect(await node.call("events")).toEqual([["hello", 1, 2]]), { timeout: 5000 });
    await vi.waitFor(() => expect([...forms]).toEqual([form]));
  } finally {
    await node.kill();
  }
});

it("a session is resumed in another process when its own was killed", async () => {
  const nodes = Array.from({ length: 3 }, forked);
  try {
    for (const node of nodes) await node.call("start");
    const offset = await nodes[0]!.call("session", "pid-a", "room");
    await nodes[1]!.call("broadcast", "one");
    await vi.waitFor(async () => expect(await nodes[0]!.call("events")).toHaveLength(1), { timeout: 5000 });
    await nodes[0]!.kill();
    await nodes[1]!.call("broadcast", "two");
    expect(await nodes[2]!.call("resume", "pid-a", offset)).toEqual({
      events: ["one", "two"],
      rooms: ["socket of pid-a", "room"],
      picture: [7, 8],
    });
    expect(await nodes[1]!.call("resume", "pid-b", offset)).toBe("unknown");
  } finally {
    for (const node of nodes) await node.kill();
  }
});

it("the primary survives workers that are killed while much is on its way to them", async () => {
  const nodes = Array.from({ length: 3 }, forked);
  for (const node of nodes) await node.call("start");
  const errors: unknown[] = [];
  for (const worker of Object.values(cluster.workers ?? {})) worker?.on("error", (error) => errors.push(error));
  await nodes[0]!.call("flood");
  await sleep(100);
  for (const node of nodes.reverse()) await node.kill();
  await sleep(100);
  expect(errors).toEqual([]);
});

it("needs a worker process", () => {
  const { send } = process;
  process.send = undefined;
  try {
    expect(() => createNodeClusterAdapter()).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_CLUSTER_OPTION" }));
  } finally {
    process.send = send;
  }
});
