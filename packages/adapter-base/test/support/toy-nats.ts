/** A message server in the manner of NATS, inside the process: subjects, wildcards, and clients that lag behind. */
export class ToyNats {
  readonly #clients = new Set<ToyNatsClient>();

  client(): ToyNatsClient {
    const client = new ToyNatsClient(this);
    this.#clients.add(client);
    return client;
  }

  /** Everything that was sent before is processed before. */
  process(task: () => void): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        task();
        resolve();
      });
    });
  }

  route(subject: string, data: Uint8Array): void {
    if (/[\s*>]|\.\.|^\.|\.$/.test(subject)) throw new RangeError(`bad subject ${subject}`);
    for (const client of this.#clients) client.receive(subject, data.slice());
  }
}

type Callback = (error: Error | null, message: { data: Uint8Array }) => void;

export class ToyNatsClient {
  readonly #server: ToyNats;
  /** As the server knows them. */
  readonly #subscriptions = new Map<object, { subject: string; callback: Callback }>();

  constructor(server: ToyNats) {
    this.#server = server;
  }

  publish(subject: string, data: Uint8Array): void {
    const copy = data.slice();
    void this.#server.process(() => this.#server.route(subject, copy));
  }

  subscribe(subject: string, { callback }: { callback: Callback }): { unsubscribe(): void } {
    const subscription = { unsubscribe: () => void this.#subscriptions.delete(subscription) };
    void this.#server.process(() => this.#subscriptions.set(subscription, { subject, callback }));
    return subscription;
  }

  flush(): Promise<void> {
    return this.#server.process(() => {});
  }

  async *status(): AsyncGenerator<{ type: string }> {}

  receive(subject: string, data: Uint8Array): void {
    for (const one of this.#subscriptions.values()) if (one.subject === subject) one.callback(null, { data });
  }
}
