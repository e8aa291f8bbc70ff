import { AckRounds } from "../../cluster/ack-rounds.js";
import { Requests } from "../../cluster/requests.js";
import type { ClientAnswers, PeerAnswers, Peers } from "./contract.js";

/** Members that tell of themselves. Pure but for the deadlines of requests. */
export class NamedPeers implements Peers {
  readonly #lastHeard = new Map<string, number>();
  readonly #requests = new Requests();
  readonly #rounds = new AckRounds();

  async count(): Promise<number> {
    return this.#lastHeard.size;
  }

  ask<T>(request: string, timeout: number): Promise<PeerAnswers<T>> {
    return this.#requests.open<T>(request, this.#lastHeard.keys(), timeout);
  }

  askClients(request: string, timeout: number, listener: ClientAnswers): void {
    this.#rounds.open(request, [...this.#lastHeard.keys()], timeout, listener);
  }

  answered(request: string, origin: string, response: unknown): void {
    this.#requests.answer(request, origin, response);
  }

  counted(request: string, origin: string, clients: number): void {
    this.#rounds.counted(request, origin, clients);
  }

  acknowledged(request: string, origin: string, args: readonly unknown[]): void {
    this.#rounds.answered(request, origin, args);
  }

  heard(origin: string, now: number): void {
    this.#lastHeard.set(origin, now);
  }

  left(origin: string): void {
    if (this.#lastHeard.delete(origin)) this.#settle(origin, true);
  }

  expire(heardBefore: number): void {
    for (const [origin, heard] of this.#lastHeard) {
      if (heard >= heardBefore) continue;
      this.#lastHeard.delete(origin);
      this.#settle(origin, false);
    }
  }

  excuse(stall: number): void {
    for (const [origin, heard] of this.#lastHeard) this.#lastHeard.set(origin, heard + stall);
  }

  close(): void {
    this.#lastHeard.clear();
    this.#requests.close();
    this.#rounds.close();
  }

  #settle(origin: string, saidGoodbye: boolean): void {
    this.#requests.nodeLeft(origin, saidGoodbye);
    this.#rounds.nodeLeft(origin);
  }
}
