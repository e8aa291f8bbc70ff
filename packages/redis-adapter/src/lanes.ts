import { type Channel, channelKey } from "@sockeye/adapter-base";

/**
 * Hash tags that divide the slots of a Redis Cluster evenly. A sharded channel lives on one node only, and what shall be
 * appended and published in one step lives in one slot: channels are dealt out to these tags, so that a cluster shares the
 * load and a node listens to a few slots, not to as many as it has channels. Part of the wire format.
 */
export const LANES: readonly string[] = [
  "18",
  "5x",
  "dj",
  "3r",
  "d2",
  "pv",
  "uh",
  "iy",
  "ly",
  "h9",
  "uv",
  "q6",
  "9s",
  "5f",
  "dt",
  "ha",
];

export function laneOf(text: string): string {
  return LANES[hashOf(text) % LANES.length]!;
}

/** FNV-1a over the UTF-16 units. */
export function hashOf(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** A name in braces, unless braces within it decide about its slot already: what begins with it is in its slot. */
export function tagged(name: string): string {
  return /\{[^}]+\}/.test(name) ? name : `{${name}}`;
}

/** A channel's name on the bus. */
export interface ChannelName {
  readonly name: string;
  readonly lane: string;
  /** What decides about the node of a cluster that it is published on. */
  readonly route: string;
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
  /** Of everything that is not dealt out. */
  readonly #plainRoute: string;
  /** What was asked for last is asked for again most of the time. */
  #last: { readonly channel: Channel; readonly found: ChannelName } | undefined;

  constructor(prefix: string, sharded: boolean) {
    this.#prefix = prefix;
    this.#sharded = sharded;
    this.#plainRoute = tagged(prefix);
  }

  of(channel: Channel): ChannelName {
    if (this.#last?.channel !== channel) this.#last = { channel, found: this.#nameOf(channel) };
    return this.#last.found;
  }

  #nameOf(channel: Channel): ChannelName {
    const key = channelKey(channel);
    if (!this.#sharded) return this.#plain(key);
    // What is appended to the log of a namespace is published on this channel, in the same step: their slot is the same.
    return this.#inLane(laneOf(channel.kind === "all" ? channel.namespace : key), key);
  }

  /** Where a node listens for its own probes, in one lane. */
  probe(node: string, lane: string): ChannelName {
    return this.#sharded ? this.#inLane(lane, `probe#${node}`) : this.#plain(`probe#${node}`);
  }

  /** What decides about the slot of all that is kept for a namespace. */
  routeOf(namespace: string): string {
    return this.of({ kind: "all", namespace }).route;
  }

  /** In a cluster, classic messages all go over one node, so that they keep their order. */
  #plain(key: string): ChannelName {
    return { name: `${this.#prefix}~${key}`, lane: ONE_LANE, route: this.#plainRoute };
  }

  #inLane(lane: string, key: string): ChannelName {
    return { name: `${this.#prefix}{${lane}}~${key}`, lane, route: `${this.#prefix}{${lane}}` };
  }
}
