import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP load balancer on loopback: each new connection goes to the next target that takes it. */
export class Balancer {
  readonly #server = createServer((near) => this.#accept(near));
  readonly #open = new Set<Socket>();
  #targets: readonly number[] = [];
  #next = 0;

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ports of 127.0.0.1. */
  target(ports: readonly number[]): void {
    this.#targets = ports;
  }

  /** Cuts every connection for which the choice falls, seen by both ends. */
  cut(chosen: () => boolean): void {
    for (const socket of [...this.#open]) if (chosen()) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    near.on("error", () => near.destroy());
    this.#dial(near, this.#targets.length);
  }

  #dial(near: Socket, triesLeft: number): void {
    const port = this.#targets[this.#next++ % Math.max(1, this.#targets.length)];
    if (port === undefined || triesLeft === 0) {
      near.destroy();
      return;
    }
    const far = connect(port, "127.0.0.1");
    const refused = () => this.#dial(near, triesLeft - 1);
    far.once("error", refused);
    far.once("connect", () => {
      far.off("error", refused);
      this.#join(near, far);
    });
  }

  #join(near: Socket, far: Socket): void {
    near.setNoDelay(true);
    far.setNoDelay(true);
    this.#open.add(near);
    far.on("error", () => far.destroy());
    near.on("close", () => {
      this.#open.delete(near);
      far.destroy();
    });
    far.on("close", () => near.destroy());
    near.pipe(far);
    far.pipe(near);
  }
}
