import {
  ClusterError,
  type NodeId,
  type StoredEvent,
  type StoredRecord,
  type TakenSession,
} from "@sockeye/adapter-base";
import type { Row, Value } from "../contract.js";
import type { Statement } from "../database/contract.js";
import { isPassing, sqlStateOf } from "../errors.js";
import { arrayOf } from "../native/batch.js";
import { HEADER_BYTES, inlineItem, inlineItemLength, referenceItem, VERSION } from "../native/notification.js";
import { logKey, sessionKey } from "./keys.js";
import type { Kind, Operation } from "./operation.js";
import type { RecoveryStatements } from "./statements.js";

export type Ask = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;

/** What answers need to know of their driver. */
export interface AnswersOptions {
  readonly node: NodeId;
  /** Bytes of a notification. */
  readonly payloadThreshold: number;
  /** For a log that begins. */
  readonly newEpoch: () => string;
  /** Rows were left among the messages by this transaction. */
  readonly leftRows: (xid: number) => void;
}

type Group<K extends Kind> = readonly [Operation<K>, ...Operation<K>[]];

/** How often a session is asked for that is let go of and taken again meanwhile. */
const MAX_TAKES = 10;

/** Beyond this many entries too many a log is cut, so that not each append cuts. */
const slackOf = (maxEntries: number): number => Math.ceil(maxEntries / 8);

/** Asks the database for what operations of one kind and one namespace want to know, with one statement where that is possible. */
export class Answers {
  readonly #statements: RecoveryStatements;
  readonly #options: () => AnswersOptions;

  constructor(statements: RecoveryStatements, options: () => AnswersOptions) {
    this.#statements = statements;
    this.#options = options;
  }

  /** Rejects when the link failed; what the database refuses is told to who asked. */
  async run(ask: Ask, operations: readonly Operation[]): Promise<void> {
    try {
      await this.#runOnce(ask, operations);
    } catch (error) {
      // Two nodes were in each other's way, and one was chosen to try again.
      if (/^40/.test(sqlStateOf(error) ?? "")) await this.#runOnce(ask, operations);
      else if (isPassing(error)) throw error;
      else for (const operation of operations) operation.fail(refused(error));
    }
  }

