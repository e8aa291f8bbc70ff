import { createHash, randomBytes } from "node:crypto";
import { type Channel, channelKey } from "@sockeye/adapter-base";
import { PostgresAdapterError } from "./errors.js";

/** PostgreSQL cuts the names of tables and channels off after this many bytes; `pg_notify` refuses longer ones. */
const LONGEST_NAME = 63;

/** Longest suffix that a table's name gets. */
const LONGEST_SUFFIX = 12;

/** A hashed channel needs two characters and 32 digits behind the prefix. */
const LONGEST_PREFIX = LONGEST_NAME - 34;

/** What may stand in a channel's name as it is. `~` is not among them: it begins a hash. */
const PLAIN = /^[\w/.:#@+=-]+$/;

/**
 * The channel of PostgreSQL that stands for a channel of the cluster. Clients may choose the names of namespaces: those that are
 * long, or hold anything out of the ordinary, go as their hash.
 */
export function channelName(prefix: string, channel: Channel): string {
  const key = channelKey(channel);
  const plain = `${prefix}#${key}`;
  if (PLAIN.test(key) && Buffer.byteLength(plain) <= LONGEST_NAME) return plain;
  return `${prefix}#~${createHash("sha256").update(key, "utf16le").digest("hex").slice(0, 32)}`;
}

/**
 * The channel of a namespace as the incumbent's adapter names it, where PostgreSQL takes that name.
 *
 * @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_NAMESPACE`
 */
export function officialChannelName(prefix: string, namespace: string): string {
  if (isOfficialChannelName(prefix, namespace)) return `${prefix}#${namespace}`;
  throw new PostgresAdapterError(
    "ERR_SOCKEYE_POSTGRES_NAMESPACE",
    `with its prefix, the name of a namespace may have ${LONGEST_NAME} bytes, and no NUL, to be shared with socket.io servers`,
  );
}

export function isOfficialChannelName(prefix: string, namespace: string): boolean {
  return !namespace.includes("\0") && Buffer.byteLength(`${prefix}#${namespace}`) <= LONGEST_NAME;
}

/** A channel that nobody else listens to. */
export function ownChannelName(prefix: string): string {
  return `${prefix}#~${randomBytes(16).toString("hex")}`;
}

/** A name as SQL takes it, whatever is in it. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** The names of our tables and their parts, quoted and with their schema. */
export interface Names {
  readonly version: string;
  readonly life: string;
  readonly state: string;
  readonly messages: string;
  readonly logs: string;
  readonly entries: string;
  readonly sessions: string;
  readonly events: string;
  /** An index has the schema of its table. */
  readonly sessionsIndex: string;
  /** Without schema and quotes: what advisory locks are derived from. */
  readonly base: string;
}

/** @param base how the names of all tables begin: `name` or `schema.name` */
export function namesOf(base: string): Names {
  const parts = base.split(".");
  const name = parts.pop()!;
  const schema = parts.length === 0 ? "" : `${quoted(parts[0]!)}.`;
  const of = (suffix: string) => `${schema}${quoted(`${name}_${suffix}`)}`;
  return {
    version: of("version"),
    life: of("life"),
    state: of("state"),
    messages: of("messages"),
    logs: of("logs"),
    entries: of("entries"),
    sessions: of("sessions"),
    events: of("events"),
    sessionsIndex: quoted(`${name}_expiry`),
    base,
  };
}

/** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION` */
export function checkTableName(base: string): void {
  const parts = base.split(".");
  if (parts.length > 2) throw badName("tableName", "must be a name, or a schema and a name");
  for (const part of parts) checkName("tableName", part, LONGEST_NAME - LONGEST_SUFFIX);
}

/** @throws PostgresAdapterError `ERR_SOCKEYE_POSTGRES_OPTION` */
export function checkChannelPrefix(prefix: string): void {
  checkName("channelPrefix", prefix, LONGEST_PREFIX);
}

function checkName(option: string, name: string, longest: number): void {
  if (typeof name !== "string" || name === "") throw badName(option, "must not be empty");
  if (name.includes("\0")) throw badName(option, "must not hold the character NUL");
  if (Buffer.byteLength(name) > longest) throw badName(option, `must not be longer than ${longest} bytes`);
}

function badName(option: string, problem: string): PostgresAdapterError {
  return new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_OPTION", `${option} ${problem}`);
}
