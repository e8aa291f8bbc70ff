import { describe, expect, it } from "vitest";
import { connected, startServer } from "./support/harness.js";
import { inMemory, joined, turn } from "./support/memory.js";

/**
 * Published advisories about Socket.IO servers: the input that triggered each, and what must happen instead. Those about the
 * engine, the codecs, the client and the bus between servers are in the tests of their packages.
 */

describe("advisories", () => {
  it("CVE-2024-38355, GHSA-25hc-qcg6-38wj: an event named `error` without a listener is data, not an exception", async () => {
    const running = await startServer();
    const { client: attacker, socket } = await connected(running);
    const { client: witness } = await connected(running);
    // A throw on this side would fail the test run as an uncaught exception.
    for (const args of [[], ["text"], [{ message: "no error" }]]) attacker.emit("error", ...args);
    socket.on("still there?", (answer: (yes: boolean) => void) => answer(true));
    expect(await attacker.emitWithAck("still there?")).toBe(true);
    expect([attacker.connected, witness.connected, running.reported]).toEqual([true, true, []]);
  });

  it("CVE-2026-48802: one connection cannot have work without end under way", async () => {
    const { io, engine } = inMemory({ limits: { pendingConnects: 3, namespacesPerConnection: 10 } });
    let waiting = 0;
    for (let n = 0; n < 100; n++) {
      io.of(`/n${n}`).use(() => {
        waiting++;
        return new Promise(() => {});
      });
    }
    const attacker = engine.connect();
    for (let n = 0; n < 100; n++) attacker.send(`0/n${n},`);
    await turn();
    expect(waiting).toBe(3);
    // Others are let in meanwhile.
    await joined(engine);
    expect(io.sockets.sockets.size).toBe(1);
  });
});
