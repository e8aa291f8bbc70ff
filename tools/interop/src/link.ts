import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP relay on the loopback between clients and a server: the cable that scenarios pull. Connections can be cut on
 * both ends, cut so that only the client notices, or frozen so that nobody does.
 */
export class Link {
  readonly #relay: Server;
  readonly #pairs = new Set<{ near: Socket; far: Socket }>();
  #frozen = false;
  /** Port of the server; 0 while there is none. */
  #target = 0;

  constructor() {
    this.#relay = createServer((near) => this.#accept(near));
  }

  async open(target = 0): Promise<void> {
    this.#target = target;
    await new Promise<void>((resolve) => this.#relay.listen(0, "127.0.0.1", resolve));
  }

  get port(): number {
    return (this.#relay.address() as { port: number }).port;
  }

  /** Ends every connection, seen by both sides. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#pairs.clear();
  }

  /** Ends the client's side of every connection; the server's side stays up, silent, as after a change of network. */
  cutClientSide(): void {
    for (const pair of this.#pairs) {
      pair.near.unpipe(pair.far);
      pair.far.unpipe(pair.near);
      pair.far.resume();
      pair.near.destroy();
    }
  }

  /** From now on nothing passes and nothing closes. */
  freeze(): void {
    this.#frozen = true;
    for (const { near, far } of this.#pairs) hold(near, far);
  }

  /** New connections reach the server on that port. */
  plug(target: number): void {
    this.#target = target;
  }

  /** New connections are refused: a stopped server's port may soon be somebody else's. */
  unplug(): void {
    this.#target = 0;
  }

  /** New connections go to another port. */
  lead(target: number): void {
    this.#target = target;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#relay.close(() => resolve()));
  }

  #accept(near: Socket): void {
    if (this.#target === 0) {
      near.destroy();
      return;
    }
    const far = connect(this.#target, "127.0.0.1");
    const pair = { near, far };
    this.#pairs.add(pair);
    near.setNoDelay(true);
    far.setNoDelay(true);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    far.on("close", () => {
      this.#pairs.delete(pair);
      near.destroy();
    });
    near.pipe(far);
    far.pipe(near);
    if (this.#frozen) hold(near, far);
  }
}

function hold(near: Socket, far: Socket): void {
  near.unpipe(far);
  far.unpipe(near);
  near.pause();
  far.pause();
}
