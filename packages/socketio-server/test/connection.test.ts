import type { EngineSink } from "@sockeye/engine-server";
import { MemoryPeer, MemorySocket } from "@sockeye/testkit";
import { describe, expect, it } from "vitest";
import type { Socket } from "../src/index.js";
import { once, onceAll, until } from "./support/harness.js";
import { inMemory, joined, texts, turn } from "./support/memory.js";

describe("a connection", () => {
  it("routes packets to the namespaces it has joined", async () => {
    const { io, engine } = inMemory();
    io.of("/chat").on("connection", (socket) => socket.on("hi", (name: string) => socket.emit("hello", name)));
    const peer = await joined(engine, "0/chat,");
    peer.send('2/chat,["hi","ann"]');
    await turn();
    expect(texts(peer)).toEqual(['2/chat,["hello","ann"]']);
  });

  it("is closed by a packet for a namespace it has not joined", async () => {
    const { engine } = inMemory();
    for (const packet of ['2["x"]', "1", '31["x"]', '4{"message":"x"}', '2/other,["x"]']) {
      const peer = engine.connect();
      peer.send(packet);
      await turn();
      expect(peer.closed, packet).toBe(true);
    }
  });

  it("is closed by a second CONNECT, by CONNECT_ERROR and by garbage, and its sockets hear why", async () => {
    for (const packet of ["0", '4{"message":"x"}', "garbage", '2["disconnect"]', "2[", "9", '2{"a":1}']) {
      const { io, engine } = inMemory();
      const arrival = once<Socket>(io, "connection");
      const peer = await joined(engine);
      const socket = await arrival;
      const heard: unknown[] = [];
      socket.on("error", (error) => heard.push(error));
      const gone = onceAll(socket, "disconnect");
      peer.send(packet);
      const [reason, details] = await gone;
      expect(reason, packet).toBe("forced close");
      expect(heard, packet).toEqual([details]);
      expect((details as { code: string }).code, packet).toMatch(/^ERR_SOCKEYE_/);
      expect(peer.closed).toBe(true);
    }
  });

  it("that breaks the protocol does not disturb the others", async () => {
    const { io, engine } = inMemory();
    const bad = await joined(engine);
    const good = await joined(engine);
    bad.send('51-["x",{"_placeholder":true,"num":"splice"}]');
    bad.send(Buffer.from("x"));
    io.emit("still", "here");
    await turn();
    expect(bad.closed).toBe(true);
    expect(texts(good)).toEqual(['2["still","here"]']);
  });

  it("ignores what arrives after a disconnect in the same breath", async () => {
    const { io, engine } = inMemory();
    const seen: unknown[] = [];
    io.on("connection", (socket) => {
      socket.onAny((event) => seen.push(event));
      socket.on("disconnect", (reason) => seen.push(reason));
    });
    const peer = await joined(engine);
    peer.send('2["before"]');
    peer.send("1");
    await turn();
    expect(seen).toEqual(["client namespace disconnect"]);
  });

  it("ignores what was sent before the peer learnt that the server had ended a namespace", async () => {
    const { io, engine } = inMemory();
    io.of("/room").on("connection", (socket) => socket.disconnect());
    const peer = await joined(engine);
    peer.send("0/room,");
    await turn();
    peer.send('2/room,["late"]');
    peer.send("1/room,");
    await turn();
    expect(peer.closed).toBe(false);
    peer.send("0/room,");
    await turn();
    expect(peer.received.filter((data) => String(data).startsWith("0/room,"))).toHaveLength(2);
  });

  it("takes events in order, many in one breath", async () => {
    const { io, engine } = inMemory();
    const seen: number[] = [];
    io.on("connection", (socket) => socket.on("n", (n: number) => seen.push(n)));
    const peer = await joined(engine);
    for (let n = 0; n < 100; n++) peer.send(`2["n",${n}]`);
    await turn();
    expect(seen).toEqual([...Array(100).keys()]);
  });

  it("takes binary events, and attachments stay with their packet", async () => {
    const { io, engine } = inMemory();
    const received = new Promise<Buffer>((resolve) => {
      io.on("connection", (socket) => socket.on("file", (bytes: Buffer) => resolve(bytes)));
    });
    const peer = await joined(engine);
    peer.send('51-["file",{"_placeholder":true,"num":0}]');
    peer.send(Buffer.from([7, 8, 9]));
    expect([...(await received)]).toEqual([7, 8, 9]);
  });

  it("drops a volatile packet whole when the transport is busy, and counts it", async () => {
    const { io, engine } = inMemory();
    const arrival = once<Socket>(io, "connection");
    const peer = await joined(engine);
    const socket = await arrival;
    const transport = (socket.conn as { transport: { writable: boolean } }).transport;
    transport.writable = false;
    socket.volatile.emit("lost", Buffer.from("x"));
    io.volatile.emit("lost", Buffer.from("x"));
    socket.emit("kept");
    transport.writable = true;
    socket.volatile.emit("kept", Buffer.from("y"));
    await turn();
    expect(texts(peer)).toEqual(['2["kept"]', '51-["kept",{"_placeholder":true,"num":0}]']);
    expect(io.inspect().namespaces["/"]?.dropped).toBe(2);
  });

  it("is closed when it joins nothing in time", async () => {
    const { io, engine } = inMemory({ connectTimeout: 20 });
    const idle = engine.connect();
    const busy = await joined(engine);
    await until(() => idle.closed, "the end of the idle connection");
    expect(busy.closed).toBe(false);
    expect(io.connectTimeout()).toBe(20);
    expect(io.inspect().connections).toBe(1);
  });

  it("is closed when announced attachments do not come in time", async () => {
    const { engine, reported } = inMemory({ limits: { attachmentTimeout: 20 } });
    const peer = await joined(engine);
    peer.send('51-["file",{"_placeholder":true,"num":0}]');
    await until(() => peer.closed, "the end");
    expect(reported[0]?.error.code).toBe("ERR_SOCKEYE_SERVER_ATTACHMENT_TIMEOUT");
    const prompt = await joined(engine);
    prompt.send('51-["file",{"_placeholder":true,"num":0}]');
    prompt.send(Buffer.from("x"));
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(prompt.closed).toBe(false);
  });

  it("is closed by more attachments than allowed", async () => {
    const { engine } = inMemory({ limits: { attachments: 2 } });
    const peer = await joined(engine);
    peer.send('53-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]');
    await turn();
    expect(peer.closed).toBe(true);
  });

  it("is closed when it sends too many events or bytes, if a limit is set", async () => {
    const events = inMemory({ limits: { eventsPerSecond: 10 } });
    const chatty = await joined(events.engine);
    for (let i = 0; i < 11; i++) chatty.send('2["x"]');
    expect(events.reported.map(({ error }) => error.code)).toEqual(["ERR_SOCKEYE_SERVER_TOO_MANY_EVENTS"]);
    const bytes = inMemory({ limits: { bytesPerSecond: 1000 } });
    const bulky = await joined(bytes.engine);
    bulky.send(`2["${"x".repeat(900)}"]`);
    expect(bytes.reported).toEqual([]);
    bulky.send(`2["${"x".repeat(900)}"]`);
    expect(bytes.reported.map(({ error }) => error.code)).toEqual(["ERR_SOCKEYE_SERVER_TOO_MANY_BYTES"]);
    await turn();
    expect([chatty.closed, bulky.closed]).toEqual([true, true]);
  });

  it("is closed by an auth payload that is too large", async () => {
    const { engine, reported } = inMemory({ limits: { authSize: 100 } });
    const modest = await joined(engine, `0${JSON.stringify({ token: "x".repeat(50) })}`);
    const huge = await joined(engine, `0${JSON.stringify({ token: "x".repeat(100) })}`);
    expect([modest.closed, huge.closed]).toEqual([false, true]);
    expect(reported.map(({ error }) => error.code)).toEqual(["ERR_SOCKEYE_SERVER_AUTH_TOO_LARGE"]);
  });

  it("survives a codec that lets packets without a payload pass", async () => {
    const parser = (await import("socket.io-parser")) as never;
    for (const packet of ["2", "3", "4", "50-", "2{}"]) {
      const { io, engine } = inMemory({ parser });
      const bad = await joined(engine);
      const good = await joined(engine);
      bad.send(packet);
      io.emit("still here");
      await turn();
      expect([bad.closed, texts(good)], packet).toEqual([true, ['2["still here"]']]);
    }
  });

  it("treats peer-chosen names as data", async () => {
    const { io, engine } = inMemory();
    const seen: unknown[] = [];
    io.on("connection", (socket) => socket.onAny((event) => seen.push(event)));
    const peer = await joined(engine);
    for (const name of ["error", "__proto__", "constructor", "toString", "newListeners", ""]) {
      peer.send(JSON.stringify([name, 1]).replace(/^/, "2"));
    }
    peer.send("2[5]");
    await turn();
    expect(seen).toEqual(["error", "__proto__", "constructor", "toString", "newListeners", "", 5]);
    expect(peer.closed).toBe(false);
    const stranger = await joined(engine, "0/__proto__,");
    expect(stranger.received).toEqual(['4/__proto__,{"message":"Invalid namespace"}']);
  });
});

