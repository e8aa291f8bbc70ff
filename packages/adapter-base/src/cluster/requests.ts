import type { NodeId } from "./contract.js";

/** How a request ended. */
export interface Outcome<T> {
  readonly responses: readonly T[];
  /** Nodes that were asked, did not answer and did not say goodbye. */
  readonly missing: readonly NodeId[];
}

interface Request {
  readonly waitingFor: Set<NodeId>;
  readonly responses: unknown[];
  readonly missing: NodeId[];
  readonly timer: ReturnType<typeof setTimeout> | undefined;
  readonly settle: (outcome: Outcome<never>) => void;
}

/** Requests to which each node gives one answer. Every one settles: by answers, by departures, or at its deadline. */
export class Requests {
  readonly #open = new Map<string, Request>();

  get size(): number {
    return this.#open.size;
  }

  /** `timeout` in milliseconds. */
  open<T>(id: string, nodes: Iterable<NodeId>, timeout: number): Promise<Outcome<T>> {
    return new Promise((settle) => {
      const waitingFor = new Set(nodes);
      const timer = waitingFor.size === 0 ? undefined : setTimeout(() => this.#expire(id), timeout);
      this.#open.set(id, { waitingFor, responses: [], missing: [], timer, settle });
      this.#settleWhenComplete(id);
    });
  }

  /** Answers of nodes that were not asked, or answered before, do not count. */
  answer(id: string, node: NodeId, response: unknown): void {
    const request = this.#open.get(id);
    if (request === undefined || !request.waitingFor.delete(node)) return;
    request.responses.push(response);
    this.#settleWhenComplete(id);
  }

  /** A node will not answer any more. After a goodbye its answer is not missing: it had no sockets left to tell of. */
  nodeLeft(node: NodeId, saidGoodbye: boolean): void {
    for (const [id, request] of this.#open) {
      if (!request.waitingFor.delete(node)) continue;
      if (!saidGoodbye) request.missing.push(node);
      this.#settleWhenComplete(id);
    }
  }

  /** Settles everything with what there is. */
  close(): void {
    for (const id of [...this.#open.keys()]) this.#expire(id);
  }

  #settleWhenComplete(id: string): void {
    if (this.#open.get(id)?.waitingFor.size === 0) this.#expire(id);
  }

  #expire(id: string): void {
    const request = this.#open.get(id);
    if (request === undefined) return;
    this.#open.delete(id);
    clearTimeout(request.timer);
    const missing = [...request.missing, ...request.waitingFor];
    request.settle({ responses: request.responses as never[], missing });
  }
}
