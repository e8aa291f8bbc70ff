import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Listener } from "./audience.js";
import { Balancer } from "./balancer.js";
import type { Sent, Verdict } from "./ledger.js";
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
  /** Did not come, and was sent while the broker was away, or the client was and is not recovered. */
  readonly missed: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Came late, and was sent while the broker was away. */
  readonly shuffled: number;
  readonly received: number;
  /** Delivered without a place in the log though the broker was up. */
  readonly unlogged: number;
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
  /** The longest standstill of a server, and of this process with all the clients, in milliseconds: how slow the machine is. */
  readonly stalls: { readonly servers: number; readonly clients: number };
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

/** Milliseconds to heal after which it is told who was the last. */
const SLOW = 3_000;

/** From the kill of the broker until every server logged again, and delivered to every client. */
interface Outage {
  readonly killed: number;
  restarted: number;
  healed: number;
}

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
  readonly #log: { readonly time: number; readonly what: string }[] = [];
  /** The last to hear everybody again, where that took long. */
  readonly #laggards: Listener[] = [];
  #outage: Outage | undefined;
  readonly #died: string[] = [];
  readonly #delays = monitorEventLoopDelay();
  #listeners: Listener[] = [];
  #program: Awaited<ReturnType<typeof buildProgram>> | undefined;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  async play(): Promise<ChaosOutcome> {
    this.#program = await buildProgram();
    this.#delays.enable();
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
      stalls: {
        servers: Math.max(...reports.map(({ stall }) => stall)),
        clients: Math.round(this.#delays.max / 1e6),
      },
      died: this.#died,
      growth: growth(first, reports),
      wasted: wasted(reports),
    };
  }

  async end(): Promise<void> {
    this.#delays.disable();
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
    // What this server sent after its last report is known to nobody.
    this.#note(`${name} was killed`, killed);
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
    this.#note("the broker was killed", killed);
    const outage = { killed, restarted: Number.POSITIVE_INFINITY, healed: Number.POSITIVE_INFINITY };
    this.#outage = outage;
    await this.#options.broker.kill();
    await sleep(1_500);
    await this.#reports();
    outage.restarted = Date.now();
    this.#note("the broker was started");
    await this.#options.broker.restart();
    await this.#healed(outage.restarted);
    await this.#until("every server logs again", async () => (await this.#reports()).every(({ logs }) => logs));
    outage.healed = Date.now();
    this.#note("all hear all, and log");
    await sleep(1_000);
    return outage.healed - outage.restarted;
  }

  /** Resolves when every client has heard every server after this time. */
  async #healed(since: number): Promise<void> {
    const names = [...this.#nodes.keys()];
    let last: Listener | undefined;
    await this.#until(`everybody hears ${names.join(", ")}`, async () => {
      const deaf = this.#listeners.find((listener) => !listener.hasHeard(names, since));
      last = deaf ?? last;
      return deaf === undefined;
    });
    // Where the look itself took so long, nobody was waited for.
    if (last !== undefined && Date.now() - since > SLOW) this.#laggards.push(last);
  }

  /** For the examples. */
  #note(what: string, time = Date.now()): void {
    this.#log.push({ time, what });
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

  /**
   * What may be lost: an event that was under way while the broker was away. One that got its place in the log is owed to everybody,
   * whenever it was sent, unless the log was lost with the broker while its sender heard of the place.
   */
  #isExcused({ time, settled, logged }: Sent): boolean {
    const outage = this.#outage;
    if (outage === undefined) return false;
    return settled >= outage.killed && time <= (logged ? outage.restarted : outage.healed);
  }

  #judge() {
    const isExcused = (event: Sent) => this.#isExcused(event);
    const verdicts = this.#listeners.map((listener) => listener.judge(this.#sent, isExcused));
    const sum = (of: (verdict: (typeof verdicts)[number]) => number) =>
      verdicts.reduce((total, verdict) => total + of(verdict), 0);
    return {
      lost: sum(({ lost }) => lost.length),
      missed: sum(({ missed }) => missed),
      doubled: sum(({ doubled }) => doubled.length),
      reordered: sum(({ reordered }) => reordered.length),
      shuffled: sum(({ shuffled }) => shuffled),
      received: sum(({ received }) => received),
      unlogged: this.#sent.filter((event) => !event.logged && !isExcused(event)).length,
      examples: this.#examples(verdicts),
      surplus: this.#listeners.reduce((total, { surplus }) => total + surplus, 0),
    };
  }

  /** What went wrong, of the first few clients and events, with what happened around it. */
  #examples(verdicts: readonly Verdict[]): string[] {
    const start = this.#sent[0]?.time ?? 0;
    const at = (time: number) => `${Math.round(time - start)}`;
    const story = ({ time, what }: { time: number; what: string }) => `${at(time)} ${what}`;
    const sent = new Map(this.#sent.map((event) => [`${event.node}#${event.number}`, event]));
    const told = (key: string) => {
      const event = sent.get(key);
      return event === undefined
        ? `${key} (not reported)`
        : `${key} (sent ${at(event.time)}, settled ${at(event.settled)}, ${event.logged ? "logged" : "not logged"})`;
    };
    const examples: string[] = [];
    for (const [index, { lost, doubled, reordered }] of verdicts.entries()) {
      const keys = lost.map(({ node, number }) => `${node}#${number}`);
      const wrong = [
        ...keys.slice(0, 5).map((key) => `lost ${told(key)}`),
        ...doubled.slice(0, 3).map((key) => `doubled ${told(key)}`),
        ...reordered.slice(0, 3).map((key) => `reordered ${told(key)}`),
      ];
      if (wrong.length === 0 || examples.length >= 6) continue;
      const history = this.#listeners[index]!.history.map(story);
      examples.push(`client ${index}: ${wrong.join(", ")}; its connection: ${history.join(", ")}`);
    }
    const unlogged = this.#sent.filter((event) => !event.logged && !this.#isExcused(event));
    for (const { node, number } of unlogged.slice(0, 5)) examples.push(`unlogged ${told(`${node}#${number}`)}`);
    for (const { history } of this.#laggards) examples.push(`the last to be back: ${history.map(story).join(", ")}`);
    if (examples.length > 0) examples.push(`the run: ${this.#log.map(story).join(", ")}`);
    return examples;
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
