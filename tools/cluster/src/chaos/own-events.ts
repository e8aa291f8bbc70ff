import { ADAPTER_HOST, type AdapterTarget, type ClusterAdapter } from "@sockeye/adapter-base";
import type { Sent } from "./ledger.js";

type Factory = (namespace: AdapterTarget) => ClusterAdapter;

/** A recipient that is always there, so that a server without clients delivers as well. */
const EAR = "ear";

/** The numbered events of one server, and what became of each: when it was delivered here, with a place in the log or without. */
export class OwnEvents {
  readonly #node: string;
  readonly #waiting = new Map<number, number>();
  #settled: Sent[] = [];
  #last = 0;
  #areLogged = false;

  constructor(node: string) {
    this.#node = node;
  }

  /** Whether the latest one that was delivered had its place in the log. */
  get areLogged(): boolean {
    return this.#areLogged;
  }

  get unsettled(): number {
    return this.#waiting.size;
  }

  /** The number of an event that is about to be sent. */
  next(): number {
    this.#waiting.set(++this.#last, Date.now());
    return this.#last;
  }

  /** What was delivered since the last call. */
  settled(): readonly Sent[] {
    const settled = this.#settled;
    this.#settled = [];
    return settled;
  }

  /** An adapter that is looked at when it hands events over to be delivered. */
  watch(factory: Factory): Factory {
    const events = this;
    return function watched(namespace) {
      const host = namespace[ADAPTER_HOST]!;
      const deliver = host.deliver.bind(host);
      host.deliver = (broadcast, selection) => {
        const { packet, offset } = broadcast;
        if (packet?.data[0] === "news") events.#delivered(packet.data[2] as number, offset !== undefined);
        deliver(broadcast, selection);
      };
      const adapter = factory(namespace);
      void adapter.addAll(EAR, new Set([EAR, "everybody"]));
      return adapter;
    };
  }

  #delivered(number: number, logged: boolean): void {
    const time = this.#waiting.get(number);
    if (time === undefined) return;
    this.#waiting.delete(number);
    this.#areLogged = logged;
    this.#settled.push({ node: this.#node, number, time, settled: Date.now(), logged });
  }
}
