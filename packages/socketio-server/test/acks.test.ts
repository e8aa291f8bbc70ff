import { InMemoryAdapter } from "@sockeye/adapter-base";
import { describe, expect, it } from "vitest";
import { AckError, RemoteSocket, type Socket } from "../src/index.js";
import { connected, moment, once, startServer, until } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

async function pair(options = {}) {
  const { io, engine, reported } = inMemory(options);
  const arrival = once<Socket>(io, "connection");
  const peer = await joined(engine);
  return { io, engine, peer, socket: await arrival, reported };
}

describe("acknowledgements of one socket", () => {
  it("call back with the answer, once", async () => {
    const { io, peer, socket } = await pair();
    const answers: unknown[] = [];
    socket.emit("ask", 1, (...args: unknown[]) => answers.push(args));
    await turn();
    expect(texts(peer)).toEqual(['20["ask",1]']);
    expect(io.inspect().namespaces["/"]?.pendingAcks).toBe(1);
    peer.send('30["a",{"b":1}]');
    peer.send('30["again"]');
    peer.send('399["unknown"]');
    expect(answers).toEqual([["a", { b: 1 }]]);
    expect(io.inspect().namespaces["/"]?.pendingAcks).toBe(0);
  });

  it("after timeout() take an error first: null, or the time-out", async () => {
    const { io, peer, socket } = await pair();
    const calls: unknown[] = [];
    socket.timeout(10_000).emit("a", (error: Error | null, value: unknown) => calls.push([error, value]));
    socket.timeout(10).emit("b", (error: Error & { code: string }) => calls.push([error.message, error.code]));
    peer.send('30["yes"]');
    await until(() => calls.length === 2);
    expect(calls).toEqual([
      [null, "yes"],
      ["operation has timed out", "ERR_SOCKEYE_SERVER_ACK_TIMEOUT"],
    ]);
    peer.send('31["too late"]');
    expect(calls).toHaveLength(2);
    expect(io.inspect()).toMatchObject({ deadlines: 0 });
  });

  it("emitWithAck resolves with the answer, or rejects at the time-out", async () => {
    const { peer, socket } = await pair();
    const answer = socket.emitWithAck("ask");
    peer.send('30["yes","and more"]');
    expect(await answer).toBe("yes");
    await expect(socket.timeout(5).emitWithAck("ask")).rejects.toThrow("operation has timed out");
  });

  it("settle at once when the peer leaves, where an error is taken", async () => {
    const { io, peer, socket } = await pair();
    const plain: unknown[] = [];
    const withError: unknown[] = [];
    const outcomes = [socket.emitWithAck("a"), socket.timeout(60_000).emitWithAck("b")];
    socket.emit("c", () => plain.push("called"));
    socket.timeout(60_000).emit("d", (error: Error) => withError.push(error));
    peer.close();
    for (const outcome of outcomes) {
      await expect(outcome).rejects.toMatchObject({
        code: "ERR_SOCKEYE_SERVER_PEER_GONE",
        message: "socket has been disconnected",
      });
    }
    expect([plain.length, withError.length]).toEqual([0, 1]);
    expect(withError[0]).toBeInstanceOf(AckError);
    expect([socket.pendingAcks, io.inspect().deadlines]).toEqual([0, 0]);
  });

  it("are capped: the oldest makes room", async () => {
    const { socket } = await pair({ limits: { pendingAcks: 3 } });
    const outcomes = [1, 2, 3, 4, 5].map((n) => socket.emitWithAck("ask", n));
    expect(socket.pendingAcks).toBe(3);
    for (const early of outcomes.slice(0, 2)) {
      await expect(early).rejects.toMatchObject({ code: "ERR_SOCKEYE_SERVER_TOO_MANY_ACKS" });
    }
    for (const late of outcomes.slice(2)) late.catch(() => {});
  });

  it("whose callback throws or rejects reach the hook, and nothing else happens", async () => {
    const { peer, socket, reported } = await pair();
    socket.emit("a", () => {
      throw new Error("in callback");
    });
    socket.timeout(100).emit("b", async () => {
      throw new Error("in async callback");
    });
    peer.send("30[]");
    peer.send("31[]");
    await turn();
    expect(reported.map(({ error, context }) => [error.message, context.event, context.socket])).toEqual([
      ["in callback", "acknowledgement", socket],
      ["in async callback", "acknowledgement", socket],
    ]);
  });

  it("sent in the same breath as a disconnect still count", async () => {
    const { peer, socket } = await pair();
    const answer = socket.emitWithAck("ask");
    peer.send('30["bye"]');
    peer.send("1");
    expect(await answer).toBe("bye");
  });

  it("with binary answers", async () => {
    const { peer, socket } = await pair();
    const answer = socket.emitWithAck("ask");
    peer.send('61-0[{"_placeholder":true,"num":0}]');
    peer.send(Buffer.from([1, 2]));
    expect([...(await answer)]).toEqual([1, 2]);
  });
});

