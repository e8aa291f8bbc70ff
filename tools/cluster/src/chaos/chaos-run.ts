import { setTimeout as sleep } from "node:timers/promises";
import { Listener } from "./audience.js";
import { Balancer } from "./balancer.js";
import type { Sent, Span, Verdict } from "./ledger.js";
import type { Report } from "./protocol.js";
import { buildProgram, ServerNode } from "./server-node.js";

/** What can be done to the broker. */
export interface Broker {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export interface ChaosOptions {
  readonly adapter: string;
  readonly broker: Broker;
  readonly clients: number;
  /** Milliseconds between two events of one server. */
  readonly pace: number;
}

export interface ChaosOutcome {
  /** Over all clients. */
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Came late, and was sent while the broker was away. */
  readonly shuffled: number;
  readonly received: number;
  readonly examples: readonly string[];
  /** Handlers that were called with more than was sent. */
  readonly surplus: number;
  /** Reconnections before the broker was killed, and how many of them were recovered. */
  readonly before: Returns;
  /** The same when the broker was back. */
  readonly after: Returns;
  /** Why some were not. */
  readonly refusals: readonly string[];
  /** Envelopes that reached a server on which they concerned nobody, of all that reached one. */
  readonly wasted: string;
  /** Milliseconds until every client heard every node again. */
  readonly healedAfterNode: number;
  readonly healedAfterBroker: number;
  /** What was excused, in milliseconds of the clock by which examples are told. */
  readonly excused: readonly Span[];
  /** Processes that ended though nobody asked them to. */
  readonly died: readonly string[];
  /** Bytes by which the survivors grew. */
  readonly growth: number;
}

export interface Returns {
  readonly reconnections: number;
  readonly recovered: number;
}

/** How long after a fault everything has to work again. */
const PATIENCE = 15_000;
/** Milliseconds around a kill in which what was under way may be lost. */
const UNDER_WAY = 500;

/**
 * Three servers, some hundred clients, numbered events from everybody to everybody; then connections are cut, a server is
 * killed, the broker is killed, and each comes back.
 */
export async function chaosRun(options: ChaosOptions): Promise<ChaosOutcome> {
  const run = new ChaosRun(options);
  try {
    return await run.play();
  } finally {
    await run.end();
  }
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #balancer = new Balancer();
  readonly #nodes = new Map<string, ServerNode>();
  readonly #sent: Sent[] = [];
  readonly #excused: Span[] = [];
  readonly #died: string[] = [];
  #listeners: Listener[] = [];
  #program: Awaited<ReturnType<typeof buildProgram>> | undefined;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  async play(): Promise<ChaosOutcome> {
    this.#program = await buildProgram();
    const url = await this.#balancer.listen();
    await Promise.all(["one", "two", "three"].map((name) => this.#open(name)));
    await this.#until("three servers know of each other", async () =>
      (await this.#reports()).every(({ servers }) => servers === 3),
    );
    for (let n = 0; n < this.#options.clients; n++) {
      this.#listeners.push(new Listener(url, n % 5 === 4 ? "official" : "sockeye"));
      if (n % 50 === 49) await sleep(50);
    }
    await this.#until("all clients are in", async () => this.#listeners.every(({ connected }) => connected));
    const first = await this.#order("talk");
    await sleep(1_000);

    await this.#cutConnections();
    const healedAfterNode = await this.#killServer("three", "four");
    const before = this.#tally();
    const healedAfterBroker = await this.#killBroker();
    const meanwhile = this.#tally();
    await this.#cutConnections();
    await this.#order("hush");
    await this.#until("all clients are back", async () => this.#listeners.every(({ connected }) => connected));
    await sleep(1_000);
    const after = difference(this.#tally(), meanwhile);
    const reports = await this.#reports();
    return {
      ...this.#judge(),
      before,
      after,
      refusals: this.#listeners.flatMap(({ refusals }) => refusals).slice(0, 10),
      healedAfterNode,
      healedAfterBroker,
      excused: this.#excused,
      died: this.#died,
      growth: growth(first, reports),
      wasted: wasted(reports),
    };
  }

  async end(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const node of this.#nodes.values()) await node.kill();
    await this.#balancer.close();
    await this.#program?.remove();
  }

  async #open(name: string): Promise<void> {
    const { adapter, broker, pace } = this.#options;
    const node = await ServerNode.start(name, this.#program!.path, { adapter, url: broker.url, pace });
    this.#nodes.set(name, node);
    await this.#target();
  }

  async #target(): Promise<void> {
    this.#balancer.target(await Promise.all([...this.#nodes.values()].map((node) => node.port())));
  }

  /** A tenth of the connections, five times. */
  async #cutConnections(): Promise<void> {
    for (let n = 0; n < 5; n++) {
      this.#balancer.cut(() => Math.random() < 0.1);
      await sleep(400);
      await this.#reports();
    }
  }

  async #killServer(name: string, successor: string): Promise<number> {
    const node = this.#nodes.get(name)!;
    await this.#reports();
    const killed = Date.now();
    this.#nodes.delete(name);
    await node.kill();
    // What this server sent after its last report is known to nobody; what it had under way is lost with it.
    this.#forgive(name, killed - UNDER_WAY);
    await this.#target();
    await this.#healed(killed);
    const healed = Date.now() - killed;
    await this.#open(successor);
    await this.#nodes.get(successor)!.order("talk");
    await this.#healed(Date.now());
    return healed;
  }

