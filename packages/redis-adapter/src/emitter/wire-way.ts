import type { ForeignCommand } from "@sockeye/adapter-base";
import type { EmitterWay } from "@sockeye/adapter-base/emitter";
import {
  ClassicCodec,
  type ClassicParser,
  EMITTER,
  encodeBody,
  encodeEntry,
  type WireCommand,
} from "@sockeye/adapter-base/wire";
import { ClassicChannels } from "../wire/classic-bus.js";
import { ClusterChannels } from "../wire/sharded-bus.js";
import { streamOf } from "../wire/stream-names.js";
import { entryBody, type Verb, WireConnection, type WireConnectionOptions } from "../wire/wire-connection.js";

/** Where a message goes, and how it is written. */
export interface Letter {
  readonly verb: Verb;
  readonly name: string;
  readonly body: string | Uint8Array;
}

/** How one of the incumbent's adapters is written to. @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE` */
export type Notation = (message: WireCommand) => Letter;

/** An emitter's way to servers that speak the incumbent's wire. */
export class WireEmitterWay implements EmitterWay {
  readonly #connection: WireConnection;
  readonly #notation: Notation;
  #isOpen = false;

  constructor(client: unknown, notation: Notation, options: Omit<WireConnectionOptions, "kinds">) {
    this.#notation = notation;
    const silent = { stateChanged: () => {}, interrupted: () => {} };
    // It subscribes to nothing, so that one client is enough.
    this.#connection = new WireConnection(client, client, { ...options, kinds: [] }, silent);
  }

  send(namespace: string, command: ForeignCommand): Promise<void> {
    const { verb, name, body } = this.#notation({ ...command, namespace, origin: EMITTER } as WireCommand);
    this.#isOpen = true;
    return this.#connection.open().then(() => this.#connection.publish(verb, name, body));
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.#connection.close();
  }
}

export function classicNotation(key: string, parser: ClassicParser | undefined): Notation {
  const channels = new ClassicChannels(key);
  const codec = new ClassicCodec(parser);
  return (message) => {
    const { namespace } = message;
    if (message.kind !== "broadcast") {
      return { verb: "PUBLISH", name: channels.request(namespace), body: codec.encodeRequest(message) };
    }
    return { verb: "PUBLISH", name: channels.destination(message), body: codec.encodeBroadcast(message) };
  };
}

/** Rooms have channels of their own only where all servers have chosen so: this one they all hear. */
export function shardedNotation(channelPrefix: string): Notation {
  const channels = new ClusterChannels(channelPrefix);
  return (message) => ({ verb: "SPUBLISH", name: channels.all(message.namespace), body: encodeBody(message) });
}

export function streamNotation(streamName: string, streamCount: number, maxLen: number): Notation {
  return (message) => ({
    verb: "XADD",
    name: streamOf(streamName, streamCount, message.namespace),
    body: entryBody(encodeEntry(message), maxLen),
  });
}
