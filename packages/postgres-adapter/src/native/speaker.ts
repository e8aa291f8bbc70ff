import { randomBytes } from "node:crypto";
import type { NodeId } from "@sockeye/adapter-base";
import type { Row } from "../contract.js";
import { Answers, type Ask, goTogether } from "../recovery/answers.js";
import { Operation } from "../recovery/operation.js";
import type { RecoveryStatements } from "../recovery/statements.js";
import { Batch, valuesOfOne } from "./batch.js";
import type { EnvelopeParcel } from "./parcel.js";
import type { Statements } from "./statements.js";

export interface SpeakerOptions {
  /** Bytes of a notification. */
  readonly payloadThreshold: number;
  /** Rows were left among the messages by this transaction; not told of those that are heard. */
  readonly leftRows: (xid: number) => void;
}

/** Says to the database what is published and asked for, in order, with as few statements as that allows. */
export class Speaker {
  readonly #statements: Statements;
  readonly #options: SpeakerOptions;
  readonly #answers: Answers;
  #node: NodeId = "";

  constructor(statements: Statements, recovery: RecoveryStatements, options: SpeakerOptions) {
    this.#statements = statements;
    this.#options = options;
    this.#answers = new Answers(recovery, () => ({ ...options, node: this.#node, newEpoch }));
  }

  start(node: NodeId): void {
    this.#node = node;
  }

  async run(ask: Ask, items: readonly (EnvelopeParcel | Operation)[]): Promise<void> {
    for (let from = 0; from < items.length; ) {
      const to = endOfGroup(items, from);
      const group = items.slice(from, to);
      if (group[0] instanceof Operation) await this.#answers.run(ask, group as Operation[]);
      else await this.#publish(ask, group as EnvelopeParcel[]);
      from = to;
    }
  }

  async #publish(ask: Ask, items: readonly EnvelopeParcel[]): Promise<void> {
    const [row] = items.length === 1 ? await this.#publishOne(ask, items[0]!) : await this.#publishMany(ask, items);
    if (row !== undefined && items.some(({ isKept }) => isKept)) this.#options.leftRows(Number(row.xid));
  }

  #publishOne(ask: Ask, item: EnvelopeParcel): Promise<readonly Row[]> {
    const { publishOne, publishOneHeard } = this.#statements;
    const values = valuesOfOne(this.#node, item, this.#options.payloadThreshold);
    if (values === undefined) return this.#publishMany(ask, [item]);
    return ask(item.isHeard ? publishOneHeard : publishOne, values);
  }

  #publishMany(ask: Ask, items: readonly EnvelopeParcel[]): Promise<readonly Row[]> {
    const batch = new Batch(this.#node, this.#options.payloadThreshold);
    for (const item of items) batch.add(item);
    return ask(this.#statements.publish, batch.values());
  }
}

/** What goes with one statement ends here. */
function endOfGroup(items: readonly (EnvelopeParcel | Operation)[], from: number): number {
  let to = from + 1;
  while (to < items.length && fits(items[to - 1]!, items[to]!)) to++;
  return to;
}

function fits(last: EnvelopeParcel | Operation, item: EnvelopeParcel | Operation): boolean {
  if (last instanceof Operation) return item instanceof Operation && goTogether(last, item);
  return !(item instanceof Operation);
}

/** Twelve characters `0-9a-z`. */
function newEpoch(): string {
  return BigInt(`0x${randomBytes(8).toString("hex")}`)
    .toString(36)
    .padStart(12, "0")
    .slice(-12);
}
