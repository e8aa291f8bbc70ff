import {
  Emitter as AnyEmitter,
  type AnyEmitterEvents,
  ClusterEmitterWay,
  type EmitterEvents,
  type EmitterWay,
} from "@sockeye/adapter-base/emitter";
import type { PostgresClient } from "../contract.js";
import { databaseOf } from "../database/database-of.js";
import { PostgresAdapterError } from "../errors.js";
import type { PostgresEmitterOptions, Transaction } from "./contract.js";
import { StatementDriver } from "./statement-driver.js";
import { askOf, TransactionWay, WireWay } from "./ways.js";

export { EmitterError, type EmitterErrorCode } from "@sockeye/adapter-base/emitter";
export type * from "./contract.js";

/**
 * Emits to the clients of a cluster over PostgreSQL, from a process that is none of its servers: a worker, a cron job, a function.
 *
 * ```ts
 * const emitter = new Emitter<ServerToClientEvents>(pool);
 * emitter.to("room").emit("news", "hello");
 * await emitter.close(); // what was said is with PostgreSQL; the pool is yours to end
 * ```
 *
 * With {@link using} it emits within your transaction. With `wire: "socket.io"` it emits to the incumbent's servers, and to ours that
 * share a cluster with them; those cannot answer.
 */
export class Emitter<
  EmitEvents extends EmitterEvents = AnyEmitterEvents,
  ServerSideEvents extends EmitterEvents = AnyEmitterEvents,
> extends AnyEmitter<EmitEvents, ServerSideEvents> {
  readonly #options: PostgresEmitterOptions;
  readonly #nsp: string;

  /**
   * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION`, `ERR_SOCKEYE_POSTGRES_CLIENT`
   */
  constructor(client: PostgresClient, options?: PostgresEmitterOptions, nsp?: string);
  /** As the incumbent's emitter takes them. */
  constructor(client: PostgresClient, nsp?: string, options?: PostgresEmitterOptions);
  constructor(
    client: PostgresClient,
    one: PostgresEmitterOptions | string = {},
    two?: PostgresEmitterOptions | string,
  ) {
    const [options, nsp] = sorted(one, two);
    super(wayOver(client, options), options, nsp);
    this.#options = options;
    this.#nsp = nsp;
  }

  /**
   * Emits within a transaction: what it says reaches clients if and only if the transaction commits, and not before. `transaction` is a
   * client of `pg` on which you have said `BEGIN`, or what `sql.begin()` of `postgres` gives. It is one more statement of yours,
   * so a failure aborts the transaction; `flushed()` tells. Nobody can be asked within a transaction, and who is away at that
   * moment does not get it later, by connection state recovery.
   *
   * ```ts
   * await client.query("BEGIN");
   * await client.query("INSERT INTO orders ...");
   * const news = emitter.using(client);
   * news.to("shop").emit("order", order);
   * await news.flushed();
   * await client.query("COMMIT");
   * ```
   *
   * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_CLIENT`
   */
  using(transaction: Transaction): AnyEmitter<EmitEvents, ServerSideEvents> {
    const way = isNative(this.#options)
      ? new TransactionWay(transaction, this.#options)
      : new WireWay(askOf(transaction), this.#options, true);
    return new AnyEmitter<EmitEvents, ServerSideEvents>(way, this.#options, this.#nsp);
  }
}

function sorted(
  one: PostgresEmitterOptions | string,
  two: PostgresEmitterOptions | string | undefined,
): [options: PostgresEmitterOptions, nsp: string] {
  const nsp = [one, two].find((argument) => typeof argument === "string") ?? "/";
  const options = [one, two].find((argument) => typeof argument === "object") ?? {};
  return [options as PostgresEmitterOptions, nsp as string];
}

function wayOver(client: PostgresClient, options: PostgresEmitterOptions): EmitterWay {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  if (isNative(options)) return new ClusterEmitterWay(new StatementDriver(client, given), given);
  const database = databaseOf(client, { timeout: options.statementTimeout ?? 5_000 });
  return new WireWay(
    (statement, values) => database.query(statement, values),
    given,
    false,
    () => database.close(),
  );
}

/** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION` */
function isNative({ wire = "native" }: PostgresEmitterOptions): boolean {
  if (wire === "native" || wire === "socket.io") return wire === "native";
  throw new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_OPTION", "wire must be native or socket.io");
}
