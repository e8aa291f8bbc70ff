import {
  type Channel,
  type ClusterDriver,
  ClusterError,
  type DriverCapabilities,
  type DriverReceiver,
  type NodeId,
} from "@sockeye/adapter-base";
import { Backoff } from "./backoff.js";
import { Cleaner } from "./cleaner.js";
import type { PostgresClient } from "./contract.js";
import type { Database, Link } from "./database/contract.js";
import { databaseOf } from "./database/database-of.js";
import { within } from "./database/deadline.js";
import { PostgresAdapterError } from "./errors.js";
import { LinkKeeper } from "./link-keeper.js";
import { channelName, namesOf } from "./names.js";
import { type PostgresOptions, type ResolvedOptions, resolveOptions } from "./options.js";
import { Reader } from "./reader.js";
import { checkSchema, migrate } from "./schema.js";
import { Sender } from "./sender.js";
import { statementsFor } from "./statements.js";

const CLUSTER: Channel = { kind: "cluster" };

/**
 * Moves envelopes with `LISTEN` and `NOTIFY`. Each is also a row, for a while, so that a node whose connection was lost reads what
 * it missed; one that is too large for a notification is nothing else. One connection, taken out of the pool for good,
 * listens and publishes: one statement at a time, with everything that was published meanwhile.
 *
 * `createAdapter()` makes one for you.
 */
export class PostgresDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities;
  readonly #options: ResolvedOptions;
  readonly #database: Database;
  readonly #keeper: LinkKeeper;
  readonly #sender: Sender;
  readonly #reader: Reader;
  readonly #cleaner: Cleaner;
  /** A channel that only this node listens to. */
  #own = "";
  #receiver: DriverReceiver | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Called when this node hears itself on a new link. */
  #onProbe: (() => void) | undefined;
  #hasTables = false;
  #closing: Promise<void> | undefined;

  /** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT` */
  constructor(client: PostgresClient, options: PostgresOptions = {}) {
    this.#options = resolveOptions(options);
    const { channelPrefix, tableName, maxEnvelopeBytes, statementTimeout } = this.#options;
    this.capabilities = { ordered: true, interest: true, replay: true, echo: false, maxEnvelopeBytes };
    this.#database = databaseOf(client, { timeout: statementTimeout });
    const statements = statementsFor(namesOf(tableName));
    this.#sender = new Sender(statements.publish, channelName(channelPrefix, CLUSTER), this.#options, {
      link: () => this.#keeper.link,
      linkFailed: (error) => this.#keeper.fail(error),
      isHeard: (channel) => this.#reader.isHeard(channel),
      leftRows: (xid) => this.#cleaner.sawRows(xid),
    });
    this.#reader = this.#createReader(statements);
    this.#cleaner = new Cleaner(this.#database, statements.clean, this.#options, {
      floor: () => this.#reader.floor,
      report: (error) => this.#report(error),
    });
    this.#keeper = this.#createKeeper();
  }

  /** What waits and what is held, for tests and `inspect()`. */
  inspect(): { readonly queuedBytes: number; readonly isUp: boolean; readonly isCleanerIdle: boolean } {
    return {
      queuedBytes: this.#sender.queuedBytes,
      isUp: this.#keeper.link !== undefined,
      isCleanerIdle: this.#cleaner.isIdle,
    };
  }

  /**
   * A database that cannot be reached is tried again until it can.
   *
   * @throws PostgresAdapterError when trying again would not help: `ERR_SOCKEYE_POSTGRES_SCHEMA`, `ERR_SOCKEYE_POSTGRES_DEAF`, or
   * `ERR_SOCKEYE_POSTGRES_CONNECTION` for refused credentials or an unknown database
   */
  async start(node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#own = this.#nameOf({ kind: "node", node: `probe-${node}` });
    this.#receiver = receiver;
    this.#sender.start(node, this.#own);
    this.#reader.start(node);
    await this.#keeper.start();
    if (this.#closing !== undefined) return;
    const interval = Math.max(10, Math.min(1_000, this.#options.statementTimeout / 5));
    this.#watch = setInterval(() => this.#check(), interval);
    this.#watch.unref?.();
  }

  async subscribe(channel: Channel): Promise<void> {
    if (this.#closing !== undefined) return;
    await this.#reader.subscribe(this.#nameOf(channel), channel);
  }

  async unsubscribe(channel: Channel): Promise<void> {
    await this.#reader.unsubscribe(this.#nameOf(channel));
  }

  /** Members' signs of life are not kept: they are of no use later. */
  async publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    if (this.#closing !== undefined) throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
    await this.#sender.send({ channel: this.#nameOf(channel), bytes: envelope, isKept: channel.kind !== "cluster" });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await within(this.#options.statementTimeout, this.#sender.drained()).catch(() => undefined);
    clearInterval(this.#watch);
    this.#cleaner.close();
    this.#sender.close();
    this.#reader.close();
    this.#keeper.close();
    this.#database.close();
  }

  #createReader(statements: ReturnType<typeof statementsFor>): Reader {
    return new Reader(statements, this.#options, {
      link: () => this.#keeper.link,
      linkFailed: (error) => this.#keeper.fail(error),
      deliver: (channel, bytes) => this.#receiver?.onEnvelope(channel, bytes),
      gap: (channels) => this.#receiver?.onGap(channels),
      heardItself: () => {
        this.#onProbe?.();
        this.#sender.heardItself(performance.now());
      },
      sawRows: (xid) => this.#cleaner.sawRows(xid),
      report: (error) => this.#report(error),
    });
  }

  #createKeeper(): LinkKeeper {
    const { reconnectionDelay, reconnectionDelayMax } = this.#options;
    return new LinkKeeper(this.#database, new Backoff(reconnectionDelay, reconnectionDelayMax), {
      onNotification: (channel, payload) => this.#reader.onNotification(channel, payload),
      prepare: (link) => this.#prepare(link),
      onUp: () => {
        this.#receiver?.onState({ publish: "up", receive: "up" });
        this.#reader.linkUp();
        this.#sender.linkUp();
      },
      onDown: (error) => {
        this.#reader.linkDown();
        this.#sender.linkDown();
        this.#receiver?.onState({ publish: "down", receive: "down" });
        this.#report(error);
      },
    });
  }

  async #prepare(link: Link): Promise<void> {
    await this.#prepareTables();
    await this.#proveHearing(link);
    await this.#reader.prepare(link);
  }

  async #prepareTables(): Promise<void> {
    const { createSchema, tableName } = this.#options;
    if (this.#hasTables) return;
    if (createSchema) await migrate(this.#database, { tableName });
    else await checkSchema(this.#database, tableName);
    this.#hasTables = true;
  }

  /** Behind a pooler that gives each transaction another connection, `LISTEN` succeeds and nothing is ever heard. */
  async #proveHearing(link: Link): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      this.#onProbe = resolve;
    });
    await link.listen([this.#own]);
    await this.#sender.probe(link);
    try {
      await within(this.#options.statementTimeout, heard);
    } catch (cause) {
      const message =
        "notifications do not come back: LISTEN needs a connection of its own, not one that a pooler shares";
      throw new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_DEAF", message, { cause });
    }
  }

  #check(): void {
    const now = performance.now();
    this.#sender.check(now);
    this.#reader.check(now);
  }

  #nameOf(channel: Channel): string {
    return channelName(this.#options.channelPrefix, channel);
  }

  #report(error: Error): void {
    try {
      this.#options.errorHandler(error);
    } catch {
      // Whoever hears of errors must not make more of them.
    }
  }
}
