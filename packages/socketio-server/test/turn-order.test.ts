import { createClusterAdapter } from "@sockeye/adapter-base";
import { MemoryBus } from "@sockeye/adapter-base/conformance";
import type { MemoryPeer } from "@sockeye/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { Server, Socket } from "../src/index.js";
import { moment, once, until } from "./support/harness.js";
import { inMemory, joined, texts } from "./support/memory.js";

/**
 * With recovery over a cluster a broadcast waits for its place in the shared log. A client sees what its server did in the order
 * in which it did it all the same.
 */

const servers: Server[] = [];

afterEach(async () => {
  for (const io of servers.splice(0)) await io.close();
});

async function connectedPeer(): Promise<{ io: Server; socket: Socket; peer: MemoryPeer }> {
  const bus = new MemoryBus({ seed: 2, slow: 6 }, { recovery: true });
  const { io, engine } = inMemory({
    adapter: createClusterAdapter({ driver: bus.driver() }),
    connectionStateRecovery: {},
  });
  servers.push(io);
  const connection = once<Socket>(io, "connection");
  const peer = await joined(engine);
  return { io, socket: await connection, peer };
}

/** Names of events, in the order of the wire; `ack` for an answer, `bye` for the end of the namespace. */
function names(peer: MemoryPeer): string[] {
  return texts(peer)
    .filter((text) => /^[123]/.test(text))
    .map((text) => {
      if (text.startsWith("1")) return "bye";
      return text.startsWith("3") ? "ack" : (JSON.parse(text.slice(text.indexOf("[")))[0] as string);
    });
}

describe("behind a broadcast that waits", () => {
  it("comes everything that was done after it, of whatever kind", async () => {
    const { io, socket, peer } = await connectedPeer();
    socket.on("question", (answer: () => void) => {
      io.emit("all, from a handler");
      answer();
      socket.emit("after the answer");
    });
    io.emit("all");
    socket.emit("own");
    io.volatile.emit("volatile, all");
    socket.volatile.emit("volatile, own");
    socket.emit("own, asks", () => {});
    io.timeout(1000).emit("all, asks", () => {});
    io.local.emit("local");
    void socket.join("room");
    io.to("room").emit("room");
    peer.send('27["question"]');
    const expected = [
      "all",
      "own",
      "volatile, all",
      "volatile, own",
      "own, asks",
      "all, asks",
      "local",
      "room",
      "all, from a handler",
      "ack",
      "after the answer",
    ];
    await until(() => names(peer).length === expected.length);
    expect(names(peer)).toEqual(expected);
  });

  it("an event is as it was when it was emitted", async () => {
    const { io, socket, peer } = await connectedPeer();
    const news = { n: 1 };
    io.emit("all", news);
    socket.emit("own", news);
    io.volatile.emit("volatile", news);
    io.timeout(1000).emit("asks", news, () => {});
    news.n = 2;
    await until(() => names(peer).length === 4);
    expect(texts(peer).filter((text) => text.includes('"n":1'))).toHaveLength(4);
  });

  it("what cannot be written down is thrown to whoever emits it", async () => {
    const { io, socket } = await connectedPeer();
    io.emit("all");
    const unserializable = {
      toJSON: () => {
        throw new RangeError("mine");
      },
    };
    expect(() => socket.emit("own", unserializable)).toThrow("mine");
    expect(() => socket.emit("asks", unserializable, () => {})).toThrow("mine");
    expect(socket.pendingAcks).toBe(0);
  });

  it.each([
    ["socket.disconnect()", (_io: Server, socket: Socket) => void socket.disconnect()],
    ["socket.disconnect(true)", (_io: Server, socket: Socket) => void socket.disconnect(true)],
    ["io.disconnectSockets()", (io: Server) => void io.disconnectSockets()],
    [
      "io.in(room).disconnectSockets(true)",
      (io: Server, socket: Socket) => void io.in(socket.id).disconnectSockets(true),
    ],
  ])("%s ends the socket at once, and the client hears the rest first", async (_, end) => {
    const { io, socket, peer } = await connectedPeer();
    let handled = 0;
    socket.on("late", () => handled++);
    io.emit("all");
    socket.emit("own");
    io.to("another room").emit("not for it");
    io.except(socket.id).emit("nor this");
    io.emit("all again");
    end(io, socket);
    expect([socket.connected, io.sockets.sockets.size]).toEqual([false, 0]);
    peer.send('2["late"]');
    await until(() => names(peer).includes("bye"));
    await moment(20);
    expect([names(peer), handled]).toEqual([["all", "own", "all again", "bye"], 0]);
  });

  it("a client that is lost finds all of it when it is back", async () => {
    const bus = new MemoryBus({ seed: 2, slow: 6 }, { recovery: true });
    const { io, engine } = inMemory({
      adapter: createClusterAdapter({ driver: bus.driver() }),
      connectionStateRecovery: {},
    });
    servers.push(io);
    const connection = once<Socket>(io, "connection");
    const peer = await joined(engine);
    const socket = await connection;
    const { pid, offset } = JSON.parse(String(peer.received.at(-1)).slice(1)) as { pid: string; offset: string };
    io.emit("all");
    socket.emit("own");
    io.emit("all again");
    peer.close();
    socket.emit("own, after its end");
    const again = await joined(engine, `0${JSON.stringify({ pid, offset })}`);
    await until(() => names(again).length === 4);
    expect(names(again)).toEqual(["all", "own", "all again", "own, after its end"]);
  });
});
