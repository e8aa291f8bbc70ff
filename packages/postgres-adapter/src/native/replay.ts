import type { Row, Value } from "../contract.js";
import type { Statement } from "../database/contract.js";
import { type ArrivalPort, keyOf } from "./arrival.js";
import { arrayOf } from "./batch.js";
import type { Progress } from "./progress.js";
import type { Statements } from "./statements.js";

/** Rows that are read at once. */
const PAGE = 200;

export interface ReplayContext {
  readonly statements: Statements;
  readonly progress: Progress;
  readonly node: string;
  /** The names of what is listened to, and snapshots of the database from when that began. */
  readonly channels: readonly (readonly [name: string, snapshot: string])[];
  readonly port: ArrivalPort;
  ask(statement: Statement, values: readonly Value[]): Promise<readonly Row[]>;
  fetch(keys: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

export interface ReplayOutcome {
  /** The life that the database is in. */
  readonly life: number;
  /** Whether all that was to be replayed was still there. */
  readonly isComplete: boolean;
}

/**
 * Delivers from the table what came to be since the last link was lost.
 *
 * A life of the database ends with a crash. Then transactions are numbered from a little before where it stopped, so numbers, floors
 * and snapshots of two lives cannot be compared; rows say of which life they are. After a crash the table is either empty
 * (`UNLOGGED`), or has all of the earlier lives.
 *
 * @param known the life of the last link; `undefined`: this is the first one, which has missed nothing
 */
export async function replay(context: ReplayContext, known: number | undefined): Promise<ReplayOutcome> {
  const { progress } = context;
  const { life, xmin } = await stateOf(context);
  if (known === undefined) {
    progress.restart(xmin);
    return { life, isComplete: true };
  }
  const floor = progress.floor;
  await deliverSame(context, known);
  if (life !== known) {
    progress.restart(0);
    await deliverLater(context, known);
  }
  progress.advance(xmin);
  const { isEmptiedByCrashes, cleanedLife, cleanedXid } = await stateOf(context);
  const isCleaned = cleanedLife > known || (cleanedLife === known && cleanedXid >= floor);
  return { life, isComplete: !isCleaned && !(isEmptiedByCrashes && life !== known) };
}

/** Of the known life, what was not heard of yet. */
function deliverSame(context: ReplayContext, life: number): Promise<void> {
  const { statements, progress, channels, node } = context;
  const names = channels.map(([name]) => name);
  const snapshots = channels.map(([, snapshot]) => snapshot);
  const fixed = [arrayOf(names), arrayOf(snapshots), node, PAGE];
  const first = { life, xid: progress.floor, n: -1 };
  return deliverPages(context, first, ({ xid, n }) => context.ask(statements.replaySame, [...fixed, life, xid, n]));
}

/** Of later lives, all. */
function deliverLater(context: ReplayContext, known: number): Promise<void> {
  const { statements, channels, node } = context;
  const names = channels.map(([name]) => name);
  const fixed = [arrayOf(names), node, PAGE];
  const first = { life: known + 1, xid: -1, n: -1 };
  return deliverPages(context, first, ({ life, xid, n }) =>
    context.ask(statements.replayLater, [...fixed, life, xid, n]),
  );
}

interface Place {
  readonly life: number;
  readonly xid: number;
  readonly n: number;
}

async function deliverPages(
  context: ReplayContext,
  first: Place,
  read: (after: Place) => Promise<readonly Row[]>,
): Promise<void> {
  let last = first;
  for (;;) {
    const rows = await read(last);
    for (const row of rows) last = await deliverRow(context, row);
    if (rows.length < PAGE) return;
  }
}

async function deliverRow(context: ReplayContext, { life, xid, n, channel, size, payload }: Row): Promise<Place> {
  const place = { life: Number(life), xid: Number(xid), n: Number(n) };
  const key = keyOf(place.xid, place.n);
  const isApart = size !== null && payload === null;
  const bytes = isApart ? (await context.fetch([key])).get(key) : payload;
  context.port.deliver(String(channel), place.xid, place.n, (bytes ?? undefined) as Uint8Array | undefined);
  return place;
}

interface TableState {
  readonly life: number;
  readonly xmin: number;
  readonly isEmptiedByCrashes: boolean;
  readonly cleanedLife: number;
  readonly cleanedXid: number;
}

async function stateOf(context: Pick<ReplayContext, "ask" | "statements">): Promise<TableState> {
  const { ask, statements } = context;
  const [state] = await ask(statements.state, []);
  if (state !== undefined) {
    return {
      life: Number(state.life),
      xmin: Number(state.xmin),
      isEmptiedByCrashes: state.is_emptied === true,
      cleanedLife: Number(state.cleaned_life ?? 0),
      cleanedXid: Number(state.cleaned_xid ?? 0),
    };
  }
  await ask(statements.beginLife, []);
  return stateOf(context);
}
