import type { Channel, DriverReceiver } from "@sockeye/adapter-base";
import { createSchema, PostgresDriver, type PostgresOptions, type SchemaOptions } from "@sockeye/postgres-adapter";
import pg from "pg";
import type { PostgresServer } from "./postgres-server.js";

export const ALL: Channel = { kind: "all", namespace: "/" };

/** A number as an envelope, as long as one likes. */
export function numbered(n: number, size = 4): Uint8Array {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

export function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/** A started driver that writes down what it is told. */
export class Listener implements DriverReceiver {
  readonly heard: { readonly channel: Channel; readonly bytes: Uint8Array }[] = [];
  readonly states: string[] = [];
  readonly gaps: (readonly Channel[] | undefined)[] = [];
  readonly errors: Error[] = [];
  driver!: PostgresDriver;

  /** The numbers heard, in order. */
  get numbers(): number[] {
    return this.heard.map(({ bytes }) => numberOf(bytes));
  }

  /** As the cluster's protocol sees them: what comes twice counts once. */
  get distinct(): number[] {
    return [...new Set(this.numbers)];
  }

  /** What is wrong, if all from 1 to `count` should have come in order. */
  faults(count: number): { readonly missing: number[]; readonly late: number[] } {
    const heard = this.distinct;
    const known = new Set(heard);
    const missing = Array.from({ length: count }, (_, i) => i + 1).filter((n) => !known.has(n));
    return { missing, late: heard.filter((n, i) => i > 0 && n < heard[i - 1]!) };
  }

  onEnvelope(channel: Channel, bytes: Uint8Array): void {
    this.heard.push({ channel, bytes });
  }

  onGap(channels?: readonly Channel[]): void {
    this.gaps.push(channels);
  }

  onState({ publish, receive }: { publish: string; receive: string }): void {
    this.states.push(`${publish}/${receive}`);
  }
}

let stages = 0;

/** Tables of a test's own on a server, and the nodes that use them. */
export class Stage {
  readonly tableName = `stage_${process.pid}_${++stages}`;
  readonly listeners: Listener[] = [];
  readonly #pools: pg.Pool[] = [];

  private constructor(readonly server: PostgresServer) {}

  static async open(server: PostgresServer, schema: SchemaOptions = {}): Promise<Stage> {
    const stage = new Stage(server);
    const pool = new pg.Pool({ connectionString: server.url, max: 1 });
    await createSchema(pool, { ...schema, tableName: stage.tableName });
    await pool.end();
    return stage;
  }

  /** Its errors are not listened to: the adapter does. */
  pool(config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.server.url, max: 4, ...config });
    this.#pools.push(pool);
    return pool;
  }

  /** What every driver of the stage is made with. */
  options(errors: Error[], more: PostgresOptions = {}): PostgresOptions {
    const { tableName } = this;
    return { tableName, channelPrefix: tableName, errorHandler: (error) => errors.push(error), ...more };
  }

  /** A node that listens to these channels. */
  async node(
    channels: readonly Channel[] = [ALL],
    options: PostgresOptions = {},
    pool = this.pool(),
  ): Promise<Listener> {
    const listener = new Listener();
    listener.driver = new PostgresDriver(pool, this.options(listener.errors, options));
    this.listeners.push(listener);
    await listener.driver.start(this.listeners.length.toString(16).padStart(16, "0"), listener);
    for (const channel of channels) await listener.driver.subscribe(channel);
    return listener;
  }

  async rows(): Promise<number> {
    const [row] = await this.server.query(`SELECT count(*)::int AS count FROM "${this.tableName}_messages"`);
    return Number(row?.count);
  }

  /** Ends the connections of nodes that listen; gives how many. */
  terminateListeners(): Promise<number> {
    return this.server.terminate(`query ILIKE ANY (ARRAY['%LISTEN%', '%pg_notify%', '%${this.tableName}%'])`);
  }

  async close(): Promise<void> {
    for (const { driver } of this.listeners) await driver.close();
    for (const pool of this.#pools) await pool.end();
  }
}
