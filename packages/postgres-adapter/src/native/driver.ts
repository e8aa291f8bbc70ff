import {
  type Channel,
  type ClusterDriver,
  ClusterError,
  type CommandSource,
  type DriverCapabilities,
  type DriverReceiver,
  type NodeId,
  type RecoveryStore,
} from "@sockeye/adapter-base";
import type { PostgresClient } from "../contract.js";
import { databaseOf } from "../database/database-of.js";
import { within } from "../database/deadline.js";
import { Line } from "../line/line.js";
import { Sender } from "../line/sender.js";
import { channelName, namesOf, ownChannelName } from "../names.js";
import { type PostgresOptions, type ResolvedOptions, resolveOptions } from "../options.js";
import { Operation } from "../recovery/operation.js";
import { recoveryStatementsFor } from "../recovery/statements.js";
import { PostgresStore } from "../recovery/store.js";
import { StoreCleaner } from "../recovery/store-cleaner.js";
import { checkSchema, migrate } from "../schema.js";
import { EmitterSource } from "../wire/emitter-source.js";
import { Cleaner } from "./cleaner.js";
import { type EnvelopeParcel, envelopeParcel, gapParcel } from "./parcel.js";
import { Reader } from "./reader.js";
import { Speaker } from "./speaker.js";
import { type Statements, statementsFor } from "./statements.js";

/**
 * Moves envelopes with `LISTEN` and `NOTIFY`. Each is also a row, for a while, so that a node whose connection was lost reads what
 * it missed; one that is too large for a notification is nothing else. One connection, taken out of the pool for good,
 * listens and publishes: one statement at a time, with everything that was published meanwhile.
 *
 * `createAdapter()` makes one for you.
 */