describe("acknowledgements of a broadcast", () => {
  it("gather one answer per recipient, the first argument of each", async () => {
    const running = await startServer();
    for (const name of ["ann", "bob", "cat"]) {
      const { client } = await connected(running);
      client.on("who", (answer) => answer(name, "ignored"));
    }
    const answers = await running.io.timeout(10_000).emitWithAck("who");
    expect(answers.sort()).toEqual(["ann", "bob", "cat"]);
    const withoutTimeout = await running.io.emitWithAck("who");
    expect(withoutTimeout.sort()).toEqual(["ann", "bob", "cat"]);
    const called = await new Promise((resolve) => {
      running.io
        .timeout(10_000)
        .emit("who", (error: unknown, responses: string[]) => resolve([error, responses.sort()]));
    });
    expect(called).toEqual([null, ["ann", "bob", "cat"]]);
  });

  it("of nobody are complete at once", async () => {
    const { io } = inMemory();
    expect(await io.timeout(10_000).emitWithAck("x")).toEqual([]);
    expect(await io.to("nobody").emitWithAck("x")).toEqual([]);
    expect(io.inspect().deadlines).toBe(0);
  });

  it("report what came in time", async () => {
    const { io, engine } = inMemory();
    const first = await joined(engine);
    await joined(engine);
    const outcome = io.timeout(20).emitWithAck("ask");
    first.send('30["one"]');
    await expect(outcome).rejects.toMatchObject({
      message: "operation has timed out",
      code: "ERR_SOCKEYE_SERVER_ACK_TIMEOUT",
      responses: ["one"],
    });
    await moment(5);
    expect(io.inspect()).toMatchObject({ deadlines: 0 });
    expect(io.inspect().namespaces["/"]?.pendingAcks).toBe(0);
  });

  it("finish early when a recipient leaves, with the answers of the others", async () => {
    const { io, engine } = inMemory();
    const [first, second] = [await joined(engine), await joined(engine)];
    const outcome = io.timeout(60_000).emitWithAck("ask");
    await turn();
    first.send('30["one"]');
    second.close();
    await expect(outcome).rejects.toMatchObject({ code: "ERR_SOCKEYE_SERVER_PEER_GONE", responses: ["one"] });
    expect(io.inspect()).toMatchObject({ deadlines: 0 });
  });

  it("without timeout() call back with an error that names it; clients get the event as usual", async () => {
    const { io, engine } = inMemory();
    const peer = await joined(engine);
    const [error, responses] = await new Promise<[Error & { code: string }, unknown]>((resolve) => {
      io.emit("ask", ((error: Error & { code: string }, responses: unknown) => resolve([error, responses])) as never);
    });
    expect(error.message).toContain("timeout()");
    expect([error.code, responses]).toEqual(["ERR_SOCKEYE_SERVER_ACK_WITHOUT_TIMEOUT", []]);
    expect(texts(peer)).toEqual(['20["ask"]']);
  });

  it("wait for the default time when emitWithAck has none of its own", async () => {
    const { io, engine } = inMemory({ ackTimeout: 10 });
    await joined(engine);
    await expect(io.emitWithAck("ask")).rejects.toThrow("operation has timed out");
  });

  it("whose callback throws reach the hook", async () => {
    const { io, reported } = inMemory();
    io.timeout(100).emit("ask", () => {
      throw new Error("in callback");
    });
    await turn();
    expect(reported.map(({ error }) => error.message)).toEqual(["in callback"]);
  });

  it("to remote sockets give a single answer, null at the time-out", async () => {
    class Remote extends InMemoryAdapter {
      override async fetchSockets(options: Parameters<InMemoryAdapter["fetchSockets"]>[0]) {
        const local = await super.fetchSockets(options);
        return local.map(({ id, handshake, rooms, data }) => ({ id, handshake, rooms, data }));
      }
    }
    const { io, engine } = inMemory({ adapter: Remote });
    const peer = await joined(engine);
    const [remote] = await io.fetchSockets();
    if (remote === undefined) throw new Error("one socket was expected");
    const answer = remote.timeout(10_000).emitWithAck("ask");
    await turn();
    peer.send('30["yes"]');
    expect(await answer).toBe("yes");
    const outcome = await new Promise((resolve) => {
      remote.timeout(5).emit("ask", (error: Error, response: unknown) => resolve([error.message, response]));
    });
    expect(outcome).toEqual(["operation has timed out", null]);
    remote.emit("plain", 1);
    remote.join("room");
    await turn();
    expect(texts(peer).at(-1)).toBe('2["plain",1]');
    expect(io.sockets.adapter.rooms.has("room")).toBe(true);
    remote.leave("room");
    expect(io.sockets.adapter.rooms.has("room")).toBe(false);
    expect([remote.rooms.size, remote.data, typeof remote.handshake]).toEqual([1, {}, "object"]);
    remote.disconnect(true);
    await turn();
    expect(peer.closed).toBe(true);
  });

  it("fetchSockets() of which some servers did not answer rejects with the sockets that were found", async () => {
    class Partial extends InMemoryAdapter {
      override async fetchSockets(): Promise<never> {
        const details = { id: "far", handshake: {}, rooms: new Set(["far"]), data: { a: 1 } };
        throw Object.assign(new Error("missing"), { responses: [details], missing: ["node"] });
      }
    }
    const { io } = inMemory({ adapter: Partial });
    const error = await io.fetchSockets().catch((reason) => reason);
    expect(error.missing).toEqual(["node"]);
    expect(error.responses[0]).toBeInstanceOf(RemoteSocket);
    expect(error.responses[0].data).toEqual({ a: 1 });
  });
});
