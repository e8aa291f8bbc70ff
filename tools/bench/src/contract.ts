/**
 * What the parts of this tool agree on. A *scenario* is measured for several *implementations*; one scenario for one
 * implementation in one round is a *trial*: a process that generates load, and one or more *subjects*, the processes
 * whose CPU time and memory count.
 */

/** What a trial found, by the key of a metric. */
export type Figures = Record<string, number>;

export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly unit: "per CPU s" | "ms" | "bytes" | "CPU ms";
  readonly better: "more" | "less";
}

/** What a driver gets. */
export interface Trial {
  /** `ours-ws`; never with the label of another checkout. */
  readonly implementation: string;
  /** Length of the measured window, and of the load before it that warms the code up. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** How many peers to have of those that a scenario asks for: fewer, where it has thousands and time is short. */
  crowd(peers: number): number;
  /** Addresses of services, by their environment variables. */
  readonly services: Readonly<Record<string, string>>;
  /** This tool's folder. */
  readonly home: string;
  /** The root of the checkout that our packages are from. */
  readonly checkout: string;
  /** How the names of CPU profiles begin, when there are to be any. */
  readonly profiles: string | undefined;
  /** Starts a program of `subjects/`, `settings` in hand. It is ended with the trial. */
  subject(program: string, settings?: object): Promise<Subject>;
}

/** A process that is measured. */
export interface Subject {
  readonly port: number;
  call(command: string, argument?: unknown): Promise<unknown>;
  /** CPU seconds so far, all threads. */
  cpu(): Promise<CpuTime>;
  /** After a full garbage collection, in bytes. */
  memory(): Promise<MemoryUse>;
  /** Where CPU time goes from now on, when the command line asked for profiles. */
  startProfile(): Promise<void>;
  stopProfile(): Promise<void>;
}

export interface CpuTime {
  readonly user: number;
  readonly system: number;
}

export interface MemoryUse {
  readonly heap: number;
  readonly rss: number;
  /** Of `rss`, what the engine's young generation has: it grows once, to 32 MB, however many connections there are then. */
  readonly young: number;
}

/**
 * MUST throw when anything that was sent is lost, doubled, reordered or changed: such a trial has no figures. MUST end by
 * itself, in about `warmUpSeconds + seconds` and the time it takes to open its connections.
 */
export type Driver = (trial: Trial) => Promise<Figures>;

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly implementations: readonly string[];
  readonly metrics: readonly Metric[];
  readonly driver: Driver;
  /** The implementation that the others are compared with. */
  readonly base: string;
  /** Names of services of tools/run/services. */
  readonly services?: readonly string[];
  /** The programs of `subjects/` that an implementation is; the one of its name when left out. */
  readonly programs?: (implementation: string) => readonly string[];
  /** A figure that is the same each time (the size of a bundle) is found once. */
  readonly once?: boolean;
}
