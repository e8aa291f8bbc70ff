/** A process of its own for one trial: it generates the load, owns the subjects, and says what it found. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { CpuTime, Figures, MemoryUse, Subject, Trial } from "./contract.js";
import { scenarioNamed } from "./scenarios/index.js";
import type { Response } from "./subjects/commands.js";
import type { TrialOrder } from "./trial.js";

const order = JSON.parse(process.argv[2] ?? "{}") as TrialOrder;

function finish(message: { figures: Figures } | { error: string }): void {
  for (const subject of subjects) subject.end();
  process.send?.(message, () => process.exit(0));
}

/** A server that died takes its connections along: what it said last is the better reason, and comes a moment later. */
function fail(error: Error): void {
  setTimeout(() => {
    const complaint = subjects.map((subject) => subject.complaint).find((text) => text !== "");
    finish({ error: [error.message.split("\n")[0], complaint].filter(Boolean).join("; on standard error: ") });
  }, 300);
}

process.on("uncaughtException", fail);
process.on("disconnect", () => process.exit(1));

class SubjectProcess implements Subject {
  port = 0;
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #next = 0;
  #complaints = "";
  #ending = false;

  private constructor(program: string, settings: object, started: (subject: SubjectProcess) => void) {
    this.#profile = `${order.profiles}.${subjects.length}.cpuprofile`;
    this.#child = fork(join(order.programs, `${program}.mjs`), [JSON.stringify(settings)], {
      execArgv: ["--expose-gc"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, ...order.services, BENCH_HOME: pathToFileURL(`${order.home}/`).href },
    });
    this.#child.stderr?.on("data", (text) => {
      this.#complaints = (this.#complaints + text).slice(0, 4_000);
    });
    this.#child.once("close", (code) => {
      if (!this.#ending) fail(new Error(`${program} ended with ${code}`));
    });
    this.#child.on("message", (message: { port: number } | Response) => {
      if ("port" in message) {
        this.port = message.port;
        started(this);
      } else this.#answered(message);
    });
  }

  static start(program: string, settings: object): Promise<SubjectProcess> {
    return new Promise((resolve) => {
      subjects.push(new SubjectProcess(program, settings, resolve));
    });
  }

  /** What it wrote to standard error, in one line. */
  get complaint(): string {
    return /^\w*Error.*$/m.exec(this.#complaints)?.[0] ?? this.#complaints.trim().split("\n")[0] ?? "";
  }

  call(command: string, argument?: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#calls.set(id, { resolve, reject });
      this.#child.send({ id, command, argument });
    });
  }

  async cpu(): Promise<CpuTime> {
    return (await this.call("cpu")) as CpuTime;
  }

  async memory(): Promise<MemoryUse> {
    return (await this.call("memory")) as MemoryUse;
  }

  async startProfile(): Promise<void> {
    if (order.profiles !== undefined) await this.call("startProfile");
  }

  async stopProfile(): Promise<void> {
    if (order.profiles !== undefined) await this.call("stopProfile", this.#profile);
  }

  end(): void {
    this.#ending = true;
    this.#child.kill("SIGKILL");
  }

  #answered({ id, value, error }: Response): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  }
}

const subjects: SubjectProcess[] = [];

const trial: Trial = {
  implementation: order.implementation,
  seconds: order.seconds,
  warmUpSeconds: order.warmUpSeconds,
  crowd: (peers) => (peers < 1_000 ? peers : Math.round(peers * order.scale)),
  services: order.services,
  profiles: order.profiles,
  home: order.home,
  checkout: order.checkout,
  subject: (program, settings = {}) => SubjectProcess.start(program, settings),
};

try {
  finish({ figures: await scenarioNamed(order.scenario).driver(trial) });
} catch (error) {
  fail(error as Error);
}
