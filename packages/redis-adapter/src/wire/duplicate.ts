/** What is used of a client to make another one with the same settings. */
interface Duplicable {
  duplicate(): Duplicable;
  on(event: "error", listener: () => void): unknown;
  /** node-redis; ioredis connects by itself, and has `callBuffer`. */
  connect(): Promise<unknown>;
  callBuffer?: unknown;
  disconnect(): unknown;
  destroy?(): unknown;
}

/** A client that the adapter made, and ends. */
export interface Duplicate {
  readonly client: object;
  /** Resolves when it is connected for the first time. */
  readonly connected: Promise<unknown>;
  end(): void;
}

/** Another client with the same settings: the application's own one publishes, and a connection that subscribes can do nothing else. */
export function duplicateOf(client: unknown): Duplicate {
  const copy = (client as Duplicable).duplicate();
  // What becomes of the connection is seen by its state.
  copy.on("error", () => {});
  const connected = copy.callBuffer === undefined ? copy.connect() : Promise.resolve();
  connected.catch(() => undefined);
  return { client: copy, connected, end: () => end(copy) };
}

function end(copy: Duplicable): void {
  try {
    const ended = copy.destroy === undefined ? copy.disconnect() : copy.destroy();
    if (ended instanceof Promise) ended.catch(() => undefined);
  } catch {
    // It had ended by itself.
  }
}
