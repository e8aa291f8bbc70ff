import type { Channel } from "./contract.js";

/** One string per channel, for maps and for backends that name channels. Namespaces may hold any character: they come last. */
export function channelKey(channel: Channel): string {
  switch (channel.kind) {
    case "cluster":
      return "cluster";
    case "node":
      return `node#${channel.node}`;
    case "all":
      return `all#${channel.namespace}`;
    case "rooms":
      return `rooms#${channel.partition}#${channel.namespace}`;
  }
}
