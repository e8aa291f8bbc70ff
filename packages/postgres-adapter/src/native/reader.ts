import type { Channel, LogPosition } from "@sockeye/adapter-base";
import type { Row, Value } from "../contract.js";
import type { Link, Statement } from "../database/contract.js";
import { PostgresViolation } from "../errors.js";
import type { Sink } from "../line/ear.js";
import { Inbox } from "../line/inbox.js";
import type { Line } from "../line/line.js";
import { logKey } from "../recovery/keys.js";
import type { RecoveryStatements } from "../recovery/statements.js";
import { type ArrivalPort, entryKeyOf, entryOf, keyOf, NotificationArrival } from "./arrival.js";
import { parseNotification } from "./notification.js";
import { Progress } from "./progress.js";
import { replay } from "./replay.js";
import type { Statements } from "./statements.js";

/** What a reader needs of its driver. */
export interface ReaderPort {
  deliver(channel: Channel, bytes: Uint8Array, position: LogPosition | undefined): void;
  /** Something may be missing on these channels, or on all. */
  gap(channels?: readonly Channel[]): void;
  /** Somebody has left rows in the table, probably, in this transaction. */
  sawRows(xid: number): void;
}

/** A transaction of one life of the database. */
export interface Floor {
  readonly life: number;
  readonly xid: number;
}

type Ask = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;

/** Puts in order what comes, and reads from the table what did not. */
export class Reader implements ArrivalPort {
  readonly #line: Line;
  readonly #statements: Statements;
  readonly #recovery: RecoveryStatements;
  readonly #port: ReaderPort;
  readonly #progress = new Progress();
  readonly #inbox: Inbox;
  readonly #channels = new Map<string, Channel>();
  #node = "";
  /** The life of the database that the last link was made in. */
  #life: number | undefined;

  constructor(line: Line, statements: Statements, recovery: RecoveryStatements, maxBytes: number, port: ReaderPort) {
    this.#line = line;
    this.#statements = statements;
    this.#recovery = recovery;
    this.#port = port;
    const fetch = (keys: readonly string[]) => this.#fetch((statement, values) => line.query(statement, values), keys);
    this.#inbox = new Inbox({ fetch, failed: (error) => line.fail(error) }, maxBytes);
  }

  start(node: string): void {
    this.#node = node;
  }

  /** Everything that was published before is over by now, whoever did it; `undefined` before the first link. */
  get floor(): Floor | undefined {
    return this.#life === undefined ? undefined : { life: this.#life, xid: this.#progress.floor };
  }

  async subscribe(name: string, channel: Channel): Promise<void> {
    this.#channels.set(name, channel);
    await this.#line.ear.subscribe(name, new ChannelSink(this, name));
  }

  async unsubscribe(name: string): Promise<void> {
    this.#channels.delete(name);
    await this.#line.ear.unsubscribe(name);
  }

  /** Nothing that another link brings may be heard before what was missed was read: it would move the floor past it. */
  linkDown(): void {
    this.#inbox.hold();
  }