  async #runOnce(ask: Ask, operations: readonly Operation[]): Promise<void> {
    const [first] = operations;
    if (first === undefined) return;
    const group = operations as never;
    switch (first.kind) {
      case "open":
        return this.#open(ask, group);
      case "append":
        return this.#append(ask, group);
      case "read":
        return this.#read(ask, group);
      case "save":
        return this.#save(ask, group);
      case "touch":
        return this.#touch(ask, group);
      case "appendPrivate":
        return this.#appendPrivate(ask, group);
      case "take":
        return this.#take(ask, group);
      case "remove":
        return this.#remove(ask, group);
    }
  }

  async #open(ask: Ask, [operation]: Group<"open">): Promise<void> {
    const log = logKey(operation.namespace);
    await ask(this.#statements.open, [log, this.#options().newEpoch()]);
    const [row] = await ask(this.#statements.head, [log]);
    operation.resolve({ epoch: String(row?.epoch), number: Number(row?.head) });
  }

  async #append(ask: Ask, group: Group<"append">): Promise<void> {
    const { node, payloadThreshold, newEpoch, leftRows } = this.#options();
    const { namespace, ask: first } = group[0];
    const blob = new Blob();
    const envelopes = group.map(({ ask: { bytes } }) => bytes);
    for (const bytes of envelopes) blob.add(bytes);
    const [offsets, items] = notesOf(envelopes, payloadThreshold);
    const { maxEntries } = first.limits;
    const [row] = await ask(this.#statements.append, [
      blob.bytes,
      logKey(namespace),
      newEpoch(),
      group.length,
      first.wanted,
      blob.starts,
      blob.lengths,
      `${VERSION};${node};`,
      first.channel,
      `{${offsets.join()}}`,
      arrayOf(items),
      maxEntries,
      slackOf(maxEntries),
    ]);
    const before = row?.before === null ? undefined : Number(row?.before);
    if (before === undefined) leftRows(Number(row?.xid));
    for (const [i, { resolve }] of group.entries()) {
      resolve(before === undefined ? undefined : { epoch: String(row?.epoch), number: before + i + 1 });
    }
  }

  async #read(ask: Ask, [{ namespace, ask: question, resolve }]: Group<"read">): Promise<void> {
    const { after, limit } = question;
    const rows = await ask(this.#statements.read, [logKey(namespace), after.number, limit ?? null]);
    const [log] = rows;
    if (log === undefined || log.epoch !== after.epoch || after.number + 1 < Number(log.first))
      return resolve("trimmed");
    const entries = rows.filter(({ number }) => number !== null);
    const { epoch } = after;
    resolve(entries.map(({ number, payload }) => ({ epoch, number: Number(number), envelope: plain(payload) })));
  }

  /** The last word on a session counts, if it is of the highest incarnation. */
  async #save(ask: Ask, group: Group<"save">): Promise<void> {
    const { namespace } = group[0];
    const records = new Map<string, { readonly record: StoredRecord; readonly lifetime: number }>();
    for (const { ask: question } of group) {
      for (const record of question.records) {
        const key = sessionKey(namespace, record.pid);
        const known = records.get(key)?.record.incarnation ?? 0;
        if (record.incarnation >= known) records.set(key, { record, lifetime: question.lifetime });
      }
    }
    const blob = new Blob();
    for (const { record } of records.values()) blob.add(record.bytes);
    const column = <T>(of: (entry: { record: StoredRecord; lifetime: number }) => T) => [...records.values()].map(of);
    await ask(this.#statements.save, [
      blob.bytes,
      logKey(namespace),
      `{${[...records.keys()].join()}}`,
      `{${column(({ record }) => record.incarnation).join()}}`,
      `{${column(({ record }) => (record.owner === undefined ? "NULL" : quotedElement(record.owner))).join()}}`,
      `{${column(({ lifetime }) => lifetime).join()}}`,
      blob.starts,
      blob.lengths,
    ]);
    settle(group);
  }

  async #touch(ask: Ask, group: Group<"touch">): Promise<void> {
    const { namespace } = group[0];
    const touched = new Map<string, readonly [incarnation: number, lifetime: number]>();
    for (const { ask: question } of group) {
      for (const { pid, incarnation } of question.sessions) {
        touched.set(sessionKey(namespace, pid), [incarnation, question.lifetime]);
      }
    }
    const [incarnations, lifetimes] = [
      [...touched.values()].map(([n]) => n),
      [...touched.values()].map(([, ms]) => ms),
    ];
    const values = [[...touched.keys()], incarnations, lifetimes].map((column) => `{${column.join()}}`);
    await ask(this.#statements.touch, values);
    settle(group);
  }

  async #appendPrivate(ask: Ask, group: Group<"appendPrivate">): Promise<void> {
    const { namespace } = group[0];
    const events: StoredEvent[] = group.flatMap(({ ask: question }) => question.events);
    const blob = new Blob();
    for (const { bytes } of events) blob.add(bytes);
    await ask(this.#statements.appendPrivate, [
      blob.bytes,
      `{${events.map(({ pid }) => sessionKey(namespace, pid)).join()}}`,
      `{${events.map(({ incarnation }) => incarnation).join()}}`,
      `{${events.map(({ number }) => number).join()}}`,
      blob.starts,
      blob.lengths,
      group[0].ask.limits.maxPrivateEntries,
    ]);
    settle(group);
  }

  async #take(ask: Ask, [operation]: Group<"take">): Promise<void> {
    const { namespace, ask: question, resolve } = operation;
    const session = sessionKey(namespace, question.pid);
    const { taker, from } = question;
    for (let tries = 0; tries < MAX_TAKES; tries++) {
      const [taken] = await ask(this.#statements.take, [session, taker, from ?? null]);
      if (taken !== undefined) return resolve(await this.#taken(ask, session, taken));
      const [kept] = await ask(this.#statements.owner, [session]);
      if (kept === undefined) return resolve(undefined);
      // Its owner may have let go of it between the two statements; then it can be taken after all.
      if (typeof kept.owner === "string" && kept.owner !== from) return resolve({ owner: kept.owner });
    }
    operation.fail(new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the session changes hands too fast"));
  }

  /** Nobody else can add to its private log from now on. */
  async #taken(ask: Ask, session: string, row: Row): Promise<TakenSession> {
    const events = await ask(this.#statements.events, [session]);
    return {
      incarnation: Number(row.incarnation),
      bytes: plain(row.record),
      idle: Math.max(0, Number(row.idle)),
      events: events.map(({ number, payload }) => ({ number: Number(number), bytes: plain(payload) })),
    };
  }

  async #remove(ask: Ask, group: Group<"remove">): Promise<void> {
    const { namespace } = group[0];
    const sessions = group.flatMap(({ ask: question }) => question.sessions);
    await ask(this.#statements.remove, [
      `{${sessions.map(({ pid }) => sessionKey(namespace, pid)).join()}}`,
      `{${sessions.map(({ incarnation }) => incarnation).join()}}`,
    ]);
    settle(group);
  }
}

/** Operations that may go with one statement: of one kind and namespace, except those that each need an answer of their own. */
export function goTogether(one: Operation, other: Operation): boolean {
  if (one.kind !== other.kind || one.namespace !== other.namespace) return false;
  if (one.is("append") && other.is("append")) return one.ask.wanted === other.ask.wanted;
  return one.kind === "save" || one.kind === "touch" || one.kind === "appendPrivate" || one.kind === "remove";
}

/** Several values of bytes as one parameter. Positions in SQL begin with 1. */
class Blob {
  readonly #parts: Uint8Array[] = [];
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  #size = 0;

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#starts.push(this.#size + 1);
    this.#lengths.push(bytes.byteLength);
    this.#size += bytes.byteLength;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  get starts(): string {
    return `{${this.#starts.join()}}`;
  }

  get lengths(): string {
    return `{${this.#lengths.join()}}`;
  }
}

/** Envelopes as the items of notifications: which is the first of each, and what it says. */
function notesOf(envelopes: readonly Uint8Array[], threshold: number): [offsets: number[], items: string[]] {
  const offsets: number[] = [];
  const items: string[] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const [i, bytes] of envelopes.entries()) {
    const isInline = HEADER_BYTES + inlineItemLength(bytes) <= threshold;
    const item = isInline ? inlineItem(bytes) : referenceItem(bytes);
    length += 1 + item.length;
    if (length <= threshold) items[items.length - 1] += `,${item}`;
    else {
      offsets.push(i + 1);
      items.push(item);
      length = HEADER_BYTES + item.length;
    }
  }
  return [offsets, items];
}

function quotedElement(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function settle(group: readonly { resolve(answer: undefined): void }[]): void {
  for (const { resolve } of group) resolve(undefined);
}

function plain(payload: unknown): Uint8Array {
  const { buffer, byteOffset, byteLength } = payload as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function refused(cause: unknown): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", `the database refused: ${(cause as Error)?.message}`, {
    cause,
  });
}