  async #killBroker(): Promise<number> {
    await this.#reports();
    const killed = Date.now();
    await this.#options.broker.kill();
    await sleep(1_500);
    await this.#reports();
    const restarted = Date.now();
    await this.#options.broker.restart();
    await this.#healed(restarted);
    const healed = Date.now() - restarted;
    this.#excused.push({ from: killed - UNDER_WAY, to: Date.now() + UNDER_WAY });
    await sleep(UNDER_WAY * 2);
    return healed;
  }

  /** Resolves when every client has heard every server after this time. */
  async #healed(since: number): Promise<void> {
    const names = [...this.#nodes.keys()];
    await this.#until(`everybody hears ${names.join(", ")}`, async () =>
      this.#listeners.every((listener) => names.every((name) => listener.hasHeard(name, since))),
    );
  }

  #forgive(name: string, from: number): void {
    const kept = this.#sent.filter(({ node, time }) => node !== name || time < from);
    this.#sent.splice(0, this.#sent.length, ...kept);
  }

  async #order(what: "talk" | "hush"): Promise<Map<string, Report>> {
    return new Map(
      await Promise.all([...this.#nodes].map(async ([name, node]) => [name, await node.order(what)] as const)),
    );
  }

  async #reports(): Promise<Report[]> {
    const living = [...this.#nodes];
    for (const [name, node] of living) {
      if (node.gone === undefined) continue;
      this.#died.push(`${name}: ${node.gone}`);
      this.#nodes.delete(name);
    }
    const reports = await Promise.all([...this.#nodes.values()].map((node) => node.order("report")));
    for (const { sent } of reports) this.#sent.push(...sent);
    return reports;
  }

  #tally(): Returns {
    let reconnections = 0;
    let recovered = 0;
    for (const listener of this.#listeners) {
      reconnections += listener.connections - 1;
      recovered += listener.recovered;
    }
    return { reconnections, recovered };
  }

  #judge(): Verdict & { surplus: number } {
    const verdicts = this.#listeners.map((listener) => listener.judge(this.#sent, this.#excused));
    const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, verdict) => total + of(verdict), 0);
    return {
      lost: sum(({ lost }) => lost),
      doubled: sum(({ doubled }) => doubled),
      reordered: sum(({ reordered }) => reordered),
      shuffled: sum(({ shuffled }) => shuffled),
      received: sum(({ received }) => received),
      examples: [...new Set(verdicts.flatMap(({ examples }) => examples))].slice(0, 10),
      surplus: this.#listeners.reduce((total, { surplus }) => total + surplus, 0),
    };
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`not within ${PATIENCE} ms: ${what}\n${await this.#state()}`);
      await sleep(25);
    }
  }

  /** For a failure message. */
  async #state(): Promise<string> {
    const reports = await this.#reports();
    const connected = this.#listeners.filter((listener) => listener.connected).length;
    const servers = reports.map(({ sent, ...rest }) => JSON.stringify(rest));
    return [`${connected} of ${this.#listeners.length} clients are connected`, ...servers, ...this.#died].join("\n");
  }
}

/** The largest growth of a server that was there all the time. */
function growth(before: ReadonlyMap<string, Report>, after: readonly Report[]): number {
  const first = [...before.values()];
  return Math.max(
    ...after.map(({ held, port }) => held - (first.find((report) => report.port === port)?.held ?? held)),
  );
}

function difference(later: Returns, earlier: Returns): Returns {
  return {
    reconnections: later.reconnections - earlier.reconnections,
    recovered: later.recovered - earlier.recovered,
  };
}

function wasted(reports: readonly Report[]): string {
  const traffic = reports.map((report) => report.traffic ?? { wasted: 0, received: 0 });
  const sum = (of: (one: { wasted: number; received: number }) => number) =>
    traffic.reduce((all, one) => all + of(one), 0);
  return `${sum((one) => one.wasted)} of ${sum((one) => one.received)}`;
}
