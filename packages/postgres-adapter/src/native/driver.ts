import {
  type Channel,
  type ClusterDriver,
  ClusterError,
  type DriverCapabilities,
  type DriverReceiver,
  type NodeId,
} from "@sockeye/adapter-base";
import type { PostgresClient } from "../contract.js";
import { databaseOf } from "../database/database-of.js";
import { within } from "../database/deadline.js";
import { Line } from "../line/line.js";
import { Sender } from "../line/sender.js";
import { channelName, namesOf, ownChannelName } from "../names.js";
import { type PostgresOptions, type ResolvedOptions, resolveOptions } from "../options.js";
import { checkSchema, migrate } from "../schema.js";
import { Batch } from "./batch.js";
import { Cleaner } from "./cleaner.js";
import { type EnvelopeParcel, envelopeParcel, gapParcel } from "./parcel.js";
import { Reader } from "./reader.js";
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
  readonly #options: ResolvedOptions;
  readonly #line: Line;
  readonly #statements: Statements;
  readonly #sender: Sender<EnvelopeParcel>;
  readonly #reader: Reader;
  readonly #cleaner: Cleaner;
  #node: NodeId = "";
  #receiver: DriverReceiver | undefined;
  #closing: Promise<void> | undefined;

  /** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT` */
  constructor(client: PostgresClient, options: PostgresOptions = {}) {
    this.#options = resolveOptions(options);
    const { channelPrefix, tableName, maxEnvelopeBytes, statementTimeout, maxQueuedBytes } = this.#options;
    this.capabilities = { ordered: true, interest: true, replay: true, echo: false, maxEnvelopeBytes };
    const database = databaseOf(client, { timeout: statementTimeout });
    this.#line = new Line(database, ownChannelName(channelPrefix), this.#options);
    this.#statements = statementsFor(namesOf(tableName));
    this.#sender = this.#createSender();
    this.#reader = new Reader(this.#line, this.#statements, maxQueuedBytes, {
      deliver: (channel, bytes) => this.#receiver?.onEnvelope(channel, bytes),
      gap: (channels) => this.#receiver?.onGap(channels),
      sawRows: (xid) => this.#cleaner.sawRows(xid),
    });
    this.#cleaner = new Cleaner(database, this.#statements.clean, this.#options, {
      floor: () => this.#reader.floor,
      report: (error) => this.#line.report(error),
    });
  }

  /** What waits and what is held, for tests and `inspect()`. */
  inspect(): { readonly queuedBytes: number; readonly isUp: boolean; readonly isCleanerIdle: boolean } {
    return {
      queuedBytes: this.#sender.queuedBytes,
      isUp: this.#line.link !== undefined,
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
    this.#node = node;
    this.#receiver = receiver;
    this.#reader.start(node);
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
  async publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    if (this.#closing !== undefined) throw new ClusterError("ERR_SOCKEYE_CLUSTER_CLOSED", "the driver was closed");
    if (envelope.byteLength > this.capabilities.maxEnvelopeBytes) throw tooLarge(envelope.byteLength);
    await this.#sender.send(envelopeParcel(this.#nameOf(channel), envelope, channel.kind !== "cluster"));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await within(this.#options.statementTimeout, this.#sender.drained()).catch(() => undefined);
    this.#cleaner.close();
    this.#sender.close();
    this.#reader.close();
    this.#line.close();
  }

  #createSender(): Sender<EnvelopeParcel> {
    return new Sender<EnvelopeParcel>(
      { ...this.#options, sendsAgain: true },
      {
        link: () => this.#line.link,
        linkFailed: (error) => this.#line.fail(error),
        statementFor: (items) => ({ statement: this.#statements.publish, values: this.#valuesFor(items) }),
        sent: (items, row) => {
          if (items.some(({ isKept }) => isKept)) this.#cleaner.sawRows(Number(row?.xid));
        },
        gapFor: ({ channel, isKept }) => (isKept ? gapParcel(channel) : undefined),
        gapForAll: () => gapParcel(this.#nameOf({ kind: "cluster" })),
      },
    );
  }

  #valuesFor(items: readonly EnvelopeParcel[]): ReturnType<Batch["values"]> {
    const batch = new Batch(this.#node, this.#options.payloadThreshold);
    for (const item of items) batch.add(item);
    return batch.values();
  }

  async #prepareTables(): Promise<void> {
    const { createSchema, tableName } = this.#options;
    if (createSchema) await migrate(this.#line.database, { tableName });
    else await checkSchema(this.#line.database, tableName);
  }

  #up(): void {
    this.#receiver?.onState({ publish: "up", receive: "up" });
    this.#reader.linkUp();
    this.#sender.linkUp();
  }

  #down(): void {
    this.#reader.linkDown();
    this.#sender.linkDown();
    this.#receiver?.onState({ publish: "down", receive: "down" });
  }

  #nameOf(channel: Channel): string {
    return channelName(this.#options.channelPrefix, channel);
  }
}

function tooLarge(size: number): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", `an envelope of ${size} bytes is too large`);
}
