import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Between clients and a Redis: it can stop passing on what Redis says, on connections that stay open. */
export class RedisProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, redis: Socket]>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(port: number): Promise<RedisProxy> {
    const server = createServer();
    const proxy = new RedisProxy(server);
    server.on("connection", (client) => proxy.#pass(client, port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Connections that exist now become silent in both directions; new ones work. */
  silence(): void {
    for (const [client, redis] of this.#pairs) {
      client.pause();
      redis.pause();
    }
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(client: Socket, port: number): void {
    const redis = connect({ host: "127.0.0.1", port });
    const pair = [client, redis] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [redis, client] as const]) {
      from.on("data", (data) => to.write(data));
      from.on("error", () => to.destroy());
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
