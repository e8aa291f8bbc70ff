import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../ports.js";

/** A redis-server of a test's own, on loopback: it can be killed and started again on the same port. */
export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "sockeye-redis-"));
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    settings: readonly string[],
  ) {
    this.#settings = settings;
  }

  /** `settings`: more of its command line. Nothing is kept on disk unless they say so. */
  static async start(...settings: string[]): Promise<RedisServer> {
    const [port] = await freePorts(1);
    return RedisServer.startAt(port!, ...settings);
  }

  static async startAt(port: number, ...settings: string[]): Promise<RedisServer> {
    const server = new RedisServer(port, settings);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it when it was killed; resolves when it answers. */
  async restart(): Promise<void> {
    const place = ["--bind", "127.0.0.1", "--port", `${this.port}`, "--dir", this.#folder];
    const args = [...place, "--save", "", "--appendonly", "no", ...this.#settings];
    const child = spawn("redis-server", args, { stdio: "ignore" });
    this.#child = child;
    process.once("exit", this.#atExit);
    const failed = once(child, "error").then(([error]) => Promise.reject(error));
    failed.catch(() => undefined);
    await Promise.race([this.#answering(), failed]);
  }

  /** SIGKILL: no goodbye to anybody. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.removeListener("exit", this.#atExit);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** It forgets everything, and goes on. */
  async flush(): Promise<void> {
    await ask(this.port, "FLUSHALL", "+OK");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  readonly #atExit = (): void => {
    this.#child?.kill("SIGKILL");
  };

  async #answering(): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!(await ask(this.port, "PING", "+PONG"))) {
      if (performance.now() > deadline) throw new Error(`redis-server does not answer on port ${this.port}`);
      await sleep(10);
    }
  }
}

/** Whether a Redis there gives the answer: one that is still loading does not. */
function ask(port: number, command: string, answer: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(1000, () => settle(false));
    socket.once("error", () => settle(false));
    socket.once("connect", () => socket.write(`${command}\r\n`));
    socket.once("data", (data) => settle(data.toString().startsWith(answer)));
  });
}
