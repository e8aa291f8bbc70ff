import { describe, expect, it } from "vitest";
import { MemoryEngine, type MemorySocket } from "../src/index.js";

describe("the in-memory engine", () => {
  it("carries data both ways in order, and tells both ends of the end", async () => {
    const engine = new MemoryEngine();
    const log: unknown[] = [];
    engine.on("connection", (socket: MemorySocket) => {
      socket.on("data", (data: unknown) => socket.write(`echo ${data}`));
      socket.on("close", (reason: string) => log.push(reason));
    });
    const peer = engine.connect();
    peer.send("a");
    peer.send("b");
    await Promise.resolve();
    expect(peer.received).toEqual(["echo a", "echo b"]);
    peer.close();
    await Promise.resolve();
    expect([log, peer.closed, engine.clientsCount]).toEqual([["transport close"], true, 0]);
  });
});
