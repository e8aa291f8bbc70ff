import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Socket as Client } from "engine.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { Server } from "../src/index.js";

const cleanups: Array<() => void> = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function start(options = {}): Promise<{ engine: Server; url: string }> {
  const http = createServer();
  const engine = new Server(options);
  engine.attach(http);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    engine.close();
    http.closeAllConnections();
    http.close();
  });
  return { engine, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

describe("the official client", () => {
  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    it(`exchanges messages over ${transports.join(" then ")}`, async () => {
      const { engine, url } = await start();
      engine.on("connection", (socket) => {
        socket.on("data", (data) => socket.send(data));
      });
      const client = new Client(url, { transports });
      cleanups.push(() => client.close());
      const got: unknown[] = [];
      const sent = ["hello", "café", Buffer.from([1, 2, 3]), "", "x".repeat(70_000)];
      await new Promise<void>((resolve, reject) => {
        client.on("error", reject);
        client.on("open", () => {
          for (const one of sent) client.send(one);
        });
        client.on("message", (data) => {
          got.push(data);
          if (got.length === sent.length) resolve();
        });
      });
      expect(got[0]).toBe("hello");
      expect(got[1]).toBe("café");
      expect(Buffer.from(got[2] as Buffer)).toEqual(Buffer.from([1, 2, 3]));
      expect(got[4]).toBe("x".repeat(70_000));
      if (transports.length === 2 && client.transport.name !== "websocket") {
        await new Promise<void>((resolve) => client.once("upgrade", () => resolve()));
      }
      expect(engine.clientsCount).toBe(1);
      const closed = new Promise((resolve) => Object.values(engine.clients)[0]!.on("close", resolve));
      client.close();
      await closed;
      expect(engine.clientsCount).toBe(0);
    });
  }
});
