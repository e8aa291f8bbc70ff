/**
 * What one client has received of each node's numbered events, and whether that is what it should have. Pure: time comes in
 * as an argument, in milliseconds of one clock.
 */

/** One event of a node's series. */
export interface Sent {
  readonly node: string;
  readonly number: number;
  readonly time: number;
}

/** When something was down, or a client was away. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a client must not miss, nor hear late: everything a node sent outside the spans that excuse it. */
export interface Expectation {
  readonly sent: readonly Sent[];
  readonly excused: readonly Span[];
}

export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  /** Came late, and was sent in a span that excuses it. */
  readonly shuffled: number;
  readonly received: number;
  /** For a failure message: the first few that were lost, or came late. */
  readonly examples: readonly string[];
}

export class Ledger {
  readonly #series = new Map<string, number[]>();

  received(node: string, number: number): void {
    const series = this.#series.get(node);
    if (series === undefined) this.#series.set(node, [number]);
    else series.push(number);
  }

  judge({ sent, excused }: Expectation): Verdict {
    const isExcused = (time: number) => excused.some(({ from, to }) => time >= from && time <= to);
    const forgiven = new Set(sent.filter(({ time }) => isExcused(time)).map(keyOf));
    const late: string[] = [];
    const seen = new Set<string>();
    let doubled = 0;
    let received = 0;
    for (const [node, series] of this.#series) {
      let highest = 0;
      for (const number of series) {
        const key = keyOf({ node, number });
        if (seen.has(key)) doubled++;
        else if (number < highest) late.push(key);
        seen.add(key);
        highest = Math.max(highest, number);
      }
      received += series.length;
    }
    const lost = sent.map(keyOf).filter((key) => !seen.has(key) && !forgiven.has(key));
    const reordered = late.filter((key) => !forgiven.has(key));
    return {
      lost: lost.length,
      doubled,
      reordered: reordered.length,
      shuffled: late.length - reordered.length,
      received,
      examples: [...lost.slice(0, 3), ...reordered.slice(0, 3)],
    };
  }
}

function keyOf({ node, number }: Pick<Sent, "node" | "number">): string {
  return `${node}#${number}`;
}
