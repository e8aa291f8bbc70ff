import { type Socket as ClientSocket, io as connect } from "@sockeye/client";
import { afterEach, describe, expect, it } from "vitest";
import type { Socket } from "../src/index.js";
import { moment, once, startServer, until } from "./support/harness.js";

const clients: ClientSocket[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

function client(url: string, options: object = {}): ClientSocket {
  const socket = connect(url, {
    transports: ["websocket"],
    forceNew: true,
    reconnectionDelay: 5,
    reconnectionDelayMax: 10,
    ...options,
  });
  clients.push(socket);
  return socket;
}

describe("the server and our own client", () => {
  it("recover, quiet or not, and no offset reaches a handler", async () => {
    const { io, url } = await startServer({ connectionStateRecovery: {} });
    const socket = client(url);
    const received: unknown[][] = [];
    socket.onAny((...args: unknown[]) => received.push(args));
    await once(socket, "connect");
    const { id } = socket;
    for (const round of [1, 2]) {
      const left = once(socket, "disconnect");
      io.sockets.sockets.get(id!)?.conn.close();
      await left;
      io.emit("missed", "text", round);
      io.to(id!).emit("missed too", round);
      await once(socket, "connect");
      expect([socket.recovered, socket.id]).toEqual([true, id]);
      io.volatile.emit("volatile", "a string");
      await until(() => received.length === 3 * round);
    }
    expect(received).toEqual([
      ["missed", "text", 1],
      ["missed too", 1],
      ["volatile", "a string"],
      ["missed", "text", 2],
      ["missed too", 2],
      ["volatile", "a string"],
    ]);
  });

  it("say on both ends why a session could not be resumed", async () => {
    const { io, url } = await startServer({ connectionStateRecovery: { maxDisconnectionDuration: 1 } });
    const socket = client(url, { reconnectionDelay: 60, randomizationFactor: 0 });
    await once(socket, "connect");
    const arrival = once<Socket>(io, "connection");
    io.sockets.sockets.get(socket.id!)?.conn.close();
    await once(socket, "connect");
    const reasons = [(await arrival).recovery, (socket as unknown as { recovery: unknown }).recovery];
    expect(reasons).toEqual([
      { ok: false, reason: expect.stringMatching(/expired|unknown/) },
      expect.objectContaining({ ok: false, reason: expect.stringMatching(/expired|unknown/) }),
    ]);
  });

  it("have every retried event handled once, in order, while the link is cut", async () => {
    const { io, url } = await startServer();
    const handled: number[] = [];
    io.on("connection", (socket) => {
      socket.on("n", async (n: number, answer: (n: number) => void) => {
        handled.push(n);
        await moment(1);
        answer(n);
      });
    });
    const socket = client(url, { retries: 50, ackTimeout: 100 });
    await once(socket, "connect");
    const answers: number[] = [];
    for (let n = 0; n < 60; n++) {
      socket.emitWithAck("n", n).then((answer: number) => answers.push(answer));
    }
    for (let cut = 0; cut < 8; cut++) {
      await moment(15);
      for (const served of io.sockets.sockets.values()) served.conn.close(true);
    }
    await until(() => answers.length === 60, "the last answer");
    expect(handled).toEqual([...Array(60).keys()]);
    expect(answers).toEqual(handled);
  });
});
