import type { RedisClient } from "@sockeye/redis-adapter";
import type { Connected } from "./clients.js";

/** Clients that tests share: what makes nodes different is their adapter, and connecting takes longer than most tests. */
export class ClientPool {
  readonly #connect: () => Promise<Connected>;
  readonly #clients: Promise<Connected>[] = [];

  constructor(connect: () => Promise<Connected>) {
    this.#connect = connect;
  }

  /** The clients of one node: to publish with, and to subscribe with. A few pairs serve any number of nodes. */
  async pair(node: number): Promise<readonly [pub: RedisClient, sub: RedisClient]> {
    const first = 2 * (node % 3);
    const [pub, sub] = await Promise.all([this.#client(first), this.#client(first + 1)]);
    return [pub.client, sub.client];
  }

  /** The client of one node that needs no second one: a client that nobody holds has nobody who hears its errors. */
  async single(node: number): Promise<RedisClient> {
    return (await this.#client(2 * (node % 3))).client;
  }

  async close(): Promise<void> {
    const clients = await Promise.all(this.#clients.splice(0).filter((client) => client !== undefined));
    await Promise.all(clients.map(({ close }) => close()));
  }

  #client(index: number): Promise<Connected> {
    this.#clients[index] ??= this.#connect();
    return this.#clients[index];
  }
}
