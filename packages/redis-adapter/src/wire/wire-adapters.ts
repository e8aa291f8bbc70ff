import type { AdapterTarget } from "@sockeye/adapter-base";
import { createOfficialWireAdapter, type OfficialWireAdapter, type WireBus } from "@sockeye/adapter-base/wire";
import type {
  PubSubAdapterOptions,
  RedisAdapterOptions,
  ShardedAdapterOptions,
  StreamsAdapterOptions,
} from "../contract.js";
import { badOption, nonEmptyText, outageOptions, positiveNumbers } from "../options.js";
import { ClassicWireBus } from "./classic-bus.js";
import { ShardedWireBus } from "./sharded-bus.js";
import { StreamsWireBus } from "./streams-bus.js";

/** What the adapters of this package are with `wire: "socket.io"`. */
export type WireAdapterFactory = (nsp: AdapterTarget) => OfficialWireAdapter;

export function classicWireAdapter(pub: unknown, sub: unknown, options: PubSubAdapterOptions): WireAdapterFactory {
  const { key = "socket.io", requestsTimeout, publishOnSpecificResponseChannel = false, parser } = options;
  const bus = new ClassicWireBus(pub, sub, {
    ...outageOptions(options),
    key: nonEmptyText("key", key),
    publishOnSpecificResponseChannel,
    parser,
  });
  return adapterOn(bus, { requestTimeout: requestsTimeout, ...options });
}

export function shardedWireAdapter(pub: unknown, sub: unknown, options: ShardedAdapterOptions): WireAdapterFactory {
  const { channelPrefix = "socket.io", subscriptionMode = "dynamic" } = options;
  const bus = new ShardedWireBus(pub, sub, {
    ...outageOptions(options),
    channelPrefix: nonEmptyText("channelPrefix", channelPrefix),
    subscriptionMode,
  });
  return adapterOn(bus, options);
}

const STREAM_DEFAULTS = { streamCount: 1, maxLen: 10_000, readCount: 100, blockTimeInMs: 5_000 };

export function streamsWireAdapter(client: unknown, options: StreamsAdapterOptions): WireAdapterFactory {
  const { streamName = "socket.io", channelPrefix = "socket.io" } = options;
  const numbers = positiveNumbers(options, STREAM_DEFAULTS);
  if (!Number.isInteger(numbers.streamCount)) throw badOption("streamCount", "a whole number from 1 on");
  const bus = new StreamsWireBus(client, {
    ...outageOptions(options),
    ...numbers,
    streamName: nonEmptyText("streamName", streamName),
    channelPrefix: nonEmptyText("channelPrefix", channelPrefix),
    useShardedPubSub: options.useShardedPubSub ?? false,
    onlyPlaintext: options.onlyPlaintext ?? false,
  });
  return adapterOn(bus, options);
}

function adapterOn(bus: WireBus, { requestTimeout, recovery }: RedisAdapterOptions): WireAdapterFactory {
  return createOfficialWireAdapter({ bus, requestTimeout, recovery: recovery as never });
}
