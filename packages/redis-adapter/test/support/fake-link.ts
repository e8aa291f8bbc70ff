import type {
  Command,
  LinkEvent,
  MessageListener,
  OwnedLink,
  RedisLink,
  Reply,
  SubscriptionKind,
} from "../../src/clients/contract.js";

/** A connection that does what it is told to: a client that is away, deaf, slow or wrong. */
export class FakeLink implements RedisLink {
  clustered = false;
  ready = true;
  ended = false;
  carrier: unknown = "first";
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  readonly listeners = new Map<string, MessageListener>();
  /** How subscriptions end. */
  answer: () => Promise<void> = async () => {};
  reconnect?: () => Promise<void> = async () => {
    this.calls.push("reconnect");
  };
  #watchers = new Set<(event: LinkEvent) => void>();

  get watchers(): number {
    return this.#watchers.size;
  }

  /** A message arrives. */
  hear(channel: string, message: Buffer | string): void {
    this.listeners.get(channel)?.(Buffer.from(message as string), channel, channel);
  }

  tell(event: LinkEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  async send(_route: string, command: Command): Promise<Reply> {
    this.calls.push(`send ${command.join(" ")}`);
    return null;
  }

  sendAll(route: string, commands: readonly Command[]): Promise<Reply>[] {
    return commands.map((command) => this.send(route, command));
  }

  async sendToMasters(): Promise<Reply[]> {
    return [];
  }

  async subscribe(_kind: SubscriptionKind, channels: readonly string[], listener: MessageListener): Promise<void> {
    const unknown = channels.filter((channel) => !this.listeners.has(channel));
    if (unknown.length === 0) return;
    this.calls.push(`subscribe ${unknown.join(" ")}`);
    await this.answer();
    for (const channel of unknown) this.listeners.set(channel, listener);
  }

  async unsubscribe(_kind: SubscriptionKind, channels: readonly string[]): Promise<void> {
    this.calls.push(`unsubscribe ${channels.join(" ")}`);
    for (const channel of channels) this.listeners.delete(channel);
  }

  async resubscribe(_kind: SubscriptionKind, _channels: readonly string[], thorough: boolean): Promise<void> {
    this.calls.push(thorough ? "resubscribe thoroughly" : "resubscribe");
  }

  watch(listener: (event: LinkEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  tend(): void {
    this.calls.push("tend");
  }

  async duplicate(): Promise<OwnedLink> {
    throw new TypeError("this link cannot be duplicated");
  }

  release(): void {
    this.calls.push("release");
  }
}
