import { createAdapter, createShardedAdapter, createStreamsAdapter } from "@sockeye/redis-adapter";
import { Server } from "@sockeye/socketio-server";
import { nodeSettings, openNode } from "./cluster-node.js";
import { ready } from "./commands.js";
import { openRedis } from "./redis.js";

const { mode, prefix } = nodeSettings;

async function adapter(): Promise<unknown> {
  const pub = await openRedis();
  if (mode === "streams") return createStreamsAdapter(pub, { streamName: prefix, channelPrefix: prefix });
  const sub = await openRedis();
  if (mode === "sharded") return createShardedAdapter(pub, sub, { channelPrefix: prefix });
  return createAdapter(pub, sub, { key: prefix });
}

ready(await openNode(Server, await adapter(), nodeSettings));