  /** Reads what was missed since the last link. */
  async prepare(link: Link): Promise<void> {
    const ask: Ask = (statement, values) => this.#line.ask(link.query(statement, values));
    const context = {
      ask,
      fetch: (keys: readonly string[]) => this.#fetch(ask, keys),
      port: this,
      statements: this.#statements,
      progress: this.#progress,
      node: this.#node,
      channels: [...this.#line.ear.inForce()].filter(([name]) => this.#channels.has(name)),
    };
    const isFirst = this.#life === undefined;
    const { life, isComplete } = await replay(context, this.#life);
    this.#life = life;
    if (!isComplete) this.#port.gap();
    if (!isFirst) await this.#deliverLatest(ask);
  }

  linkUp(): void {
    this.#inbox.release();
  }

  hear(name: string, payload: string): void {
    const notification = parseNotification(payload, (sender) => sender !== this.#node);
    if (notification instanceof PostgresViolation) this.#line.report(notification);
    if (notification === undefined || notification instanceof PostgresViolation) return;
    if (this.#channels.get(name)?.kind !== "cluster") this.#port.sawRows(notification.xid);
    this.#inbox.receive(new NotificationArrival(this, name, notification, payload.length));
  }

  deliver(name: string, xid: number, n: number, bytes: Uint8Array | undefined, position?: LogPosition): void {
    if (this.#progress.isSeen(xid, n)) return;
    this.#progress.seen(xid, n);
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    if (bytes !== undefined) this.#port.deliver(channel, plain(bytes), position);
    // An entry of a log that is gone by now is missed by its number. What is dropped on the cluster's own channel stands for all.
    else if (position === undefined) this.#port.gap(channel.kind === "cluster" ? undefined : [channel]);
  }

  finished(xmin: number): void {
    this.#progress.advance(xmin);
  }

  close(): void {
    this.#inbox.hold();
    this.#channels.clear();
  }

  /** The newest entry of each recovery log: by its number, its reader sees what it has missed. */
  async #deliverLatest(ask: Ask): Promise<void> {
    const logs = this.#logs();
    if (logs.size === 0) return;
    const rows = await ask(this.#recovery.latest, [`{${[...logs.keys()].join()}}`]);
    for (const { log, epoch, number, payload } of rows) {
      const channel = logs.get(String(log).replaceAll("-", ""));
      const position = { epoch: String(epoch), number: Number(number) };
      if (channel !== undefined) this.#port.deliver(channel, plain(payload as Uint8Array), position);
    }
  }

  /** The logs of the namespaces that are listened to, by their keys. */
  #logs(): Map<string, Channel> {
    const logs = new Map<string, Channel>();
    for (const channel of this.#channels.values()) {
      if (channel.kind === "all") logs.set(logKey(channel.namespace), channel);
    }
    return logs;
  }

  async #fetch(ask: Ask, keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const [messages, entries] = [keys.filter((key) => entryOf(key) === undefined), keys.filter((key) => entryOf(key))];
    return new Map([...(await this.#fetchMessages(ask, messages)), ...(await this.#fetchEntries(ask, entries))]);
  }

  async #fetchMessages(ask: Ask, keys: readonly string[]): Promise<[key: string, bytes: Uint8Array][]> {
    if (keys.length === 0) return [];
    const places = keys.map((key) => key.split("."));
    const [xids, numbers] = [places.map(([xid]) => xid), places.map(([, n]) => n)];
    const rows = await ask(this.#statements.fetch, [this.#life ?? 0, `{${xids.join()}}`, `{${numbers.join()}}`]);
    return rows.map(({ xid, n, payload }) => [keyOf(String(xid), String(n)), payload as Uint8Array]);
  }

  async #fetchEntries(ask: Ask, keys: readonly string[]): Promise<[key: string, bytes: Uint8Array][]> {
    if (keys.length === 0) return [];
    const names = new Map<string, string>();
    const numbers: string[] = [];
    const logs: string[] = [];
    for (const key of keys) {
      const { number, channel: name } = entryOf(key)!;
      const channel = this.#channels.get(name);
      if (channel?.kind !== "all") continue;
      const log = logKey(channel.namespace);
      names.set(log, name);
      logs.push(log);
      numbers.push(number);
    }
    const rows = await ask(this.#recovery.fetch, [`{${logs.join()}}`, `{${numbers.join()}}`]);
    return rows.map(({ log, number, payload }) => {
      const name = names.get(String(log).replaceAll("-", "")) ?? "";
      return [entryKeyOf(name, String(number)), payload as Uint8Array];
    });
  }
}

/** One channel, as the ear knows it. */
class ChannelSink implements Sink {
  constructor(
    private readonly reader: Reader,
    private readonly name: string,
  ) {}

  hear(payload: string): void {
    this.reader.hear(this.name, payload);
  }
}

/** Receivers know nothing of Node. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
