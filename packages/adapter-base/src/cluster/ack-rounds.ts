import type { NodeId } from "./contract.js";

/** What an acknowledged broadcast wants to hear. */
export interface AckListener {
  clientCount(count: number): void;
  ack(...args: unknown[]): void;
  gone(): void;
}

interface NodePart {
  /** How many sockets were asked there; unknown until the node has told. */
  clients: number | undefined;
  settled: number;
}

interface Round {
  readonly listener: AckListener;
  readonly parts: Map<NodeId, NodePart>;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * Acknowledged broadcasts under way on other nodes. A round is over when every node has told how many it asked and all of
 * them answered or left, or at its deadline; a node that disappears counts as nobody, or as all its sockets gone.
 */
export class AckRounds {
  readonly #rounds = new Map<string, Round>();

  get size(): number {
    return this.#rounds.size;
  }

  /** `timeout` in milliseconds. */
  open(id: string, nodes: readonly NodeId[], timeout: number, listener: AckListener): void {
    if (nodes.length === 0) return;
    const parts = new Map(nodes.map((node) => [node, { clients: undefined, settled: 0 } as NodePart]));
    this.#rounds.set(id, { listener, parts, timer: setTimeout(() => this.#close(id), timeout) });
  }

  counted(id: string, node: NodeId, clients: number): void {
    this.#update(id, node, (part, { listener }) => {
      if (part.clients !== undefined) return;
      part.clients = clients;
      listener.clientCount(clients);
    });
  }

  answered(id: string, node: NodeId, args: readonly unknown[]): void {
    this.#update(id, node, (part, { listener }) => {
      part.settled++;
      listener.ack(...args);
    });
  }

  gone(id: string, node: NodeId): void {
    this.#update(id, node, (part, { listener }) => {
      part.settled++;
      listener.gone();
    });
  }

  nodeLeft(node: NodeId): void {
    for (const id of [...this.#rounds.keys()]) {
      this.#update(id, node, (part, { listener }) => {
        if (part.clients === undefined) listener.clientCount(0);
        part.clients ??= 0;
        for (; part.settled < part.clients; part.settled++) listener.gone();
      });
    }
  }

  close(): void {
    for (const id of [...this.#rounds.keys()]) this.#close(id);
  }

  #update(id: string, node: NodeId, change: (part: NodePart, round: Round) => void): void {
    const round = this.#rounds.get(id);
    const part = round?.parts.get(node);
    if (round === undefined || part === undefined) return;
    change(part, round);
    for (const { clients, settled } of round.parts.values()) if (clients === undefined || settled < clients) return;
    this.#close(id);
  }

  #close(id: string): void {
    clearTimeout(this.#rounds.get(id)?.timer);
    this.#rounds.delete(id);
  }
}