describe("a connection of an engine that hands over directly", () => {
  async function direct() {
    const { io } = inMemory();
    const peer = new MemoryPeer();
    const conn = new MemorySocket("direct", peer, {});
    let sink: EngineSink | undefined;
    Object.assign(conn, {
      setSink(given: EngineSink) {
        sink = given;
      },
    });
    const arrival = once<Socket>(io, "connection");
    io.onconnection(conn);
    sink!.onData("0");
    return { sink: sink!, socket: await arrival };
  }

  it("hears events before the answers and before the end that came after them", async () => {
    const { sink, socket } = await direct();
    const heard: unknown[] = [];
    socket.on("n", (n) => heard.push(n));
    socket.on("disconnect", (reason) => heard.push(reason));
    socket.emit("ask", (answer: unknown) => heard.push(answer));
    sink.onData('2["n",1]');
    sink.onData('30["answer"]');
    sink.onData('2["n",2]');
    sink.onClose("transport close");
    expect(heard).toEqual([1, "answer", 2, "transport close"]);
  });

  it("hears events when the engine rests, and at the end of the turn", async () => {
    const { sink, socket } = await direct();
    const heard: unknown[] = [];
    socket.on("n", (n) => heard.push(n));
    sink.onData('2["n",1]');
    sink.onData('2["n",2]');
    expect(heard).toEqual([]);
    sink.onRest?.();
    expect(heard).toEqual([1, 2]);
    sink.onData('2["n",3]');
    await turn();
    expect(heard).toEqual([1, 2, 3]);
  });

  it("hears nothing of what came in one breath with a disconnect", async () => {
    const { sink, socket } = await direct();
    const heard: unknown[] = [];
    socket.on("n", (n) => heard.push(n));
    socket.on("disconnect", (reason) => heard.push(reason));
    sink.onData('2["n",1]');
    sink.onData("1");
    sink.onRest?.();
    expect(heard).toEqual(["client namespace disconnect"]);
  });

  it("may be ended by a listener; the events behind it are not heard", async () => {
    const { sink, socket } = await direct();
    const heard: unknown[] = [];
    socket.on("n", (n) => {
      heard.push(n);
      if (n === 1) sink.onClose("transport close");
    });
    socket.on("disconnect", (reason) => heard.push(reason));
    sink.onData('2["n",1]');
    sink.onData('2["n",2]');
    sink.onRest?.();
    expect(heard).toEqual([1, "transport close"]);
  });
});
