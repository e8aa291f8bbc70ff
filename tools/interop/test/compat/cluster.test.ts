import { io as connect, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next } from "../../src/signals.js";
import { type Program, start } from "./program.js";

describe("@socket.io/sticky and @socket.io/cluster-adapter with our server", () => {
  let program: Program;
  const clients: Socket[] = [];

  beforeAll(async () => {
    program = await start("cluster");
    const plans = [["polling"], ["polling", "websocket"], ["websocket"], ["polling"]];
    for (const transports of plans) {
      const client = connect(`http://127.0.0.1:${program.port}`, { transports, forceNew: true });
      clients.push(client);
      await next(client, "connect");
    }
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await program?.end();
  });

  it("sends each session to one worker, and uses both", async () => {
    const pids = await Promise.all(clients.map((client) => client.emitWithAck("where")));
    expect(new Set(pids).size).toBe(2);
    expect(await Promise.all(clients.map((client) => client.emitWithAck("where")))).toEqual(pids);
  });

  it("broadcasts, rooms, fetchSockets and acknowledgements span the workers", async () => {
    const [first] = clients as [Socket];
    const heard = clients.map((client) => next(client, "news"));
    first.emit("shout", "to all", Buffer.from([1, 2]));
    for (const [text, data] of await Promise.all(heard)) {
      expect(text).toBe("to all");
      expect([...new Uint8Array(data as ArrayBuffer)]).toEqual([1, 2]);
    }
    await Promise.all(clients.map((client) => client.emitWithAck("join", "r")));
    const others = clients.slice(1).map((client) => next(client, "news"));
    first.emit("whisper", "r", "to the room");
    expect(await Promise.all(others)).toEqual([["to the room"], ["to the room"], ["to the room"]]);
    expect(await first.emitWithAck("count")).toBe(4);
    for (const [n, client] of clients.entries()) client.on("who", (answer: (n: number) => void) => answer(n));
    expect((await first.emitWithAck("gather")).sort()).toEqual([0, 1, 2, 3]);
  });
});
