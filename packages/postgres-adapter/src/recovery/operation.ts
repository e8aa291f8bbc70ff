import type {
  LoggedEnvelope,
  LogHead,
  LogPosition,
  NodeId,
  OwnedSession,
  SessionKey,
  StoredEvent,
  StoredRecord,
  StoreLimits,
  TakenSession,
} from "@sockeye/adapter-base";
import type { Parcel } from "../line/outbox.js";

/** What a store is asked for, by kind: the question, and its answer. */
export interface Questions {
  open: { readonly ask: Record<never, never>; readonly answer: LogHead };
  append: {
    readonly ask: {
      /** The channel's name in PostgreSQL. */
      readonly channel: string;
      readonly bytes: Uint8Array;
      readonly wanted: boolean;
      readonly limits: StoreLimits;
    };
    readonly answer: LogPosition | undefined;
  };
  read: {
    readonly ask: { readonly after: LogPosition; readonly limit: number | undefined };
    readonly answer: readonly LoggedEnvelope[] | "trimmed";
  };
  save: {
    readonly ask: { readonly records: readonly StoredRecord[]; readonly lifetime: number };
    readonly answer: undefined;
  };
  touch: {
    readonly ask: { readonly sessions: readonly SessionKey[]; readonly lifetime: number };
    readonly answer: undefined;
  };
  appendPrivate: {
    readonly ask: { readonly events: readonly StoredEvent[]; readonly limits: StoreLimits };
    readonly answer: undefined;
  };
  take: {
    readonly ask: { readonly pid: string; readonly taker: NodeId; readonly from: NodeId | undefined };
    readonly answer: TakenSession | OwnedSession | undefined;
  };
  remove: { readonly ask: { readonly sessions: readonly SessionKey[] }; readonly answer: undefined };
}

export type Kind = keyof Questions;

/** Something a store is asked for, on its way to the database. It is not asked twice: not all of it can be. */
export class Operation<K extends Kind = Kind> implements Parcel {
  readonly channel = "";
  readonly answered: Promise<Questions[K]["answer"]>;
  resolve!: (answer: Questions[K]["answer"]) => void;
  #reject!: (error: Error) => void;

  constructor(
    readonly kind: K,
    readonly namespace: string,
    readonly ask: Questions[K]["ask"],
    readonly size: number,
  ) {
    this.answered = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.#reject = reject;
    });
    this.answered.catch(() => undefined);
  }

  fail(error: Error): void {
    this.#reject(error);
  }

  is<O extends Kind>(kind: O): this is Operation<O> {
    return (this.kind as Kind) === kind;
  }
}