export class PostgresDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities;
  readonly recovery: RecoveryStore;
  /** What the incumbent's emitters say; for `sources` of a cluster adapter. */
  readonly emitters: CommandSource | undefined;
  readonly #options: ResolvedOptions;
  readonly #line: Line;
  readonly #statements: Statements;
  readonly #sender: Sender<EnvelopeParcel | Operation>;
  readonly #reader: Reader;
  readonly #cleaner: Cleaner;
  readonly #speaker: Speaker;
  readonly #echo: boolean;
  readonly #storeCleaner: StoreCleaner;
  readonly #emitterSource: EmitterSource | undefined;
  #last: { readonly channel: Channel; readonly name: string } | undefined;
  #receiver: DriverReceiver | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param options `echo`: what is published comes back, as an uplink of several workers needs it; default `false`
   * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT`
   */
  constructor(client: PostgresClient, options: PostgresOptions & { readonly echo?: boolean } = {}) {
    this.#options = resolveOptions(options);
    this.#echo = options.echo ?? false;
    const { channelPrefix, tableName, maxEnvelopeBytes, statementTimeout, maxQueuedBytes } = this.#options;
    this.capabilities = { ordered: true, interest: true, replay: true, echo: this.#echo, maxEnvelopeBytes };
    const database = databaseOf(client, { timeout: statementTimeout });
    this.#line = new Line(database, ownChannelName(channelPrefix), this.#options);
    this.#statements = statementsFor(namesOf(tableName));
    const recovery = recoveryStatementsFor(namesOf(tableName));
    this.#sender = this.#createSender();
    this.#reader = new Reader(this.#line, this.#statements, recovery, maxQueuedBytes, {
      deliver: (channel, bytes, position) => this.#receiver?.onEnvelope(channel, bytes, position),
      gap: (channels) => this.#receiver?.onGap(channels),
      sawRows: (xid) => this.#cleaner.sawRows(xid),
    });
    this.#cleaner = new Cleaner(database, this.#statements.clean, this.#options, {
      floor: () => this.#reader.floor,
      report: (error) => this.#line.report(error),
    });
    this.#speaker = new Speaker(this.#statements, recovery, {
      payloadThreshold: this.#options.payloadThreshold,
      leftRows: (xid) => this.#cleaner.sawRows(xid),
    });
    const report = (error: Error) => this.#line.report(error);
    this.#storeCleaner = new StoreCleaner(database, recovery, this.#options.cleanupInterval, report);
    this.recovery = this.#createStore();
    const { emitters } = this.#options;
    this.#emitterSource = emitters && new EmitterSource(this.#line, { ...emitters, maxQueuedBytes });
    this.emitters = this.#emitterSource;
  }

  /** What waits and what is held, for tests and `inspect()`. */
  inspect(): { readonly queuedBytes: number; readonly isUp: boolean; readonly isCleanerIdle: boolean } {
    return {
      queuedBytes: this.#sender.queuedBytes,
      isUp: this.#line.link !== undefined,
      isCleanerIdle: this.#cleaner.isIdle && this.#storeCleaner.isIdle,
    };
  }

  /**
   * A database that cannot be reached is tried again until it can.
   *
   * @throws PostgresAdapterError when trying again would not help: `ERR_SOCKEYE_POSTGRES_SCHEMA`, `ERR_SOCKEYE_POSTGRES_DEAF`, or
   * `ERR_SOCKEYE_POSTGRES_CONNECTION` for refused credentials or an unknown database
   */
  async start(node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#receiver = receiver;
    this.#speaker.start(node);
    this.#reader.start(this.#echo ? NOBODY : node);
    await this.#line.start({
      prepareTables: () => this.#prepareTables(),
      prepare: (link) => this.#reader.prepare(link),
      up: () => this.#up(),
      down: () => this.#down(),
      check: (now) => this.#sender.check(now),
    });
  }

  async subscribe(channel: Channel): Promise<void> {
    if (this.#closing === undefined) await this.#reader.subscribe(this.#nameOf(channel), channel);
  }

  async unsubscribe(channel: Channel): Promise<void> {
    await this.#reader.unsubscribe(this.#nameOf(channel));
  }

  /** Members' signs of life are not kept: they are of no use later. */
  publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    if (envelope.byteLength > this.capabilities.maxEnvelopeBytes) return Promise.reject(tooLarge(envelope.byteLength));
    const name = this.#nameOf(channel);
    return this.#sender.send(envelopeParcel(name, envelope, channel.kind !== "cluster", this.#line.ear.hears(name)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await within(this.#options.statementTimeout, this.#sender.drained()).catch(() => undefined);
    this.#cleaner.close();
    this.#storeCleaner.close();
    this.#sender.close();
    this.#reader.close();
    this.#line.close();
  }

  #createSender(): Sender<EnvelopeParcel | Operation> {
    return new Sender<EnvelopeParcel | Operation>(
      { ...this.#options, sendsAgain: true },
      {
        link: () => this.#line.link,
        linkFailed: (error) => this.#line.fail(error),
        run: (link, items, onAnswer) =>
          this.#speaker.run(async (statement, values) => {
            const rows = await link.query(statement, values);
            onAnswer();
            return rows;
          }, items),
        gapFor: (item) => (!(item instanceof Operation) && item.isKept ? gapParcel(item.channel) : undefined),
        gapForAll: () => gapParcel(this.#nameOf({ kind: "cluster" })),
      },
    );
  }

  #createStore(): PostgresStore {
    return new PostgresStore({
      send: (operation) => this.#sender.send(operation),
      channelOf: (namespace) => this.#nameOf({ kind: "all", namespace }),
      maxEnvelopeBytes: this.capabilities.maxEnvelopeBytes,
      logsAlways: true,
      opened: (namespace, limits) => this.#storeCleaner.opened(namespace, limits),
      wrote: () => this.#storeCleaner.wrote(),
    });
  }

  async #prepareTables(): Promise<void> {
    const { createSchema, tableName } = this.#options;
    if (createSchema) await migrate(this.#line.database, { tableName });
    else await checkSchema(this.#line.database, tableName);
  }

  #up(): void {
    this.#receiver?.onState({ publish: "up", receive: "up" });
    this.#reader.linkUp();
    this.#emitterSource?.linkUp();
    this.#sender.linkUp();
  }

  #down(): void {
    this.#reader.linkDown();
    this.#emitterSource?.linkDown();
    this.#sender.linkDown();
    this.#receiver?.onState({ publish: "down", receive: "down" });
  }

  /** What was asked for last is asked for again most of the time. */
  #nameOf(channel: Channel): string {
    if (this.#last?.channel !== channel) {
      this.#last = { channel, name: channelName(this.#options.channelPrefix, channel) };
    }
    return this.#last.name;
  }
}

/** No node is called so: a reader that leaves out what it said itself leaves out nothing. */
const NOBODY = "";

function closed(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
}

function tooLarge(size: number): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", `an envelope of ${size} bytes is too large`);
}
