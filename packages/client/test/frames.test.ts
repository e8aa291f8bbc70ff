import { once } from "node:events";
import { type AddressInfo, Socket as Stream } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import type { TransportOptions } from "../src/engine/contract.js";
import { openWebSocket } from "../src/platform/node.js";

const servers: WebSocketServer[] = [];

/** A WebSocket of the client's, the other end of it, and what arrives there. */
async function connected(options: Partial<TransportOptions> = {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
  servers.push(server);
  await once(server, "listening");
  const arrived: string[] = [];
  const accepted = once(server, "connection");
  const uri = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const socket = openWebSocket(uri, options as TransportOptions, () => {});
  const opened = new Promise<void>((resolve) => {
    socket.onopen = () => resolve();
  });
  const [peer, request] = await accepted;
  peer.on("message", (data: Buffer) => arrived.push(data.toString()));
  await opened;
  return { socket, peer, arrived, stream: request.socket as Stream };
}

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
    for (const text of sent) socket.send(text);
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toHaveBeenCalledTimes(1);

    socket.send("last");
    socket.close();
    await once(peer, "close");
    expect(arrived).toEqual([...sent, "last"]);
  });

  it("leave turn by turn, held back by nothing", async () => {
    const { socket, peer, arrived } = await connected();
    for (const text of ["one", "two"]) {
      const came = once(peer, "message");
      socket.send(text);
      await came;
    }
    expect(arrived).toEqual(["one", "two"]);
  });

  it.each([
    ["by default, from 1,024 bytes on", {}, 1024, undefined, true],
    ["not below that", {}, 1023, undefined, false],
    ["from the threshold on that is given", { perMessageDeflate: { threshold: 100 } }, 100, { compress: true }, true],
    ["not below that one", { perMessageDeflate: { threshold: 100 } }, 99, undefined, false],
    ["with true as by default", { perMessageDeflate: true }, 1024, {}, true],
    ["not where the message says no", {}, 5000, { compress: false }, false],
    ["not where the options say no", { perMessageDeflate: false }, 5000, { compress: true }, false],
  ])("are compressed %s", async (_title, options, size, write, isCompressed) => {
    const { socket, peer, arrived, stream } = await connected(options);
    const before = stream.bytesRead;
    const came = once(peer, "message");
    socket.send("x".repeat(size), write);
    await came;
    expect(arrived).toEqual(["x".repeat(size)]);
    expect(stream.bytesRead - before < size / 2).toBe(isCompressed);
  });
});

describe("pings over Node's WebSocket", () => {
  it("are answered with what they carry", async () => {
    const { peer } = await connected();
    const answered = once(peer, "pong");
    peer.ping("are you there?");
    expect(String(await answered)).toBe("are you there?");
  });

  it("that come faster than their answers leave end the connection", async () => {
    const { peer, stream } = await connected();
    const closed = once(peer, "close");
    // In one segment.
    stream.cork();
    for (let i = 0; i < 61; i++) peer.ping();
    stream.uncork();
    const [code] = await closed;
    expect(code).toBe(1006);
  });

  it("are answered as often as they come, one after the other", async () => {
    const { peer } = await connected();
    for (let i = 0; i < 70; i++) {
      const answered = once(peer, "pong");
      peer.ping(String(i));
      expect(String(await answered)).toBe(String(i));
    }
  });
});
