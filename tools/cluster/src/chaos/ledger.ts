/**
 * What one client has received of each node's numbered events, and whether that is what it should have. Pure: no clock decides,
 * but what is known of each event.
 */

/** One event of a node's series. Times in milliseconds of one clock. */
export interface Sent {
  readonly node: string;
  readonly number: number;
  readonly time: number;
  /** When its own node delivered it. */
  readonly settled: number;
  /** The cluster's log had it by then. */
  readonly logged: boolean;
}

/** A connection that was lost, and not recovered. */
export interface Break {
  readonly left: number;
  readonly back: number;
}

/** What a client must not miss, nor hear late: everything that is not excused. */
export interface Expectation {
  readonly sent: readonly Sent[];
  /** Whether an event may be lost, or come late, whoever should have it. */
  readonly isExcused: (event: Sent) => boolean;
  /** What was sent between the last event before one of these and the first after it was not for this client. */
  readonly breaks: readonly Break[];
}

export interface Verdict {
  readonly lost: readonly Sent[];
  /** Missing, and excused. */
  readonly missed: number;
  /** As `node#number`, as often as it came again. */
  readonly doubled: readonly string[];
  /** Came late. */
  readonly reordered: readonly string[];
  /** Came late, and is excused. */
  readonly shuffled: number;
  readonly received: number;
}

interface Arrival {
  readonly number: number;
  readonly time: number;
}

export class Ledger {
  readonly #series = new Map<string, Arrival[]>();

  received(node: string, number: number, time: number): void {
    const series = this.#series.get(node);
    if (series === undefined) this.#series.set(node, [{ number, time }]);
    else series.push({ number, time });
  }

  judge({ sent, isExcused, breaks }: Expectation): Verdict {
    const doubled: string[] = [];
    const late: string[] = [];
    const seen = new Set<string>();
    let received = 0;
    for (const [node, series] of this.#series) {
      let highest = 0;
      for (const { number } of series) {
        const key = keyOf({ node, number });
        if (seen.has(key)) doubled.push(key);
        else if (number < highest) late.push(key);
        seen.add(key);
        highest = Math.max(highest, number);
      }
      received += series.length;
    }
    const excused = new Set(sent.filter(isExcused).map(keyOf));
    const missing = sent.filter((event) => !seen.has(keyOf(event)));
    const isOwed = ({ node, number }: Sent) => !isInBreak(number, this.#series.get(node) ?? [], breaks);
    const lost = missing.filter((event) => !excused.has(keyOf(event)) && isOwed(event));
    const missed = missing.length - lost.length;
    const reordered = late.filter((key) => !excused.has(key));
    return { lost, missed, doubled, reordered, shuffled: late.length - reordered.length, received };
  }
}

/** What its neighbours say: the one before came while it was still connected, the one after when it was back. */
function isInBreak(number: number, series: readonly Arrival[], breaks: readonly Break[]): boolean {
  let before = Number.NEGATIVE_INFINITY;
  let after = Number.POSITIVE_INFINITY;
  for (const arrival of series) {
    if (arrival.number < number) before = Math.max(before, arrival.time);
    else after = Math.min(after, arrival.time);
  }
  return breaks.some(({ left, back }) => before <= left && back <= after);
}

function keyOf({ node, number }: Pick<Sent, "node" | "number">): string {
  return `${node}#${number}`;
}
