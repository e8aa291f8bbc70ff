import { ClusterError } from "@sockeye/adapter-base";
import type { WireBus, WireCommand, WireMember, WireMembership, WireReply } from "@sockeye/adapter-base/wire";
import type { PostgresClient } from "../contract.js";
import type { Link } from "../database/contract.js";
import { databaseOf } from "../database/database-of.js";
import { within } from "../database/deadline.js";
import { Line } from "../line/line.js";
import { Sender } from "../line/sender.js";
import { officialChannelName, ownChannelName } from "../names.js";
import { type PostgresOptions, type ResolvedOptions, resolveOptions } from "../options.js";
import { AttachmentCleaner } from "./attachment-cleaner.js";
import { type AttachmentStatements, attachmentStatementsFor } from "./attachments.js";
import { Hearing } from "./hearing.js";
import { distinct, statementFor, type WireParcel, wireParcel } from "./wire-parcel.js";

/** A cluster in which there are servers with the incumbent's PostgreSQL adapter, in its words: a channel for each namespace. */
export class PostgresWireBus implements WireBus {
  readonly membership = "heartbeats";
  readonly #options: ResolvedOptions;
  readonly #line: Line;
  readonly #statements: AttachmentStatements;
  readonly #sender: Sender<WireParcel>;
  readonly #hearing: Hearing;
  readonly #cleaner: AttachmentCleaner;
  readonly #members = new Set<WireMember>();
  #started: Promise<void> | undefined;
  #wasUp = false;
  #isClosed = false;

  /** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT` */
  constructor(client: PostgresClient, options: PostgresOptions = {}) {
    this.#options = resolveOptions({ channelPrefix: "socket.io", tableName: "socket_io_attachments", ...options });
    const { channelPrefix, tableName, statementTimeout, cleanupInterval, maxQueuedBytes } = this.#options;
    const database = databaseOf(client, { timeout: statementTimeout });
    this.#line = new Line(database, ownChannelName(channelPrefix), this.#options);
    this.#statements = attachmentStatementsFor(tableName);
    this.#cleaner = new AttachmentCleaner(
      (statement, values) => database.query(statement, values),
      this.#statements.clean,
      cleanupInterval,
      (error) => this.#line.report(error),
    );
    const sawAttachment = () => this.#cleaner.sawAttachment();
    this.#hearing = new Hearing(this.#line, this.#statements, maxQueuedBytes, sawAttachment);
    this.#sender = this.#createSender();
  }

  async open(member: WireMember): Promise<void> {
    const name = this.#nameOf(member.namespace);
    this.#members.add(member);
    this.#started ??= this.#start();
    await this.#started;
    await this.#line.ear.subscribe(name, this.#hearing.sinkFor(member));
  }

  async close(member: WireMember): Promise<void> {
    if (!this.#members.delete(member)) return;
    if (this.#members.size === 0) return this.#close();
    await this.#line.ear.unsubscribe(this.#nameOf(member.namespace));
  }

  publish(message: WireCommand | WireMembership): Promise<void> {
    return this.#send(message);
  }

  /** Everybody hears it; who did not ask takes no notice. */
  reply(_to: string, message: WireReply): Promise<void> {
    return this.#send(message);
  }

  #send(message: WireCommand | WireMembership | WireReply): Promise<void> {
    return this.#sender.send(wireParcel(this.#nameOf(message.namespace), message, this.#options.payloadThreshold));
  }

  /** What the incumbent's servers hear twice they take for two, so nothing is sent again. */
  #createSender(): Sender<WireParcel> {
    return new Sender<WireParcel>(
      { ...this.#options, sendsAgain: false },
      {
        link: () => this.#line.link,
        linkFailed: (error) => this.#line.fail(error),
        run: (link, items, onAnswer) => this.#run(link, items, onAnswer),
        gapFor: () => undefined,
        gapForAll: () => undefined,
      },
    );
  }

  async #run(link: Link, items: readonly WireParcel[], onAnswer: () => void): Promise<void> {
    for (const group of distinct(items)) {
      const { statement, values } = statementFor(this.#statements, group);
      await link.query(statement, values);
      onAnswer();
    }
    if (items.some(({ attachment }) => attachment !== undefined)) this.#cleaner.sawAttachment();
  }

  #start(): Promise<void> {
    return this.#line.start({
      prepareTables: async () => {
        if (this.#options.createSchema) await this.#line.database.run(this.#statements.create);
      },
      prepare: async () => undefined,
      up: () => this.#up(),
      down: () => this.#down(),
      check: (now) => this.#sender.check(now),
    });
  }

  #up(): void {
    for (const member of this.#members) {
      member.stateChanged({ publish: "up", receive: "up" });
      // There is no table to read from what was said meanwhile.
      if (this.#wasUp) member.report(new ClusterError("ERR_SOCKEYE_CLUSTER_GAP", "messages may have been lost"));
    }
    this.#wasUp = true;
    this.#hearing.linkUp();
    this.#sender.linkUp();
  }

  #down(): void {
    this.#hearing.linkDown();
    this.#sender.linkDown();
    for (const member of this.#members) member.stateChanged({ publish: "down", receive: "down" });
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await within(this.#options.statementTimeout, this.#sender.drained()).catch(() => undefined);
    this.#cleaner.close();
    this.#sender.close();
    this.#hearing.linkDown();
    this.#line.close();
  }

  #nameOf(namespace: string): string {
    return officialChannelName(this.#options.channelPrefix, namespace);
  }
}
