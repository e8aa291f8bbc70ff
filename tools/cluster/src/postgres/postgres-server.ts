import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePorts } from "../ports.js";

/** A PostgreSQL of a test's own, on loopback: it can be killed and started again on the same port. */
export class PostgresServer {
  readonly #folder: string;
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    settings: readonly string[],
  ) {
    this.#settings = settings;
    this.#folder = mkdtempSync(join(tmpdir(), "sockeye-postgres-"));
    if (owner.uid !== undefined && owner.gid !== undefined) chownSync(this.#folder, owner.uid, owner.gid);
  }

  /** `settings`: `name=value` of its configuration. */
  static async start(...settings: string[]): Promise<PostgresServer> {
    const [port] = await freePorts(1);
    const server = new PostgresServer(port!, settings);
    server.#initialize();
    await server.restart();
    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it when it was ended; resolves when it answers. */
  async restart(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", ...this.#settings];
    const args = ["-D", this.#data, "-p", `${this.port}`, ...settings.flatMap((setting) => ["-c", setting])];
    const child = spawn(join(programs, "postgres"), args, { cwd: this.#folder, stdio: "ignore", ...owner });
    this.#child = child;
    process.once("exit", this.#atExit);
    const failed = once(child, "error").then(([error]) => Promise.reject(error));
    failed.catch(() => undefined);
    await Promise.race([this.#answering(), failed]);
  }

  /** As `pg_ctl stop -m immediate`: it ends without writing anything down, as in a crash. */
  kill(): Promise<void> {
    return this.#end("SIGQUIT");
  }

  /** As `pg_ctl stop -m fast`: everybody is sent away, everything is written down. */
  shutDown(): Promise<void> {
    return this.#end("SIGINT");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs a statement as the superuser. */
  async query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends connections from the server's side; gives how many. */
  async terminate(where = "true"): Promise<number> {
    const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND (${where})`;
    return (await this.query(text)).length;
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  #initialize(): void {
    const args = ["-D", this.#data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
    const { status, stderr } = spawnSync(join(programs, "initdb"), args, {
      cwd: this.#folder,
      encoding: "utf8",
      ...owner,
    });
    if (status !== 0) throw new Error(`initdb: ${stderr}`);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.removeListener("exit", this.#atExit);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  readonly #atExit = (): void => {
    this.#child?.kill("SIGQUIT");
  };

  async #answering(): Promise<void> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      try {
        await this.query("SELECT 1");
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(20);
      }
    }
  }
}

/** The folder with initdb and postgres: the newest of Debian's. */
const programs = (() => {
  const installed = "/usr/lib/postgresql";
  const versions = existsSync(installed) ? readdirSync(installed).filter((name) => /^\d+$/.test(name)) : [];
  return join(installed, versions.sort((a, b) => Number(b) - Number(a))[0] ?? "", "bin");
})();

/** It refuses to run as root. */
const owner: { uid?: number; gid?: number } = (() => {
  if (process.getuid?.() !== 0) return {};
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const line = ["postgres", "nobody"].map((name) => lines.find((entry) => entry.startsWith(`${name}:`))).find(Boolean);
  const [, , uid, gid] = (line ?? "").split(":").map(Number);
  return uid === undefined || gid === undefined ? {} : { uid, gid };
})();
