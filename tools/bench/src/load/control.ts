/** A node of a cluster as a subject, reached through a namespace of its server. */
import type { CpuTime, MemoryUse, Subject } from "../contract.js";
import type { Response } from "../subjects/commands.js";
import { clientFrame } from "./frames.js";
import { Peer } from "./peer.js";
import type { Wire } from "./wire.js";

const NAMESPACE = "/control,";

const wire: Wire = {
  connect: clientFrame(`40${NAMESPACE}`),
  event: (args, id) => clientFrame(`42${NAMESPACE}${id ?? ""}${JSON.stringify(args)}`),
  isConnected: (data, start, isBinary) =>
    !isBinary && data.toString("latin1", start, start + 2 + NAMESPACE.length) === `40${NAMESPACE}`,
  isAckOfOne: (message, id) => message.toString("latin1") === `43${NAMESPACE}${id}[1]`,
};

export class ClusterNode implements Subject {
  private constructor(
    readonly port: number,
    private readonly peer: Peer,
    private readonly profile: string | undefined,
  ) {}

  static async open(port: number, profile: string | undefined): Promise<ClusterNode> {
    return new ClusterNode(port, await Peer.open(port, wire), profile);
  }

  fire(from: number): void {
    this.peer.write(wire.event(["fire", from]));
  }

  async call(command: string, argument?: unknown): Promise<unknown> {
    const message = (await this.peer.ask(["command", command, argument ?? null], 1)).toString();
    const [{ value, error }] = JSON.parse(message.slice(message.indexOf("["))) as [Response];
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async cpu(): Promise<CpuTime> {
    return (await this.call("cpu")) as CpuTime;
  }

  async memory(): Promise<MemoryUse> {
    return (await this.call("memory")) as MemoryUse;
  }

  async startProfile(): Promise<void> {
    if (this.profile !== undefined) await this.call("startProfile");
  }

  async stopProfile(): Promise<void> {
    if (this.profile !== undefined) await this.call("stopProfile", this.profile);
  }
}
