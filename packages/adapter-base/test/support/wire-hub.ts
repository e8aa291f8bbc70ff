import { deserialize, serialize } from "node:v8";
import {
  ClusterAdapter,
  ClusterAdapterWithHeartbeat,
  type ClusterMessage,
  type ClusterResponse,
} from "socket.io-adapter";
import { ClusterError } from "../../src/cluster/errors.js";
import {
  fromCatalog,
  toCatalog,
  type WireBus,
  type WireMember,
  type WireMessage,
} from "../../src/compat/wire/index.js";
import type { Adapter, AdapterTarget } from "../../src/contract.js";

interface Ear {
  readonly namespace: string;
  hear(message: unknown): void;
}

/** Carries the objects of the incumbent's catalog between adapters of both kinds, to everybody and back to the sender. */
export class WireHub {
  readonly ears = new Set<Ear>();
  isUp = true;

  send(namespace: string, message: unknown): void {
    const bytes = serialize(message);
    setImmediate(() => {
      for (const ear of this.ears) if (ear.namespace === namespace) ear.hear(deserialize(bytes));
    });
  }

  count(namespace: string): number {
    return [...this.ears].filter((ear) => ear.namespace === namespace).length;
  }

  bus(membership: WireBus["membership"] = "heartbeats"): HubBus {
    return new HubBus(this, membership);
  }
}

export class HubBus implements WireBus {
  readonly sent: WireMessage[] = [];
  readonly #hub: WireHub;
  readonly #ears = new Map<WireMember, Ear>();

  constructor(
    hub: WireHub,
    readonly membership: WireBus["membership"],
  ) {
    this.#hub = hub;
  }

  async open(member: WireMember): Promise<void> {
    const { namespace } = member;
    const ear = { namespace, hear: (message: unknown) => member.receive(fromCatalog(message, namespace)) };
    this.#ears.set(member, ear);
    this.#hub.ears.add(ear);
  }

  async close(member: WireMember): Promise<void> {
    const ear = this.#ears.get(member);
    if (ear !== undefined) this.#hub.ears.delete(ear);
  }

  async publish(message: WireMessage): Promise<void> {
    if (!this.#hub.isUp) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the hub is down");
    this.sent.push(message);
    this.#hub.send(message.namespace, toCatalog(message));
  }

  reply(_to: string, message: WireMessage): Promise<void> {
    return this.publish(message);
  }

  async count(namespace: string): Promise<number> {
    if (!this.#hub.isUp) throw new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "the hub is down");
    return this.#hub.count(namespace);
  }
}

/** The incumbent's cluster adapters with the methods that their authors leave open. */
export function officialAdapter(hub: WireHub, membership: WireBus["membership"], nsp: AdapterTarget): Adapter {
  type Constructor = abstract new (nsp: AdapterTarget, options: object) => ClusterAdapter;
  const Base = (membership === "heartbeats" ? ClusterAdapterWithHeartbeat : ClusterAdapter) as unknown as Constructor;
  class OnHub extends Base {
    readonly ear: Ear = { namespace: nsp.name, hear: (message) => this.onMessage(message as ClusterMessage) };

    constructor() {
      super(nsp, { heartbeatInterval: 50, heartbeatTimeout: 500 });
      hub.ears.add(this.ear);
    }

    async doPublish(message: ClusterMessage): Promise<string> {
      hub.send(nsp.name, message);
      return "";
    }

    async doPublishResponse(_requester: string, response: ClusterResponse): Promise<void> {
      hub.send(nsp.name, response);
    }

    override serverCount(): Promise<number> {
      return membership === "heartbeats" ? super.serverCount() : Promise.resolve(hub.count(nsp.name));
    }

    override close(): void {
      super.close();
      hub.ears.delete(this.ear);
    }
  }
  return new OnHub() as unknown as Adapter;
}
