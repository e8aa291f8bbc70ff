import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Report, ServerOptions, ServerOrder } from "./protocol.js";

/** Builds the program of a server process; resolves with its path and the way to remove it. */
export async function buildProgram(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = join(tmpdir(), `sockeye-cluster-${process.pid}-${Math.random().toString(36).slice(2)}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, "server-program.ts")],
    outfile: path,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["sockeye-source"],
    // Bundled CommonJS asks for Node's modules with `require`.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    external: ["pg-native", "bufferutil", "utf-8-validate"],
    logLevel: "error",
  });
  return { path, remove: () => rm(path, { force: true }) };
}

/** A server of the cluster in a process of its own. */
export class ServerNode {
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (report: Report) => void>();
  #orders = 0;
  #errors = "";
  #gone: string | undefined;

  private constructor(
    readonly name: string,
    program: string,
    options: ServerOptions,
  ) {
    this.#child = fork(program, [JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: ["--expose-gc"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#child.on("message", (report: Report) => this.#answers.get(report.order)?.(report));
    this.#child.on("exit", (code, signal) => {
      this.#gone = `${signal ?? `exit ${code}`}`;
      process.off("exit", this.#atExit);
    });
    process.on("exit", this.#atExit);
  }

  static async start(name: string, program: string, options: Omit<ServerOptions, "name">): Promise<ServerNode> {
    const node = new ServerNode(name, program, { ...options, name });
    await Promise.race([
      node.#answered(0),
      once(node.#child, "exit").then(() => Promise.reject(new Error(`${name} did not start: ${node.#errors}`))),
    ]);
    return node;
  }

  /** How it ended, if it did without being asked to. */
  get gone(): string | undefined {
    return this.#gone && `${this.#gone}: ${this.#errors}`;
  }

  async order(what: ServerOrder["what"]): Promise<Report> {
    const order = ++this.#orders;
    const answered = this.#answered(order);
    this.#child.send({ order, what } satisfies ServerOrder);
    return answered;
  }

  async port(): Promise<number> {
    return (await this.order("report")).port;
  }

  /** SIGKILL: no goodbye. */
  async kill(): Promise<void> {
    if (this.#gone !== undefined) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** SIGSTOP and SIGCONT. */
  pause(paused: boolean): void {
    this.#child.kill(paused ? "SIGSTOP" : "SIGCONT");
  }

  async #answered(order: number): Promise<Report> {
    return new Promise((resolve) => this.#answers.set(order, resolve));
  }

  readonly #atExit = (): void => {
    this.#child.kill("SIGKILL");
  };
}
