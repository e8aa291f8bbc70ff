/**
 * What drivers use of Redis, whatever library the application's client is from. `link.ts` makes a link of a client; there is
 * one link per client, whoever asks for it, so that two users of one client do not end each other's subscriptions.
 *
 * A link
 * - MUST be binary-safe: bulk strings come back as Buffers.
 * - MUST keep the order of commands with one route. On a single node all commands are in order.
 * - MUST NOT throw, and MUST NOT reject outside the promises it returned; an `error` event of the client never ends the process
 *   while a link is held.
 * - MAY hold commands back while the client is not connected, for as long as the client would: ask `ready` first, and keep
 *   a deadline of your own.
 */
export interface RedisLink {
  /** Redis Cluster: commands go where their route leads, `PUBSUB` counts have to be summed over the nodes. */
  readonly clustered: boolean;

  /** As far as the client knows: a command sent now would be on the wire at once. */
  readonly ready: boolean;

  /**
   * Sends one command. `route`: a key or channel; in a cluster the command goes to the master of its slot, whether or not it
   * names a key.
   */
  send(route: string, command: Command): Promise<Reply>;

  /** Sends several commands together; each settles on its own. */
  sendAll(commands: readonly Routed[]): Promise<Reply>[];

  /** Sends one command to every master: its replies, in no order. */
  sendToMasters(command: Command): Promise<Reply[]>;

  /** Resolves when Redis has confirmed. The listener hears a channel once, however often it subscribed. */
  subscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void>;
  /** Resolves when Redis has confirmed, or at once when others listen on. */
  unsubscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void>;

  /** Called when the state of the connection may have changed. Returns what ends it. */
  watch(listener: () => void): () => void;

  /** A connection of its own with the same settings, for commands that block. */
  duplicate(): Promise<OwnedLink>;
}

export interface OwnedLink extends RedisLink {
  /** Ends the connection at once; what waits for a reply is rejected. Idempotent. */
  close(): Promise<void>;
}

/** Name and arguments, as they go over the wire. */
export type Command = readonly (string | Buffer)[];

export interface Routed {
  readonly route: string;
  readonly command: Command;
}

export type Reply = null | number | string | Buffer | readonly Reply[];

export type SubscriptionKind =
  /** SUBSCRIBE */
  | "channel"
  /** PSUBSCRIBE: the channels are patterns. */
  | "pattern"
  /** SSUBSCRIBE, Redis 7: a channel lives on the node of its slot. */
  | "sharded";

/** `channel`: the one that was published on. MUST NOT throw. */
export type MessageListener = (message: Buffer, channel: string) => void;
