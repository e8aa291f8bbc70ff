/**
 * What drivers use of Redis, whatever library the application's client is from. `link.ts` makes a link of a client; all who
 * hold one client share it, so that two users of a client do not end each other's subscriptions.
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
  /** Redis Cluster: commands go where their route leads, `PUBSUB` counts have to be summed over the masters. */
  readonly clustered: boolean;

  /** As far as the client knows: a command sent now would be on the wire at once. */
  readonly ready: boolean;

  /** The client was told to end, or was never told to start: it will not be ready again by itself. */
  readonly ended: boolean;

  /**
   * Sends one command. `route`: a key or channel; in a cluster the command goes to the master of its slot, whether or not it
   * names a key.
   */
  send(route: string, command: Command): Promise<Reply>;

  /** Sends several commands of one route together, in one write where the client can; each settles on its own. */
  sendAll(route: string, commands: readonly Command[]): Promise<Reply>[];

  /** Sends one command to every master: their replies, in no order. */
  sendToMasters(command: Command): Promise<Reply[]>;

  /**
   * Resolves when Redis has confirmed. In a cluster, the channels of one call of kind `sharded` are of one slot. A listener
   * hears a channel once, however often it subscribed.
   */
  subscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void>;
  /** Resolves when Redis has confirmed, or at once when others listen on. */
  unsubscribe(kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void>;
  /**
   * Subscribes to channels that are listened to once more, in case the client believes in subscriptions that Redis does not
   * know; resolves when Redis has confirmed. With clients that cannot do so without losing what is published meanwhile,
   * nothing is done unless `thorough`.
   */
  resubscribe(kind: SubscriptionKind, channels: readonly string[], thorough: boolean): Promise<void>;

  /**
   * Whatever carries classic subscriptions now. It is another object when the client has replaced the connection, which some
   * clients do without a word.
   */
  readonly carrier: unknown;

  /** Calls back when the connection was lost, or is ready. Returns what ends that. */
  watch(listener: (event: LinkEvent) => void): () => void;

  /** Capability: ends the connection and makes it anew, with the subscriptions it had. For connections that went deaf. */
  reconnect?(): Promise<void>;

  /** To be called now and then: mends what the client's library does not mend by itself. */
  tend(): void;

  /** A connection of its own with the same settings, for commands that block. */
  duplicate(): Promise<OwnedLink>;

  /** The holder is done with it. With the last one, nothing of the link is left on the client. */
  release(): void;
}

/** `lost` may be told more than once, and in a cluster means one of the connections. */
export type LinkEvent = "lost" | "ready";

export interface OwnedLink {
  readonly ready: boolean;
  send(route: string, command: Command): Promise<Reply>;
  sendAll(route: string, commands: readonly Command[]): Promise<Reply>[];
  /** Ends the connection at once; what waits for a reply is rejected. Idempotent. */
  close(): void;
}

/** Name and arguments, as they go over the wire. */
export type Command = readonly (string | Buffer)[];

export type Reply = null | number | string | Buffer | readonly Reply[];

export type SubscriptionKind =
  /** SUBSCRIBE */
  | "channel"
  /** PSUBSCRIBE: the channels are patterns. */
  | "pattern"
  /** SSUBSCRIBE, Redis 7: a channel lives on the node of its slot. */
  | "sharded";

/** `channel`: the one that was published on; `name`: what was subscribed to, which may be a pattern. MUST NOT throw. */
export type MessageListener = (message: Buffer, channel: string, name: string) => void;
