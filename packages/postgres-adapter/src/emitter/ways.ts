import { randomBytes } from "node:crypto";
import { ClusterError, type ForeignCommand } from "@sockeye/adapter-base";
import { type EmitterWay, encodeCommand } from "@sockeye/adapter-base/emitter";
import { EMITTER, type WireCommand } from "@sockeye/adapter-base/wire";
import type { PgQueryable, PostgresJsQueryable, Row } from "../contract.js";
import type { Statement } from "../database/contract.js";
import { PostgresAdapterError } from "../errors.js";
import { channelName, namesOf, officialChannelName } from "../names.js";
import { Batch } from "../native/batch.js";
import { envelopeParcel } from "../native/parcel.js";
import { statementsFor } from "../native/statements.js";
import type { PostgresOptions } from "../options.js";
import { resolveOptions } from "../options.js";
import { type Ask, attachmentStatementsFor } from "../wire/attachments.js";
import { statementFor, wireParcel } from "../wire/wire-parcel.js";
import type { Transaction } from "./contract.js";

/**
 * Speaks within somebody's transaction: what is said is notified, and its rows come into being, when it commits, or never. The statement
 * is handed to the client during the call, so it stands where it was called among the client's statements.
 *
 * A sender of its own for each: what it says may come into view long after what was said later.
 */
export class TransactionWay implements EmitterWay {
  readonly #ask: Ask;
  readonly #options: ReturnType<typeof resolveOptions>;
  readonly #publish: Statement;
  readonly #origin = randomBytes(8).toString("hex");
  #sequence = 0;

  constructor(transaction: Transaction, options: PostgresOptions) {
    this.#ask = askOf(transaction);
    this.#options = resolveOptions(options);
    this.#publish = statementsFor(namesOf(this.#options.tableName)).publish;
  }

  send(namespace: string, command: ForeignCommand): Promise<void> {
    const { channelPrefix, payloadThreshold, maxEnvelopeBytes } = this.#options;
    const bytes = encodeCommand(this.#origin, ++this.#sequence, namespace, command);
    if (bytes.byteLength > maxEnvelopeBytes) {
      const message = `an envelope of ${bytes.byteLength} bytes is too large`;
      return Promise.reject(new ClusterError("ERR_SOCKEYE_CLUSTER_TOO_LARGE", message));
    }
    const batch = new Batch(this.#origin, payloadThreshold);
    batch.add(envelopeParcel(channelName(channelPrefix, { kind: "all", namespace }), bytes, true));
    return published(this.#ask(this.#publish, batch.values()));
  }

  async close(): Promise<void> {}
}

/** To servers that speak the incumbent's wire, within a transaction or each on its own. */
export class WireWay implements EmitterWay {
  readonly #ask: Ask;
  readonly #options: ReturnType<typeof resolveOptions>;
  readonly #isOrdered: boolean;
  readonly #release: () => void;
  #previous: Promise<unknown> = Promise.resolve();

  /** @param isOrdered statements that are asked one after the other take effect in that order */
  constructor(ask: Ask, options: PostgresOptions, isOrdered: boolean, release: () => void = () => undefined) {
    this.#ask = ask;
    this.#release = release;
    this.#options = resolveOptions({ channelPrefix: "socket.io", tableName: "socket_io_attachments", ...options });
    this.#isOrdered = isOrdered;
  }

  send(namespace: string, command: ForeignCommand): Promise<void> {
    const { channelPrefix, tableName, payloadThreshold } = this.#options;
    const message = { ...command, namespace, origin: EMITTER } as WireCommand;
    const parcel = wireParcel(officialChannelName(channelPrefix, namespace), message, payloadThreshold);
    const { statement, values } = statementFor(attachmentStatementsFor(tableName), [parcel]);
    const say = () => published(this.#ask(statement, values));
    const said = this.#isOrdered ? say() : this.#previous.then(say);
    this.#previous = said.catch(() => undefined);
    return said;
  }

  async close(): Promise<void> {
    await this.#previous;
    this.#release();
  }
}

/** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_CLIENT` */
export function askOf(transaction: Transaction): Ask {
  if (isWholeClient(transaction)) throw noTransaction();
  const { unsafe } = (transaction ?? {}) as Partial<PostgresJsQueryable>;
  const { query } = (transaction ?? {}) as Partial<PgQueryable>;
  if (typeof unsafe === "function") {
    const sql = transaction as PostgresJsQueryable;
    return ({ text }, values) => Promise.resolve(sql.unsafe(text, [...values])).then((rows) => [...rows] as Row[]);
  }
  if (typeof query === "function") {
    const client = transaction as PgQueryable;
    return async ({ text }, values) => {
      const result = await client.query({ text, values: [...values] });
      return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
    };
  }
  throw noTransaction();
}

/** A pool, or the client of `postgres`: each statement may have another connection there, and none is within a transaction. */
function isWholeClient(transaction: object | undefined): boolean {
  return "idleCount" in Object(transaction) || "begin" in Object(transaction);
}

function noTransaction(): PostgresAdapterError {
  return new PostgresAdapterError(
    "ERR_SOCKEYE_POSTGRES_CLIENT",
    "expected a client of pg with an open transaction, or what sql.begin() of postgres gives",
  );
}

async function published(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (cause) {
    const message = `not published: ${(cause as Error)?.message}`;
    throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", message, { cause });
  }
}
