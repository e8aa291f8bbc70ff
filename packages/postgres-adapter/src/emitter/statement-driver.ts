import {
  type Channel,
  type ClusterDriver,
  ClusterError,
  type DriverCapabilities,
  type DriverReceiver,
  type NodeId,
  type RecoveryStore,
} from "@sockeye/adapter-base";
import type { PostgresClient } from "../contract.js";
import type { Database, Link } from "../database/contract.js";
import { databaseOf } from "../database/database-of.js";
import { Sender } from "../line/sender.js";
import { channelName, namesOf } from "../names.js";
import { PostgresDriver } from "../native/driver.js";
import { type EnvelopeParcel, envelopeParcel } from "../native/parcel.js";
import { Speaker } from "../native/speaker.js";
import { statementsFor } from "../native/statements.js";
import { type PostgresOptions, type ResolvedOptions, resolveOptions } from "../options.js";
import type { Operation } from "../recovery/operation.js";
import { recoveryStatementsFor } from "../recovery/statements.js";
import { PostgresStore } from "../recovery/store.js";

/**
 * A driver that speaks through whatever connection of the pool is free, and holds none. Only when it has to listen, for answers,
 * does it take one. What it cannot say at once it does not keep: whoever asked is told.
 */
export class StatementDriver implements ClusterDriver {
  readonly capabilities: DriverCapabilities;
  readonly recovery: RecoveryStore;
  readonly #client: PostgresClient;
  readonly #given: PostgresOptions;
  readonly #options: ResolvedOptions;
  readonly #database: Database;
  readonly #speaker: Speaker;
  readonly #sender: Sender<EnvelopeParcel | Operation>;
  #node: NodeId = "";
  #receiver: DriverReceiver | undefined;
  #listening: Promise<PostgresDriver> | undefined;
  #isClosed = false;

  /** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT` */
  constructor(client: PostgresClient, given: PostgresOptions) {
    this.#client = client;
    this.#given = given;
    this.#options = resolveOptions(given);
    const { maxEnvelopeBytes, statementTimeout, tableName, payloadThreshold } = this.#options;
    this.capabilities = { ordered: true, interest: true, replay: false, echo: false, maxEnvelopeBytes };
    this.#database = databaseOf(client, { timeout: statementTimeout });
    const names = namesOf(tableName);
    // Servers hear of the rows, and remove them in time.
    const leftRows = () => undefined;
    this.#speaker = new Speaker(statementsFor(names), recoveryStatementsFor(names), { payloadThreshold, leftRows });
    this.#sender = this.#createSender();
    this.recovery = this.#createStore();
  }

  async start(node: NodeId, receiver: DriverReceiver): Promise<void> {
    this.#node = node;
    this.#receiver = receiver;
    this.#speaker.start(node);
  }

  async subscribe(channel: Channel): Promise<void> {
    this.#listening ??= this.#listen();
    await (await this.#listening).subscribe(channel);
  }

  async unsubscribe(channel: Channel): Promise<void> {
    await (await this.#listening)?.unsubscribe(channel);
  }

  async publish(channel: Channel, envelope: Uint8Array): Promise<void> {
    const { maxEnvelopeBytes } = this.capabilities;
    if (envelope.byteLength > maxEnvelopeBytes) {
      throw new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", `${envelope.byteLength} bytes are too many`);
    }
    await this.#sender.send(envelopeParcel(this.#nameOf(channel), envelope, channel.kind !== "cluster", true));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#sender.drained();
    this.#sender.close();
    await (await this.#listening?.catch(() => undefined))?.close();
    this.#database.close();
  }

  async #listen(): Promise<PostgresDriver> {
    const driver = new PostgresDriver(this.#client, { ...this.#given, emitters: false });
    await driver.start(this.#node, this.#receiver as DriverReceiver);
    return driver;
  }

  #createSender(): Sender<EnvelopeParcel | Operation> {
    const link = new PoolLink(this.#database);
    const sender: Sender<EnvelopeParcel | Operation> = new Sender<EnvelopeParcel | Operation>(
      { ...this.#options, sendsAgain: false },
      {
        link: () => link,
        linkFailed: () => sender.linkDown(),
        run: (_link, items) => this.#speaker.run((statement, values) => link.query(statement, values), items),
        gapFor: () => undefined,
        gapForAll: () => undefined,
      },
    );
    return sender;
  }

  #createStore(): PostgresStore {
    return new PostgresStore({
      send: (operation) => this.#sender.send(operation),
      channelOf: (namespace) => this.#nameOf({ kind: "all", namespace }),
      maxEnvelopeBytes: this.capabilities.maxEnvelopeBytes,
      // Servers may have no use for a log, and then nobody would trim it.
      logsAlways: false,
      opened: () => undefined,
      wrote: () => undefined,
    });
  }

  #nameOf(channel: Channel): string {
    return channelName(this.#options.channelPrefix, channel);
  }
}

/** Any connection of a pool, as a link that only speaks. */
class PoolLink implements Link {
  readonly query: Link["query"];

  constructor(database: Database) {
    this.query = (statement, values) => database.query(statement, values);
  }

  async listen(): Promise<void> {}
  async unlisten(): Promise<void> {}
  close(): void {}
}
