import { randomBytes } from "node:crypto";
import type { NodeId } from "@sockeye/adapter-base";
import { Answers, type Ask, goTogether } from "../recovery/answers.js";
import { Operation } from "../recovery/operation.js";
import type { RecoveryStatements } from "../recovery/statements.js";
import { Batch } from "./batch.js";
import type { EnvelopeParcel } from "./parcel.js";
import type { Statements } from "./statements.js";

export interface SpeakerOptions {
  /** Bytes of a notification. */
  readonly payloadThreshold: number;
  /** Rows were left among the messages by this transaction. */
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
    for (const group of groupsOf(items)) {
      if (group.every((item) => item instanceof Operation)) await this.#answers.run(ask, group as Operation[]);
      else await this.#publish(ask, group as EnvelopeParcel[]);
    }
  }

  async #publish(ask: Ask, items: readonly EnvelopeParcel[]): Promise<void> {
    const batch = new Batch(this.#node, this.#options.payloadThreshold);
    for (const item of items) batch.add(item);
    const [row] = await ask(this.#statements.publish, batch.values());
    if (items.some(({ isKept }) => isKept)) this.#options.leftRows(Number(row?.xid));
  }
}

/** What goes with one statement. */
function* groupsOf(items: readonly (EnvelopeParcel | Operation)[]): Generator<(EnvelopeParcel | Operation)[]> {
  let group: (EnvelopeParcel | Operation)[] = [];
  for (const item of items) {
    const last = group.at(-1);
    if (last !== undefined && !fits(last, item)) {
      yield group;
      group = [];
    }
    group.push(item);
  }
  if (group.length > 0) yield group;
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
