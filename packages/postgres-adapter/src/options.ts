import { PostgresAdapterError } from "./errors.js";
import { checkChannelPrefix, checkTableName } from "./names.js";

/** Times in milliseconds. */
export interface PostgresOptions {
  /** How the names of our channels begin. Clusters with different prefixes do not hear each other. Default `sockeye`. */
  readonly channelPrefix?: string;
  /** How the names of our tables begin, with their schema if it is not the first of `search_path`. Default `sockeye`. */
  readonly tableName?: string;
  /** Makes or migrates the tables at the start, as {@link createSchema} does. Default `false`. */
  readonly createSchema?: boolean;
  /** Notifications of more bytes carry a reference to the table. At most 7,900 count; default 7,800. */
  readonly payloadThreshold?: number;
  /** How long messages are kept for those whose connection is gone. Default 30,000. */
  readonly replayWindow?: number;
  /** How often what is older is removed, while there is anything. Default 30,000. */
  readonly cleanupInterval?: number;
  /** The database has this long for a statement; then its connection is taken for dead. Default 5,000. */
  readonly statementTimeout?: number;
  /** How long a message waits for the database to come back, before `publish` fails. Default 30,000. */
  readonly maxQueueTime?: number;
  /** How many bytes may wait for the database. Default 32 MiB. */
  readonly maxQueuedBytes?: number;
  /** Largest message between nodes, in bytes. Default 16 MiB. */
  readonly maxEnvelopeBytes?: number;
  /** The first wait before a lost connection is tried again; it grows, and each is cut short at random. Default 100. */
  readonly reconnectionDelay?: number;
  /** Longest wait between two tries. Default 1,000. */
  readonly reconnectionDelayMax?: number;
  /**
   * Whether what the incumbent's emitters (`@socket.io/postgres-emitter`) say is done, and how the names of their channels begin and their
   * table is called. Default `true`: `socket.io` and `socket_io_attachments`, as they are by default there.
   */
  readonly emitters?: boolean | { readonly channelPrefix?: string; readonly tableName?: string };
  /**
   * Hears of what concerns the connection and the tables: it was lost, it could not be made, something strange was notified.
   * Default: a warning of the process, once a minute per code.
   */
  readonly errorHandler?: (error: Error) => void;
}

export interface ResolvedOptions extends Required<Omit<PostgresOptions, "errorHandler" | "emitters">> {
  readonly emitters: { readonly channelPrefix: string; readonly tableName: string } | undefined;
  readonly errorHandler: (error: Error) => void;
}

/** PostgreSQL takes less than 8,000 bytes. */
const LARGEST_PAYLOAD = 7_900;

const NUMBERS = {
  payloadThreshold: 7_800,
  replayWindow: 30_000,
  cleanupInterval: 30_000,
  statementTimeout: 5_000,
  maxQueueTime: 30_000,
  maxQueuedBytes: 32 * 1024 * 1024,
  maxEnvelopeBytes: 16 * 1024 * 1024,
  reconnectionDelay: 100,
  reconnectionDelayMax: 1_000,
};

/** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION` */
export function resolveOptions(given: PostgresOptions = {}): ResolvedOptions {
  const numbers = { ...NUMBERS };
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) numbers[name] = numberOf(name, given[name]);
  const { channelPrefix = "sockeye", tableName = "sockeye", createSchema = false } = given;
  checkChannelPrefix(channelPrefix);
  checkTableName(tableName);
  const payloadThreshold = Math.min(numbers.payloadThreshold, LARGEST_PAYLOAD);
  const errorHandler = given.errorHandler ?? warnings();
  const emitters = emittersOf(given.emitters ?? true);
  return { ...numbers, payloadThreshold, channelPrefix, tableName, createSchema, emitters, errorHandler };
}

function emittersOf(given: NonNullable<PostgresOptions["emitters"]>): ResolvedOptions["emitters"] {
  if (given === false) return undefined;
  const { channelPrefix = "socket.io", tableName = "socket_io_attachments" } = given === true ? {} : given;
  checkChannelPrefix(channelPrefix);
  checkTableName(tableName);
  return { channelPrefix, tableName };
}

function numberOf(name: keyof typeof NUMBERS, value: number | undefined): number {
  if (value === undefined) return NUMBERS[name];
  if (Number.isFinite(value) && value >= 0) return value;
  throw new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_OPTION", `${name} must be a number from 0 on`);
}

const WARNING_INTERVAL = 60_000;

/** An outage must not flood the log. */
function warnings(): (error: Error) => void {
  const last = new Map<string, number>();
  return (error) => {
    const code = String((error as { code?: unknown }).code);
    const now = performance.now();
    if (now - (last.get(code) ?? Number.NEGATIVE_INFINITY) < WARNING_INTERVAL) return;
    last.set(code, now);
    process.emitWarning(error.message, { type: "SockeyeWarning", code });
  };
}
