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

/** What a client must not miss: everything a node sent outside the spans that excuse a loss. */
export interface Expectation {
  readonly sent: readonly Sent[];
  readonly excused: readonly Span[];
}

export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
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
    let doubled = 0;
    let reordered = 0;
    let received = 0;
    const late: string[] = [];
    const seen = new Map<string, Set<number>>();
    for (const [node, series] of this.#series) {
      const numbers = new Set<number>();
      let highest = 0;
      for (const number of series) {
        if (numbers.has(number)) doubled++;
        else if (number < highest) {
          reordered++;
          late.push(`${node}#${number} after #${highest}`);
        }
        numbers.add(number);
        highest = Math.max(highest, number);
      }
      seen.set(node, numbers);
      received += series.length;
    }
    const missing = sent.filter(
      ({ node, number, time }) =>
        !seen.get(node)?.has(number) && !excused.some(({ from, to }) => time >= from && time <= to),
    );
    const lost = missing.map(({ node, number, time }) => `${node}#${number} of ${time}`);
    const examples = [...lost.slice(0, 3), ...late.slice(0, 3)];
    return { lost: missing.length, doubled, reordered, received, examples };
  }
}
