import type { ClientAnswers, PeerAnswers, Peers } from "./contract.js";

interface Question {
  /** Unknown until they have been counted. */
  expected: number | undefined;
  readonly responses: unknown[];
  /** Who has answered, where answers are signed. */
  readonly answered: Set<string>;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly settle: (answers: PeerAnswers<never>) => void;
}

interface Round {
  readonly listener: ClientAnswers;
  readonly timer: ReturnType<typeof setTimeout>;
  readonly told: Set<string>;
  expected: number | undefined;
  counts: number;
  clients: number;
  acknowledgements: number;
}

/**
 * Members that nobody knows by name: the bus says how many they are, and answers are counted. One that leaves is missed only
 * at the deadline.
 */
export class CountedPeers implements Peers {
  readonly #members: () => Promise<number>;
  readonly #report: (thrown: unknown) => void;
  readonly #questions = new Map<string, Question>();
  readonly #rounds = new Map<string, Round>();
  #counting: Promise<number> | undefined;
  #closed = false;

  /**
   * @param members counts them, this one included
   * @param report hears why they could not be counted
   */
  constructor(members: () => Promise<number>, report: (thrown: unknown) => void) {
    this.#members = members;
    this.#report = report;
  }

  /** None when they cannot be counted. */
  count(): Promise<number> {
    return this.#others().catch((thrown) => {
      this.#report(thrown);
      return 0;
    });
  }

  ask<T>(request: string, timeout: number): Promise<PeerAnswers<T>> {
    if (this.#closed) return Promise.resolve({ responses: [], missing: [] });
    return new Promise((settle) => {
      const timer = setTimeout(() => this.#settle(request), timeout);
      const question: Question = { expected: undefined, responses: [], answered: new Set(), timer, settle };
      this.#questions.set(request, question);
      this.#others().then(
        (expected) => {
          question.expected = expected;
          this.#settleWhenComplete(request, question);
        },
        (thrown) => {
          this.#report(thrown);
          this.#settle(request);
        },
      );
    });
  }

  askClients(request: string, timeout: number, listener: ClientAnswers): void {
    if (this.#closed) return;
    const timer = setTimeout(() => this.#close(request), timeout);
    const round = { listener, timer, told: new Set<string>(), counts: 0, clients: 0, acknowledgements: 0 };
    const open: Round = { ...round, expected: undefined };
    this.#rounds.set(request, open);
    this.count().then((expected) => {
      open.expected = expected;
      this.#closeWhenComplete(request, open);
    });
  }

  answered(request: string, origin: string, response: unknown): void {
    const question = this.#questions.get(request);
    if (question === undefined || isRepeated(question.answered, origin)) return;
    question.responses.push(response);
    this.#settleWhenComplete(request, question);
  }

  counted(request: string, origin: string, clients: number): void {
    const round = this.#rounds.get(request);
    if (round === undefined || isRepeated(round.told, origin)) return;
    round.counts++;
    round.clients += clients;
    round.listener.clientCount(clients);
    this.#closeWhenComplete(request, round);
  }

  acknowledged(request: string, _origin: string, args: readonly unknown[]): void {
    const round = this.#rounds.get(request);
    if (round === undefined) return;
    round.acknowledgements++;
    round.listener.ack(...args);
    this.#closeWhenComplete(request, round);
  }

  heard(): void {}

  left(): void {}

  expire(): void {}

  excuse(): void {}

  close(): void {
    this.#closed = true;
    for (const request of [...this.#questions.keys()]) this.#settle(request);
    for (const request of [...this.#rounds.keys()]) this.#close(request);
  }

  /** What is asked for in one turn is counted once. */
  #others(): Promise<number> {
    if (this.#counting === undefined) {
      const counting = this.#members().then((members) => Math.max(0, members - 1));
      const forget = () => {
        this.#counting = undefined;
      };
      counting.then(forget, forget);
      this.#counting = counting;
    }
    return this.#counting;
  }

  #settleWhenComplete(request: string, { expected, responses }: Question): void {
    if (expected !== undefined && responses.length >= expected) this.#settle(request);
  }

  #settle(request: string): void {
    const question = this.#questions.get(request);
    if (question === undefined) return;
    this.#questions.delete(request);
    clearTimeout(question.timer);
    const { responses, expected = responses.length + 1 } = question;
    const missing = new Array<string>(Math.max(0, expected - responses.length)).fill("unknown");
    question.settle({ responses: responses as never[], missing });
  }

  #closeWhenComplete(request: string, { expected, counts, clients, acknowledgements }: Round): void {
    if (expected !== undefined && counts >= expected && acknowledgements >= clients) this.#close(request);
  }

  #close(request: string): void {
    clearTimeout(this.#rounds.get(request)?.timer);
    this.#rounds.delete(request);
  }
}

/** Where answers are not signed, none is known to be repeated. */
function isRepeated(seen: Set<string>, origin: string): boolean {
  if (origin === "") return false;
  if (seen.has(origin)) return true;
  seen.add(origin);
  return false;
}
