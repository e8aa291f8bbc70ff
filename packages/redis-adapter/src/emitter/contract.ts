import type { ClusterEmitterOptions, EmitterOptions } from "@sockeye/adapter-base/emitter";
import type { OutageOptions, PubSubAdapterOptions, Wire } from "../contract.js";

/** How the servers use Redis: `createAdapter`, `createShardedAdapter` or `createStreamsAdapter`. */
export type EmitterMode = "pub/sub" | "sharded" | "streams";

/** Options of the emitter. What names the servers' channels and streams MUST be as they have it. */
export interface RedisEmitterOptions extends EmitterOptions, Omit<ClusterEmitterOptions, "onError">, OutageOptions {
  /** Default `pub/sub`. */
  readonly mode?: EmitterMode;
  /** Which messages the servers exchange. With `socket.io`, nobody can answer. Default `native`. */
  readonly wire?: Wire;
  /** Of `pub/sub`: before the names of channels. Default `socket.io`. */
  readonly key?: string;
  /** Of `sharded`: before the names of channels. Default `socket.io`. */
  readonly channelPrefix?: string;
  /** Of `streams`: key of the stream. Default `socket.io`. */
  readonly streamName?: string;
  /** Of `streams`: the servers' option of this name. Default 1. */
  readonly streamCount?: number;
  /** Of `streams`: about how many entries the stream keeps. Default 10,000. */
  readonly maxLen?: number;
  /** Of `pub/sub` with `wire: "socket.io"`: how messages are written, MessagePack by default. */
  readonly parser?: PubSubAdapterOptions["parser"];
}
