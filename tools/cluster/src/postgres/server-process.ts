import { type ChildProcess, fork } from "node:child_process";
import cluster from "node:cluster";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

/** Bundles `server-node.ts`, so that a process can run it without a build of the packages. */
export async function bundleServer(): Promise<{ readonly script: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "sockeye-server-node-"));
  const script = join(folder, "server-node.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "server-node.ts")],
    outfile: script,
    bundle: true,
    platform: "node",
    format: "esm",
    // Packages that are CommonJS ask for Node's modules in its way.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    conditions: ["sockeye-source"],
    external: ["pg-native", "bufferutil", "utf-8-validate"],
    logLevel: "silent",
  });
  return { script, remove: () => rm(folder, { recursive: true }) };
}

/** A server of the cluster in a process of its own. */
export class ServerProcess {
  port = 0;
  /** What it wrote to standard error: nothing, if all is well. */
  complaints = "";
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #refusals = new Map<number, (error: Error) => void>();
  #orders = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#child.stderr?.on("data", (chunk) => {
      this.complaints += chunk;
    });
    this.#child.on("message", ({ order, result }: { order: number; result: unknown }) => {
      this.#answers.get(order)?.(result);
      this.#answers.delete(order);
      this.#refusals.delete(order);
    });
    this.#child.once("exit", () => {
      for (const refuse of this.#refusals.values()) refuse(new Error(`the server ended: ${this.complaints}`));
    });
  }

  static start(script: string, settings: object): Promise<ServerProcess> {
    const env = { ...process.env, ...environmentOf(settings) };
    return ServerProcess.#of(fork(script, [], { env, execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] }));
  }

  /** As a worker of this process, whose `cluster.setupPrimary` knows the script. */
  static startWorker(settings: object): Promise<ServerProcess> {
    return ServerProcess.#of(cluster.fork(environmentOf({ ...settings, worker: true })).process);
  }

  static async #of(child: ChildProcess): Promise<ServerProcess> {
    const server = new ServerProcess(child);
    const ended = once(server.#child, "exit").then(() => Promise.reject(new Error(server.complaints)));
    ended.catch(() => undefined);
    await Promise.race([ended, new Promise((resolve) => server.#answers.set(0, resolve))]);
    server.port = (await server.call("listen")) as number;
    return server;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  call(method: string, ...args: unknown[]): Promise<unknown> {
    const order = ++this.#orders;
    return new Promise((resolve, reject) => {
      this.#answers.set(order, resolve);
      this.#refusals.set(order, reject);
      this.#child.send({ order, method, args }, (error) => {
        if (error) reject(error);
      });
    });
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }

  /** It ends by itself once it has nothing left to do; gives whether it did. */
  async ends(milliseconds: number): Promise<boolean> {
    const gone = once(this.#child, "exit").then(() => true);
    this.#child.disconnect();
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), milliseconds).unref());
    return Promise.race([gone, late]);
  }
}

function environmentOf(settings: object): Record<string, string> {
  return { SERVER_NODE: JSON.stringify(settings), NODE_OPTIONS: "" };
}
