/** A peer that sends numbered messages and checks that each is answered once, in order and as it should be. */
import { clientFrame } from "./frames.js";
import type { Peer } from "./peer.js";
import { integerAt } from "./sequence.js";

/** Answered by an acknowledgement, or by an event of the same arguments. */
export type EchoKind = "ack" | "event";

/** How many are numbered before the numbers come again. More than are ever under way. */
const RING = 1024;

const TEXT = "x".repeat(64);

interface Exchange {
  readonly frame: Buffer;
  readonly answer: Buffer;
}

/** What goes out and what must come back, made once for all peers. */
const exchanges: Record<EchoKind, readonly Exchange[]> = {
  ack: ring((n) => [`42${n}["echo",${value(n)}]`, `43${n}[${value(n)}]`]),
  event: ring((n) => [`42["event",${value(n)}]`, `42["event",${value(n)}]`]),
};

function value(n: number): string {
  return JSON.stringify({ text: TEXT, n });
}

function ring(of: (n: number) => [string, string]): Exchange[] {
  return Array.from({ length: RING }, (_, n) => {
    const [request, answer] = of(n);
    return { frame: clientFrame(request), answer: Buffer.from(answer) };
  });
}

export class EchoPeer {
  /** Called with the milliseconds that an echo took. */
  onEcho: (ms: number) => void = () => {};
  readonly #exchanges: readonly Exchange[];
  readonly #sentAt = new Float64Array(RING);
  #sent = 0;
  #received = 0;

  constructor(
    private readonly peer: Pick<Peer, "onMessage" | "write">,
    kind: EchoKind,
  ) {
    this.#exchanges = exchanges[kind];
    this.peer.onMessage = (data, start, end) => this.#answered(data, start, end);
  }

  send(): void {
    const n = this.#sent++ % RING;
    this.#sentAt[n] = performance.now();
    this.peer.write((this.#exchanges[n] as Exchange).frame);
  }

  #answered(data: Buffer, start: number, end: number): void {
    const n = this.#received++ % RING;
    const { answer } = this.#exchanges[n] as Exchange;
    if (end - start !== answer.length || answer.compare(data, start, end) !== 0) {
      throw new Error(`echo ${n} (of ${integerAt(data, start + 2)}?): ${data.toString("latin1", start, end)}`);
    }
    this.onEcho(performance.now() - (this.#sentAt[n] as number));
  }
}
