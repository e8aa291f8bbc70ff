import type { Room } from "@sockeye/adapter-base";
import {
  decodeBody,
  encodeBody,
  type WireBus,
  type WireCommand,
  type WireMember,
  type WireMembership,
  type WireReply,
} from "@sockeye/adapter-base/wire";
import type { ReadPathTimes } from "../drivers/read-path.js";
import type { OutboxLimits } from "../outbox.js";
import { Members } from "./members.js";
import { WireConnection } from "./wire-connection.js";

export interface ShardedBusOptions extends OutboxLimits, ReadPathTimes {
  readonly maxEnvelopeBytes: number;
  readonly channelPrefix: string;
  readonly subscriptionMode: "static" | "dynamic" | "dynamic-private";
}

/** Names of the channels of the incumbent's sharded adapter, and of its streams adapter. */
export class ClusterChannels {
  constructor(private readonly prefix: string) {}

  all(namespace: string): string {
    return `${this.prefix}#${namespace}#`;
  }

  /** Of a member, or of a room: they look alike. */
  one(namespace: string, name: unknown): string {
    return `${this.prefix}#${namespace}#${name}#`;
  }
}

/** The wire of the incumbent's sharded Redis adapter. */
export class ShardedWireBus implements WireBus {
  readonly membership = "counts";
  readonly #options: ShardedBusOptions;
  readonly #channels: ClusterChannels;
  readonly #members = new Members();
  readonly #connection: WireConnection;

  constructor(pub: unknown, sub: unknown, options: ShardedBusOptions) {
    this.#options = options;
    this.#channels = new ClusterChannels(options.channelPrefix);
    const connection = { ...options, prefix: options.channelPrefix, kinds: ["sharded"] as const };
    this.#connection = new WireConnection(pub, sub, connection, this.#members);
  }

  async open(member: WireMember): Promise<void> {
    this.#members.add(member);
    await this.#connection.open();
    const { namespace, id } = member;
    await Promise.all([
      this.#listen(member, this.#channels.all(namespace)),
      this.#listen(member, this.#channels.one(namespace, id)),
    ]);
  }

  async close(member: WireMember): Promise<void> {
    if (!this.#members.delete(member)) return;
    if (this.#members.size === 0) return this.#connection.close();
    const { namespace, id } = member;
    const rooms = [...member.rooms.keys()].filter((room) => this.#hasChannel(room));
    const channels = [
      this.#channels.all(namespace),
      ...[id, ...rooms].map((one) => this.#channels.one(namespace, one)),
    ];
    await Promise.all(channels.map((channel) => this.#connection.unsubscribe("sharded", channel, member)));
  }

  publish(message: WireCommand | WireMembership): Promise<void> {
    return this.#connection.publish("SPUBLISH", this.#channelOf(message), encodeBody(message));
  }

  reply(to: string, message: WireReply): Promise<void> {
    return this.#connection.publish("SPUBLISH", this.#channels.one(message.namespace, to), encodeBody(message));
  }

  count(namespace: string): Promise<number> {
    return this.#connection.count("sharded", this.#channels.all(namespace));
  }

  async follow(member: WireMember, room: Room): Promise<void> {
    if (this.#hasChannel(room)) await this.#listen(member, this.#channels.one(member.namespace, room));
  }

  async unfollow(member: WireMember, room: Room): Promise<void> {
    if (!this.#hasChannel(room)) return;
    await this.#connection.unsubscribe("sharded", this.#channels.one(member.namespace, room), member);
  }

  #listen(member: WireMember, channel: string): Promise<void> {
    const { namespace } = member;
    return this.#connection.subscribe("sharded", channel, member, (body) =>
      member.receive(decodeBody(body, namespace)),
    );
  }

  #channelOf(message: WireCommand | WireMembership): string {
    const { namespace } = message;
    if (message.kind !== "broadcast" || message.request !== undefined || message.rooms.length !== 1) {
      return this.#channels.all(namespace);
    }
    const [room] = message.rooms;
    return this.#hasChannel(room!) ? this.#channels.one(namespace, room) : this.#channels.all(namespace);
  }

  /** In `dynamic` mode, names of 20 characters are taken for ids of sockets, by all members alike. */
  #hasChannel(room: Room): boolean {
    switch (this.#options.subscriptionMode) {
      case "static":
        return false;
      case "dynamic":
        return !(typeof room === "string" && room.length === 20);
      case "dynamic-private":
        return true;
    }
  }
}
