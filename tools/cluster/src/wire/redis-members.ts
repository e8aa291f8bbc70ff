import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import * as sockeye from "@sockeye/redis-adapter";
import { type Connected, type Library, libraries } from "../redis/clients.js";
import type { MemberKind } from "./mixed-cluster.js";

/** One way in which the incumbent's servers use Redis. */
export interface Mode {
  readonly name: string;
  /** Whether clients of this library can do it. */
  supports(library: Library): boolean;
  official(pub: object, sub: object): unknown;
  ours(pub: object, sub: object, options: object): unknown;
}

const canShard = ({ name }: Library): boolean => name === "redis 5" || name === "redis 6";

export const modes: readonly Mode[] = [
  {
    name: "pub/sub",
    supports: () => true,
    official: (pub, sub) => createAdapter(pub, sub),
    ours: (pub, sub, options) => sockeye.createAdapter(pub as never, sub as never, options),
  },
  {
    name: "pub/sub with responses to the one who asked",
    supports: () => true,
    official: (pub, sub) => createAdapter(pub, sub, { publishOnSpecificResponseChannel: true }),
    ours: (pub, sub, options) =>
      sockeye.createAdapter(pub as never, sub as never, { publishOnSpecificResponseChannel: true, ...options }),
  },
  ...(["dynamic", "static", "dynamic-private"] as const).map(
    (subscriptionMode): Mode => ({
      name: `sharded pub/sub, ${subscriptionMode}`,
      supports: canShard,
      official: (pub, sub) => createShardedAdapter(pub, sub, { subscriptionMode }),
      ours: (pub, sub, options) =>
        sockeye.createShardedAdapter(pub as never, sub as never, { subscriptionMode, ...options }),
    }),
  ),
  {
    name: "streams",
    supports: () => true,
    official: (pub) => createStreamsAdapter(pub),
    ours: (pub, _sub, options) => sockeye.createStreamsAdapter(pub as never, options),
  },
  {
    name: "several streams and sharded pub/sub",
    supports: canShard,
    official: (pub) => createStreamsAdapter(pub, { streamCount: 3, useShardedPubSub: true }),
    ours: (pub, _sub, options) =>
      sockeye.createStreamsAdapter(pub as never, { streamCount: 3, useShardedPubSub: true, ...options }),
  },
];

export type Make = "official" | "ours" | "ours on the official server";

/** One Redis, or the nodes of a Redis Cluster. */
export type Broker = number | readonly number[];

function connect(library: Library, broker: Broker): Promise<Connected> {
  return typeof broker === "number" ? library.connect(broker) : library.connectToCluster(broker);
}

/** A server of one make, on clients of one library. */
export function member(make: Make, mode: Mode, library: Library, broker: Broker, options: object = {}): MemberKind {
  return {
    name: `${make} (${library.name})`,
    server: make === "ours" ? "sockeye" : "official",
    async adapter() {
      const [pub, sub] = [await connect(library, broker), await connect(library, broker)];
      const isOfficial = make === "official";
      for (const { client } of [pub, sub]) (client as unknown as NodeJS.EventEmitter).on("error", () => undefined);
      return {
        adapter: isOfficial
          ? mode.official(pub.client, sub.client)
          : mode.ours(pub.client, sub.client, { wire: "socket.io", ...options }),
        // The incumbent's adapters do not wait for what they said last.
        close: async () => {
          await Promise.all([pub, sub].map(({ client }) => goodbye(client)));
          await Promise.all([pub.close(), sub.close()]);
        },
      };
    },
  };
}

/** What was sent is answered before the connection ends. */
async function goodbye(client: object): Promise<void> {
  const { quit, close } = client as { quit(): Promise<unknown>; close?(): Promise<unknown> };
  await (close ?? quit).call(client);
}

export function library(name: string): Library {
  const found = libraries.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no library ${name}`);
  return found;
}
