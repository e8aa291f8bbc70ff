/** Echoes over HTTP long-polling: two requests a round, one that sends and one that waits. */
import type { Driver } from "../contract.js";
import { measure, withLatencies } from "../load/measure.js";
import { Signal, within } from "../load/patience.js";
import { Poller, payloadOf } from "../load/poller.js";

export interface PollingPlan {
  readonly peers: number;
  /** Events in one POST. */
  readonly depth: number;
}

export function polling({ peers: count, depth }: PollingPlan): Driver {
  return async (trial) => {
    const server = await trial.subject(trial.implementation);
    const opening = Promise.all(Array.from({ length: count }, () => Poller.open(server.port)));
    const pollers = await within(opening, () => `${count} sessions on polling`);
    const echoes = pollers.map((poller) => new PollingEcho(poller, depth));
    const measured = await measure(trial, [server], async (until, latencies) => {
      let running = echoes.length;
      let work = 0;
      const done = new Signal();
      for (const echo of echoes) {
        echo.onRound = (ms) => {
          work += depth;
          latencies.push(ms);
          if (performance.now() < until) echo.send();
          else if (--running === 0) done.fire();
        };
        echo.send();
      }
      await within(done.promise, () => `${running} rounds`, until - performance.now() + 20_000);
      return work;
    });
    return withLatencies(measured);
  };
}

const RING = 1024;

/** One poller that sends its events, waits for all acknowledgements, checks them, and is ready for the next round. */
class PollingEcho {
  onRound: (ms: number) => void = () => {};
  readonly #rounds: readonly (readonly string[])[];
  readonly #payloads: readonly string[];
  #began = 0;
  #round = 0;
  #acknowledged = 0;
  #taken = false;

  constructor(
    private readonly poller: Poller,
    depth: number,
  ) {
    const ids = Array.from({ length: Math.floor(RING / depth) }, (_, round) =>
      Array.from({ length: depth }, (_, i) => round * depth + i),
    );
    this.#payloads = ids.map((round) => payloadOf(round.map((id) => `42${id}["echo",${value(id)}]`)));
    this.#rounds = ids.map((round) => round.map((id) => `43${id}[${value(id)}]`));
    poller.onMessage = (message) => this.#acknowledgement(message);
    poller.onTaken = () => {
      this.#taken = true;
      this.#finish();
    };
  }

  send(): void {
    this.#round = (this.#round + 1) % this.#rounds.length;
    this.#acknowledged = 0;
    this.#taken = false;
    this.#began = performance.now();
    this.poller.send(this.#payloads[this.#round] as string);
  }

  #acknowledgement(message: string): void {
    const expected = this.#rounds[this.#round]?.[this.#acknowledged++];
    if (message !== expected) throw new Error(`${expected ?? "nothing"} is due, ${message} came`);
    this.#finish();
  }

  #finish(): void {
    if (!this.#taken || this.#acknowledged < (this.#rounds[this.#round]?.length ?? 0)) return;
    this.#taken = false;
    this.onRound(performance.now() - this.#began);
  }
}

function value(n: number): string {
  return JSON.stringify({ text: "x".repeat(64), n });
}
