import {
  Emitter as AnyEmitter,
  type AnyEmitterEvents,
  ClusterEmitterWay,
  type EmitterEvents,
  type EmitterWay,
} from "@sockeye/adapter-base/emitter";
import type { RedisClient } from "../contract.js";
import { StreamsDriver } from "../drivers/streams-driver.js";
import { badOption, nonEmptyText, outageOptions, positiveNumbers, streamNumbers } from "../options.js";
import type { RedisEmitterOptions } from "./contract.js";
import { LazyDriver, type MadeDriver, pubSubDriver } from "./lazy-driver.js";
import { classicNotation, type Notation, shardedNotation, streamNotation, WireEmitterWay } from "./wire-way.js";

export { EmitterError, type EmitterErrorCode } from "@sockeye/adapter-base/emitter";
export type * from "./contract.js";

/**
 * Emits to the clients of a cluster over Redis, from a process that is none of its servers: a worker, a cron job, a function.
 *
 * ```ts
 * const client = createClient();
 * await client.connect();
 * const emitter = new Emitter<ServerToClientEvents>(client);
 * emitter.to("room").emit("news", "hello");
 * const answers = await emitter.timeout(1000).emitWithAck("ask", 1);
 * await emitter.close(); // what was said is with Redis; the client is yours to end
 * ```
 *
 * With `wire: "socket.io"` it emits to servers of the incumbent's, and to ours that share a cluster with them; `mode` says over
 * what. Those cannot answer.
 */
export class Emitter<
  EmitEvents extends EmitterEvents = AnyEmitterEvents,
  ServerSideEvents extends EmitterEvents = AnyEmitterEvents,
> extends AnyEmitter<EmitEvents, ServerSideEvents> {
  /**
   * @throws RedisAdapterError `ERR_SOCKEYE_REDIS_OPTION`
   */
  constructor(client: RedisClient, options: RedisEmitterOptions = {}, nsp = "/") {
    super(wayOver(client, options), options, nsp);
  }
}

function wayOver(client: RedisClient, options: RedisEmitterOptions): EmitterWay {
  const { wire = "native", mode = "pub/sub" } = options;
  if (wire !== "native" && wire !== "socket.io") throw badOption("wire", "native or socket.io");
  if (!["pub/sub", "sharded", "streams"].includes(mode)) throw badOption("mode", "pub/sub, sharded or streams");
  const prefix = prefixOf(options);
  const outage = outageOptions(options);
  if (wire === "socket.io") return new WireEmitterWay(client, notationOf(options, prefix), { ...outage, prefix });
  return new ClusterEmitterWay(new LazyDriver(() => madeDriver(client, options, prefix)), options);
}

async function madeDriver(client: RedisClient, options: RedisEmitterOptions, prefix: string): Promise<MadeDriver> {
  const outage = outageOptions(options);
  if (options.mode !== "streams") {
    return pubSubDriver(client, { ...outage, prefix, sharded: options.mode === "sharded", interest: true });
  }
  const { streamCount, maxLen } = options;
  const driver = new StreamsDriver(client, {
    ...outage,
    ...streamNumbers({ streamCount, maxLen }),
    streamName: prefix,
  });
  return { driver, end: () => {} };
}

function prefixOf({ mode = "pub/sub", key, channelPrefix, streamName }: RedisEmitterOptions): string {
  if (mode === "sharded") return nonEmptyText("channelPrefix", channelPrefix ?? "socket.io");
  if (mode === "streams") return nonEmptyText("streamName", streamName ?? "socket.io");
  return nonEmptyText("key", key ?? "socket.io");
}

function notationOf(options: RedisEmitterOptions, prefix: string): Notation {
  const { streamCount, maxLen } = positiveNumbers(options, { streamCount: 1, maxLen: 10_000 });
  switch (options.mode) {
    case "sharded":
      return shardedNotation(prefix);
    case "streams":
      return streamNotation(prefix, streamCount, maxLen);
    default:
      return classicNotation(prefix, options.parser);
  }
}
