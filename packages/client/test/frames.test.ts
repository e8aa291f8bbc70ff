import { once } from "node:events";
import { type AddressInfo, Socket as Stream } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { TransportOptions } from "../src/engine/contract.js";
import { openWebSocket, sendFrame } from "../src/platform/node.js";

const options = {} as TransportOptions;
const servers: WebSocketServer[] = [];

/** A WebSocket of the client's, the other end of it, and what arrives there. */
async function connected() {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  servers.push(server);
  await once(server, "listening");
  const arrived: string[] = [];
  const accepted = once(server, "connection");
  const socket = openWebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, options, () => {});
  const opened = new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
  });
  const [peer] = await accepted;
  peer.on("message", (data: Buffer) => arrived.push(data.toString()));
  await opened;
  return { socket, peer, arrived };
}

const send = (socket: ReturnType<typeof openWebSocket>, text: string) => sendFrame(socket, text, {}, options);

afterEach(() => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

describe("frames over Node's WebSocket", () => {
  it("leave in one write when they are sent in one turn, in order, and before the farewell", async () => {
    const { socket, peer, arrived } = await connected();
    const writes = vi.spyOn(Stream.prototype as Required<Stream>, "_writev");
    const sent = Array.from({ length: 16 }, (_, i) => `frame ${i}`);
    for (const text of sent) send(socket, text);
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toHaveBeenCalledTimes(1);

    send(socket, "last");
    socket.close();
    await once(peer, "close");
    expect(arrived).toEqual([...sent, "last"]);
  });

  it("leave turn by turn, held back by nothing", async () => {
    const { socket, peer, arrived } = await connected();
    for (const text of ["one", "two"]) {
      const came = once(peer, "message");
      send(socket, text);
      await came;
    }
    expect(arrived).toEqual(["one", "two"]);
  });
});
