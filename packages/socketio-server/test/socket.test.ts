import { describe, expect, it } from "vitest";
import type { Socket } from "../src/index.js";
import { connected, moment, once, onceAll, startServer, until } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

async function pair(options = {}) {
  const { io, engine, reported } = inMemory(options);
  const arrival = once<Socket>(io, "connection");
  const peer = await joined(engine);
  return { io, engine, peer, socket: await arrival, reported };
}

describe("a socket", () => {
  it("emits every kind of argument", async () => {
    const { peer, socket } = await pair();
    expect(socket.emit("hello", 1, "2", { 3: "4" }, [null], true)).toBe(true);
    expect(socket.send("text")).toBe(socket);
    socket.write("more");
    await turn();
    expect(texts(peer)).toEqual([
      '2["hello",1,"2",{"3":"4"},[null],true]',
      '2["message","text"]',
      '2["message","more"]',
    ]);
  });

  it("refuses reserved names and what cannot be written down", async () => {
    const { socket, io } = await pair();
    for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
      expect(() => socket.emit(name), name).toThrow(`"${name}" is a reserved event name`);
      expect(() => io.emit(name), name).toThrow(/reserved/);
      await expect(socket.emitWithAck(name)).rejects.toThrow(/reserved/);
    }
    const ring: unknown[] = [];
    ring.push(ring);
    expect(() => socket.emit("ring", ring, () => {})).toThrow();
    expect(socket.pendingAcks).toBe(0);
    expect(() => socket.emit("error", "is only data")).not.toThrow();
  });

  it("acknowledges at most once, and not after it has left", async () => {
    const { io, peer, socket } = await pair();
    let answer: (...args: unknown[]) => void = () => {};
    socket.on("ask", (_question, reply) => {
      answer = reply;
    });
    peer.send('27["ask","x"]');
    await turn();
    answer("a", Buffer.from("b"));
    answer("c");
    await turn();
    expect(texts(peer)).toEqual(['61-7["a",{"_placeholder":true,"num":0}]']);
    peer.send('28["ask","x"]');
    await turn();
    io.disconnectSockets();
    answer("late");
    await turn();
    expect(texts(peer).at(-1)).toBe("1");
  });

  it("joins and leaves rooms, its own from the start", async () => {
    const { io, socket } = await pair();
    expect([...socket.rooms]).toEqual([socket.id]);
    socket.join("room 237");
    socket.join(["room 237", "room 238"]);
    expect([...socket.rooms]).toEqual([socket.id, "room 237", "room 238"]);
    socket.leave("room 237");
    expect([...socket.rooms]).toEqual([socket.id, "room 238"]);
    expect(io.sockets.adapter.rooms.get("room 238")).toEqual(new Set([socket.id]));
  });

  it("is in its rooms while disconnecting, in none after, and joins no more", async () => {
    const { io, socket, peer } = await pair();
    socket.join("room");
    const log: unknown[] = [];
    socket.on("disconnecting", (reason) => log.push(reason, socket.connected, [...socket.rooms].length));
    socket.on("disconnect", (reason) => log.push(reason, socket.connected, socket.disconnected, socket.rooms.size));
    peer.close("transport close");
    socket.join("another");
    expect(log).toEqual(["transport close", true, 2, "transport close", false, true, 0]);
    expect([io.sockets.adapter.rooms.size, io.sockets.sockets.size]).toEqual([0, 0]);
  });

  it("may be in a limited number of rooms", async () => {
    const { socket } = await pair({ limits: { roomsPerSocket: 2 } });
    socket.join("one");
    expect(() => socket.join("two")).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_SERVER_TOO_MANY_ROOMS" }));
  });

  it("gives the engine's reason, whatever it is", async () => {
    for (const reason of ["transport error", "transport close", "ping timeout", "parse error", "slow consumer"]) {
      const { socket, peer } = await pair();
      const heard = once(socket, "disconnect");
      peer.close(reason);
      expect(await heard).toBe(reason);
    }
  });

  it("disconnect() ends the namespace, disconnect(true) the connection with all of its namespaces", async () => {
    const { io, socket, peer } = await pair();
    const other = once<Socket>(io.of("/other"), "connection");
    peer.send("0/other,");
    const otherSocket = await other;
    const reasons: unknown[] = [];
    socket.on("disconnect", (reason) => reasons.push(reason));
    otherSocket.on("disconnect", (reason) => reasons.push(reason));
    expect(otherSocket.disconnect()).toBe(otherSocket);
    await turn();
    expect([texts(peer).at(-1), peer.closed, reasons]).toEqual(["1/other,", false, ["server namespace disconnect"]]);
    socket.disconnect(true);
    socket.disconnect(true);
    await turn();
    expect([texts(peer).at(-1), peer.closed]).toEqual(["1", true]);
    expect(reasons).toEqual(["server namespace disconnect", "server namespace disconnect"]);
  });

  it("broadcasts to all but itself", async () => {
    const { io, engine, socket, peer } = await pair();
    const second = await joined(engine);
    const third = await joined(engine);
    const [, b, c] = [...io.sockets.sockets.values()];
    b?.join(["x", "y"]);
    c?.join("y");
    socket.join("x");
    socket.broadcast.emit("all");
    socket.to("x").emit("x");
    socket.in(["x", "y"]).emit("xy");
    socket.to("y").except("x").emit("y-x");
    socket.except("x").emit("-x");
    socket.local.emit("local");
    socket.to(socket.id).emit("never");
    socket.volatile.to("y").emit("volatile");
    await turn();
    expect(texts(peer)).toEqual([]);
    expect(texts(second)).toEqual(['2["all"]', '2["x"]', '2["xy"]', '2["local"]', '2["volatile"]']);
    expect(texts(third)).toEqual(['2["all"]', '2["xy"]', '2["y-x"]', '2["-x"]', '2["local"]', '2["volatile"]']);
  });

  it("catch-all listeners hear of every event, in order, and can be removed", async () => {
    const { peer, socket } = await pair();
    const log: unknown[] = [];
    const first = (...args: unknown[]) => log.push(["first", ...args]);
    const second = (...args: unknown[]) => log.push(["second", ...args]);
    socket.onAny(second).prependAny(first);
    expect(socket.listenersAny()).toEqual([first, second]);
    peer.send('2["a",1]');
    await turn();
    expect(log).toEqual([
      ["first", "a", 1],
      ["second", "a", 1],
    ]);
    socket.offAny(first);
    expect(socket.listenersAny()).toEqual([second]);
    socket.offAny();
    expect(socket.listenersAny()).toEqual([]);
    peer.send('31["an answer is no event"]');
    await turn();
    expect(log).toHaveLength(2);
  });

  it("catch-all listeners for outgoing events hear of broadcasts, too, and never of answers", async () => {
    const { io, peer, socket } = await pair();
    const log: unknown[] = [];
    const first = (...args: unknown[]) => log.push(args);
    const second = () => {};
    socket.onAnyOutgoing(first).prependAnyOutgoing(second);
    expect(socket.listenersAnyOutgoing()).toEqual([second, first]);
    socket.emit("direct", 1);
    io.emit("all", 2);
    io.to(socket.id)
      .timeout(50)
      .emit("asked", 3, () => {});
    socket.emit("asked", 4, () => {});
    socket.on("question", (answer) => answer("x"));
    peer.send('21["question"]');
    await turn();
    expect(log).toEqual([
      ["direct", 1],
      ["all", 2],
      ["asked", 3],
      ["asked", 4],
    ]);
    socket.offAnyOutgoing(first);
    socket.offAnyOutgoing();
    expect(socket.listenersAnyOutgoing()).toEqual([]);
  });

  it("packet middlewares see events before their listeners, may change them, and refuse them", async () => {
    const { peer, socket } = await pair();
    const log: unknown[] = [];
    socket.use((event, next) => {
      event[1] = `${event[1]}!`;
      next();
    });
    socket.use(([event], next) => (event === "forbidden" ? next(new Error("no")) : next()));
    socket.use((_event, next) => next());
    socket.on("allowed", (text) => log.push(text));
    socket.on("forbidden", () => log.push("never"));
    socket.on("error", (error) => log.push(error.message));
    peer.send('2["allowed","hi"]');
    peer.send('2["forbidden","x"]');
    await turn();
    expect(log).toEqual(["hi!", "no"]);
  });

  it("a refused event without an `error` listener does not crash", async () => {
    const { peer, socket, io } = await pair();
    socket.use((_event, next) => next(new Error("refused")));
    peer.send('2["x"]');
    peer.send('2["error","data"]');
    await turn();
    expect(io.sockets.sockets.size).toBe(1);
  });

  it("a client's `error` event reaches those who listen, and nobody else", async () => {
    const { peer, socket } = await pair();
    const heard: unknown[] = [];
    peer.send('2["error","nobody"]');
    await turn();
    socket.on("error", (data) => heard.push(data));
    peer.send('2["error","somebody"]');
    await turn();
    expect(heard).toEqual(["somebody"]);
  });

  it("flags hold for one emit", async () => {
    const { peer, socket } = await pair();
    const transport = (socket.conn as { transport: { writable: boolean } }).transport;
    transport.writable = false;
    socket.volatile.emit("lost");
    socket.emit("kept");
    expect(socket.compress(false)).toBe(socket);
    socket.emit("kept too");
    await turn();
    expect(texts(peer)).toEqual(['2["kept"]', '2["kept too"]']);
  });

  it("tells the engine what may be compressed or dropped", async () => {
    const { io, socket } = await pair();
    const log: unknown[] = [];
    const write = socket.conn.write.bind(socket.conn);
    socket.conn.write = (data, options) => {
      log.push({ ...options });
      return write(data, options);
    };
    socket.compress(false).emit("a");
    socket.compress(true).emit("b");
    socket.volatile.emit("c");
    io.compress(false).volatile.emit("d");
    io.emit("e");
    expect(log).toEqual([{ compress: false }, {}, { volatile: true }, { compress: false, volatile: true }, {}]);
  });

  it("is an emitter like any other", async () => {
    const { socket } = await pair();
    const listener = () => {};
    socket.on("a", listener).once("b", listener);
    expect(socket.eventNames()).toEqual(["a", "b"]);
    expect(socket.listenerCount("a")).toBe(1);
    socket.removeListener("a", listener).removeAllListeners("b");
    expect(socket.eventNames()).toEqual([]);
  });

  it("has a handshake, made from the first request", async () => {
    const running = await startServer();
    const { socket } = await connected(running, "/", {
      auth: { token: "abc" },
      query: { x: "1" },
      extraHeaders: { "x-test": "yes" },
    });
    const { handshake } = socket;
    expect(handshake).toBe(socket.handshake);
    expect(handshake.auth).toEqual({ token: "abc" });
    expect(handshake.query).toMatchObject({ x: "1", EIO: "4", transport: "websocket" });
    expect(handshake.headers["x-test"]).toBe("yes");
    expect(handshake.headers).toBe(socket.request.headers);
    expect(handshake.url).toMatch(/^\/socket\.io\/\?/);
    expect([handshake.xdomain, handshake.secure]).toEqual([false, false]);
    expect(handshake.address).toMatch(/127\.0\.0\.1/);
    expect(new Date(handshake.time).getTime()).toBe(Math.floor(handshake.issued / 1000) * 1000);
    expect(socket.request).toBe(socket.conn.request);
    expect(socket.client.request).toBe(socket.request);
    expect(socket.client.conn).toBe(socket.conn);
    expect(socket.conn.transport.name).toBe("websocket");
  });

  it("keeps its handshake when the request is deleted; a repeated parameter is an array", async () => {
    const { io, engine } = inMemory();
    const arrival = once<Socket>(io, "connection");
    const request = { url: "/socket.io/?a=1&a=2&b=3&a=4&__proto__=x", headers: { origin: "http://x" } };
    engine.connect({ request }).send("0");
    const socket = await arrival;
    delete socket.conn.request;
    expect(socket.request).toBeUndefined();
    expect(socket.handshake.query).toEqual(
      Object.assign(Object.create(null), { a: ["1", "2", "4"], b: "3", ["__proto__"]: "x" }),
    );
    expect(socket.handshake.xdomain).toBe(true);
    expect(socket.handshake.headers).toEqual({ origin: "http://x" });
  });

  it("without a request is secure and has no headers", async () => {
    const { socket } = await pair();
    expect(socket.handshake).toMatchObject({ headers: {}, query: {}, url: "", secure: true, xdomain: false });
  });

  it("keeps data, and has one object of it", async () => {
    const { socket } = await pair();
    socket.data.name = "ann";
    expect(socket.data).toEqual({ name: "ann" });
    socket.data = { other: true };
    expect(socket.data).toEqual({ other: true });
  });

  it("says what it is: recovered, connected, in a namespace", async () => {
    const { io, socket } = await pair();
    expect([socket.recovered, socket.connected, socket.disconnected]).toEqual([false, true, false]);
    expect(socket.recovery).toEqual({ ok: false, reason: "off" });
    expect(socket.nsp).toBe(io.sockets);
    expect(io.sockets.sockets.get(socket.id)).toBe(socket);
  });

  it("emits from a middleware arrive before its CONNECT", async () => {
    const { io, engine } = inMemory();
    io.use((socket, next) => {
      socket.emit("early");
      next();
    });
    const peer = await joined(engine);
    expect(peer.received.map((data) => String(data).slice(0, 9))).toEqual([
      '2["early"',
      expect.stringMatching(/^0\{"sid/),
    ]);
  });

  it("sends nothing once it has left, and its acknowledgements settle", async () => {
    const { io, peer, socket } = await pair();
    peer.send("0/other,");
    io.of("/other");
    socket.disconnect();
    const count = peer.received.length;
    socket.emit("x");
    await expect(socket.emitWithAck("x")).rejects.toMatchObject({ code: "ERR_SOCKEYE_SERVER_PEER_GONE" });
    await moment(5);
    expect(peer.received.filter((data) => String(data).startsWith("2"))).toEqual([]);
    expect(peer.received.length).toBeGreaterThanOrEqual(count);
  });

  it("hears of the end of the connection, with details, whoever ends it", async () => {
    const running = await startServer();
    const { client, socket } = await connected(running);
    const gone = onceAll(socket, "disconnect");
    client.io.engine.close();
    expect((await gone)[0]).toBe("transport close");
    const second = await connected(running);
    const left = onceAll(second.socket, "disconnect");
    second.client.disconnect();
    expect((await left)[0]).toBe("client namespace disconnect");
    await until(() => running.io.inspect().connections === 0);
  });
});
