import { type Channel, channelKey } from "@sockeye/adapter-base";

/**
 * Hash tags that divide the slots of a Redis Cluster evenly. A sharded channel lives on one node only, and what shall be
 * appended and published in one step lives in one slot: channels are dealt out to these tags, so that a cluster shares the
 * load and a node listens to a few slots, not to as many as it has channels. Part of the wire format.
 */
export const LANES = ["18", "5x", "dj", "3r", "d2", "pv", "uh", "iy", "ly", "h9", "uv", "q6", "9s", "5f", "dt", "ha"];

/** FNV-1a over the UTF-16 units. */
export function laneOf(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return LANES[(value >>> 0) % LANES.length]!;
}

/** A channel's name on the bus, and its lane where it has one. */
export interface ChannelName {
  readonly name: string;
  readonly lane: string;
}

/** The lane of channels that are not dealt out: all on one connection. */
export const ONE_LANE = "";

/**
 * Names of channels. `~` keeps them apart from the incumbent's, which go on with `#` or `-`. A namespace may be called
 * anything, and comes last.
 */
export class ChannelNames {
  readonly #prefix: string;
  readonly #sharded: boolean;

  constructor(prefix: string, sharded: boolean) {
    this.#prefix = prefix;
    this.#sharded = sharded;
  }

  of(channel: Channel): ChannelName {
    const key = channelKey(channel);
    // All of a namespace's log is in one slot, and what is appended there is published on this channel.
    const lane = laneOf(channel.kind === "all" ? channel.namespace : key);
    return this.#sharded ? this.#inLane(lane, key) : { name: `${this.#prefix}~${key}`, lane: ONE_LANE };
  }

  /** Where a node listens for its own probes, in one lane. */
  probe(node: string, lane: string): string {
    return this.#sharded ? this.#inLane(lane, `probe#${node}`).name : `${this.#prefix}~probe#${node}`;
  }

  #inLane(lane: string, key: string): ChannelName {
    return { name: `${this.#prefix}{${lane}}~${key}`, lane };
  }
}
