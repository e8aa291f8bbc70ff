import { ClusterError } from "@sockeye/adapter-base";
import type { WireMember } from "@sockeye/adapter-base/wire";
import type { WireConnectionListener } from "./wire-connection.js";

/** The namespaces of a server on one bus: what concerns the connection concerns all of them. */
export class Members implements WireConnectionListener {
  readonly #members = new Set<WireMember>();
  #state: Parameters<WireMember["stateChanged"]>[0] | undefined;

  get size(): number {
    return this.#members.size;
  }

  add(member: WireMember): void {
    this.#members.add(member);
    if (this.#state !== undefined) member.stateChanged(this.#state);
  }

  delete(member: WireMember): boolean {
    return this.#members.delete(member);
  }

  stateChanged(state: Parameters<WireMember["stateChanged"]>[0]): void {
    this.#state = state;
    for (const member of this.#members) member.stateChanged(state);
  }

  interrupted(): void {
    this.report(new ClusterError("ERR_SOCKEYE_CLUSTER_GAP", "messages may have been lost while Redis was away"));
  }

  /** Told once, by the namespace that was opened first. */
  report(error: Error): void {
    const [first] = this.#members;
    first?.report(error);
  }
}
