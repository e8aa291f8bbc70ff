import { createServer, get } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Server as OfficialEngine } from "engine.io";
import { describe, expect, it } from "vitest";
import { Namespace, Server, ServerUsageError, type Socket } from "../src/index.js";
import { certificate, key } from "./support/certificate.js";
import { client, connected, keep, listening, moment, once, startServer, until, urlOf } from "./support/harness.js";
import { inMemory, joined, turn } from "./support/memory.js";

describe("a server and the official client", () => {
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    it(`exchange events over ${transports.join(" then ")}`, async () => {
      const running = await startServer();
      const { client, socket } = await connected(running, "/", { transports });
      socket.on("sum", (a: number, b: number, answer: (sum: number) => void) => answer(a + b));
      expect(await client.emitWithAck("sum", 1, 2)).toBe(3);
      client.on("ask", (question: string, answer: (text: string) => void) => answer(`${question}!`));
      expect(await socket.emitWithAck("ask", "why")).toBe("why!");
      const bytes = once<Buffer>(client, "bytes");
      running.io.emit("bytes", Buffer.from([1, 2, 3]));
      expect([...(await bytes)]).toEqual([1, 2, 3]);
      const large = once<Buffer>(socket, "large");
      client.emit("large", Buffer.alloc(500_000, 7));
      expect((await large).length).toBe(500_000);
    });
  }

  it("refuses an unknown namespace", async () => {
    const { url } = await startServer();
    const error = await once<Error>(client(`${url}/nowhere`), "connect_error");
    expect(error.message).toBe("Invalid namespace");
  });

  it("speaks MessagePack when both do", async () => {
    const msgpack = (await import("socket.io-msgpack-parser")) as never;
    const running = await startServer({ parser: msgpack });
    const { client, socket } = await connected(running, "/", { parser: msgpack });
    const heard = once(socket, "x");
    client.emit("x", { a: [1, Buffer.from([2])] });
    expect(await heard).toEqual({ a: [1, Buffer.from([2])] });
    const answer = running.io.timeout(10_000).emitWithAck("ask");
    client.on("ask", (reply) => reply("yes"));
    expect(await answer).toEqual(["yes"]);
  });

  it("a codec without a list of reserved names forges no life-cycle event", async () => {
    const msgpack = (await import("socket.io-msgpack-parser")) as never;
    const running = await startServer({ parser: msgpack });
    const { client, socket } = await connected(running, "/", { parser: msgpack });
    const reasons: unknown[] = [];
    socket.on("disconnect", (reason) => reasons.push(reason));
    (client as unknown as { packet(packet: object): void }).packet({ type: 2, data: ["disconnect", "forged"] });
    await until(() => reasons.length > 0);
    expect(reasons).toEqual(["forced close"]);
  });

  it("serves clients of Socket.IO 2 when asked to", async () => {
    const running = await startServer({ allowEIO3: true });
    const { default: connectOld } = await import("socket.io-client-v2" as string);
    running.io.of("/chat");
    const old = connectOld(`${running.url}/chat?token=abc`, { transports: ["websocket"], forceNew: true });
    const socket = await once<Socket>(running.io.of("/chat"), "connection");
    expect([socket.handshake.auth.token, socket.conn.protocol]).toEqual(["abc", 3]);
    socket.on("x", (value: number, answer: (n: number) => void) => answer(value + 1));
    const answer = await new Promise((resolve) => old.emit("x", 1, resolve));
    expect(answer).toBe(2);
    old.close();
  });
});

describe("new Server", () => {
  const reachable = async (io: Server, url = urlOf(io)) => {
    const arrival = once(io, "connection");
    const socket = client(url, { rejectUnauthorized: false });
    await Promise.all([arrival, once(socket, "connect")]);
    return true;
  };

  it("takes an HTTP server, and options", async () => {
    const httpServer = createServer();
    const io = keep(new Server(httpServer, { path: "/mine" }));
    httpServer.listen(0);
    await listening(io);
    expect([io.httpServer, io.path()]).toEqual([httpServer, "/mine"]);
    const arrival = once(io, "connection");
    client(urlOf(io), { path: "/mine/" });
    await arrival;
  });

  it("takes a port, as a number or as text", async () => {
    for (const port of [0, "0"]) {
      const io = keep(new Server(port));
      await listening(io);
      expect(await reachable(io)).toBe(true);
      const status = await new Promise((resolve) => get(urlOf(io), (response) => resolve(response.statusCode)));
      expect(status).toBe(404);
    }
  });

  it("takes options alone, and listens or attaches later", async () => {
    const io = keep(new Server({ serveClient: false }));
    expect(io.engine).toBeUndefined();
    expect(io.listen(0)).toBe(io);
    await listening(io);
    expect([io.serveClient(), await reachable(io)]).toEqual([false, true]);
    const httpServer = createServer();
    const other = keep(new Server());
    expect(other.attach(httpServer)).toBe(other);
    httpServer.listen(0);
    await listening(other);
    expect(await reachable(other)).toBe(true);
  });

  it("takes HTTPS and HTTP/2 servers", async () => {
    const tls = createTlsServer({ key, cert: certificate });
    const http2 = createSecureServer({ key, cert: certificate, allowHTTP1: true });
    for (const httpServer of [tls, http2]) {
      const io = keep(new Server(httpServer));
      const arrival = once<Socket>(io, "connection");
      httpServer.listen(0);
      await listening(io);
      const socket = client(`https://127.0.0.1:${(httpServer.address() as AddressInfo).port}`, {
        rejectUnauthorized: false,
      });
      await once(socket, "connect");
      expect((await arrival).handshake.secure).toBe(true);
    }
  });

  it("refuses an Express application and a bad port, and says what to pass", () => {
    const app = Object.assign(() => {}, { on: () => {}, get: () => {} });
    expect(() => new Server(app as never)).toThrow(/http\.Server/);
    expect(() => new Server("not a port")).toThrow(ServerUsageError);
    expect(() => new Server(70_000)).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_SERVER_BAD_ARGUMENT" }));
  });

  it("does not change the options it is given", () => {
    const options = { connectionStateRecovery: {}, path: "/x/" };
    const copy = structuredClone(options);
    const io = keep(new Server(options));
    io.listen(0, { serveClient: false });
    expect(options).toEqual(copy);
    expect(io.opts.connectionStateRecovery).toEqual({ maxDisconnectionDuration: 120_000, skipMiddlewares: true });
  });

  it("takes nothing at all for a server", () => {
    for (const nothing of [undefined, null]) {
      const io = keep(new Server(nothing as undefined, { path: "/x" }));
      expect([io.httpServer, io.path()]).toEqual([undefined, "/x"]);
    }
  });

  it("has settings to read and to set", () => {
    const io = keep(new Server());
    expect([io.path(), io.serveClient(), io.connectTimeout()]).toEqual(["/socket.io", true, 45_000]);
    expect(io.path("/p/").path()).toBe("/p");
    expect(io.serveClient(false).serveClient()).toBe(false);
    expect(io.connectTimeout(0).connectTimeout()).toBe(0);
    expect(io.sockets).toBeInstanceOf(Namespace);
    expect(io.sockets).toBe(io.of("/"));
    expect(typeof io.encoder.encode).toBe("function");
  });
});

describe("bind and onconnection", () => {
  it("take the incumbent's engine", async () => {
    for (const how of ["bind", "onconnection"]) {
      const httpServer = createServer();
      const engine = new OfficialEngine();
      engine.attach(httpServer, { path: "/socket.io" });
      const io = new Server();
      if (how === "bind") expect(io.bind(engine)).toBe(io);
      else engine.on("connection", (socket) => expect(io.onconnection(socket)).toBe(io));
      httpServer.listen(0);
      await new Promise((resolve) => httpServer.once("listening", resolve));
      const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
      const running = { io, url, reported: [] };
      const { client, socket } = await connected(running, "/", { transports: ["polling", "websocket"] });
      socket.on("x", (bytes: Buffer, answer: (b: Buffer) => void) => answer(bytes));
      expect([...(await client.emitWithAck("x", Buffer.from([1])))]).toEqual([1]);
      const heard = once(client, "all");
      io.volatile.compress(false).emit("all", { binary: Buffer.from([2]) });
      expect(await heard).toEqual({ binary: Buffer.from([2]) });
      const left = once(socket, "disconnect");
      client.disconnect();
      expect(await left).toBe("client namespace disconnect");
      await io.close();
      engine.close();
      await new Promise((resolve) => httpServer.close(resolve));
    }
  });
});

describe("server.close", () => {
  it("ends all sockets, and resolves when the HTTP server is closed", async () => {
    const { io, url } = await startServer();
    const running = { io, url, reported: [] };
    const { client, socket } = await connected(running);
    const reason = once(socket, "disconnect");
    const clientReason = once(client, "disconnect");
    let called: unknown[] | undefined;
    await io.close((...args) => {
      called = args;
    });
    expect(await reason).toBe("server shutting down");
    expect(await clientReason).toBe("transport close");
    expect(called).toEqual([undefined]);
    expect(io.httpServer?.listening).toBe(false);
    expect(io.inspect()).toMatchObject({ connections: 0, deadlines: 0 });
  });

  it("never throws; the callback gets the error of a server that is not running", async () => {
    const httpServer = createServer();
    const io = new Server(httpServer);
    const error = await new Promise((resolve) => void io.close(resolve));
    expect(error).toMatchObject({ code: "ERR_SERVER_NOT_RUNNING" });
    let called = false;
    await new Server().close(() => {
      called = true;
    });
    expect(called).toBe(true);
  });

  it("frees the port at once, and the server can be attached again", async () => {
    const io = keep(new Server(0));
    await listening(io);
    const { port } = io.httpServer!.address() as AddressInfo;
    const closing = io.close();
    const httpServer = createServer();
    httpServer.listen(port);
    io.attach(httpServer);
    await listening(io);
    await closing;
    const arrival = once(io, "connection");
    client(`http://127.0.0.1:${port}`);
    await arrival;
  });

  it("closes adapters, and reports one that cannot", async () => {
    const { InMemoryAdapter } = await import("@sockeye/adapter-base");
    const closed: string[] = [];
    class Mine extends InMemoryAdapter {
      override async close(): Promise<void> {
        closed.push(this.nsp.name);
        if (this.nsp.name === "/x") throw new Error("stuck");
      }
    }
    const { io, reported } = inMemory({ adapter: Mine });
    io.of("/x");
    await io.close();
    expect(closed).toEqual(["/", "/x"]);
    expect(reported.map(({ error }) => error.message)).toEqual(["stuck"]);
  });
});

describe("a server as an emitter", () => {
  it("is that of its main namespace", async () => {
    const { io, engine } = inMemory();
    const listener = () => {};
    expect(io.on("connection", listener)).toBe(io);
    expect([io.listenerCount("connection"), io.sockets.listeners("connection")]).toEqual([1, [listener]]);
    expect(io.off("connection", listener)).toBe(io);
    expect(io.eventNames()).toEqual([]);
    let arrivals = 0;
    io.once("connection", () => arrivals++);
    await joined(engine);
    await joined(engine);
    expect(arrivals).toBe(1);
  });

  it("shows the sizes of its tables", async () => {
    const { io, engine } = inMemory();
    io.of("/x");
    const peer = await joined(engine);
    io.timeout(10_000).emit("ask", () => {});
    const inspection = io.inspect();
    expect(inspection).toEqual({
      connections: 1,
      deadlines: 2,
      dynamicNamespaces: 0,
      namespaces: Object.assign(Object.create(null), {
        "/": { sockets: 1, connecting: 0, rooms: 1, pendingAcks: 1, dropped: 0, retrying: 0, recovery: undefined },
        "/x": { sockets: 0, connecting: 0, rooms: 0, pendingAcks: 0, dropped: 0, retrying: 0, recovery: undefined },
      }),
    });
    peer.close();
    await turn();
    expect(io.inspect()).toMatchObject({ connections: 0, deadlines: 0 });
  });
});

describe("a soak", () => {
  it("leaves nothing behind", async () => {
    const { io, url } = await startServer({
      onError: () => {},
      connectionStateRecovery: { maxDisconnectionDuration: 50 },
    });
    io.on("connection", (socket) => {
      socket.join(["a", "b"]);
      socket.emit("never answered", () => {});
      socket.timeout(60_000).emit("never answered", () => {});
      socket.emitWithAck("never answered").catch(() => {});
      socket.on("crash", () => {
        throw new Error("crash");
      });
      socket.on("disconnect", async () => {
        throw new Error("crash");
      });
    });
    for (let round = 0; round < 3; round++) {
      const clients = [...Array(40).keys()].map((n) =>
        client(url, { transports: n % 2 ? ["websocket"] : ["polling"], auth: { n } }),
      );
      await Promise.all(clients.map((socket) => once(socket, "connect")));
      io.timeout(60_000).emit("never answered", () => {});
      for (const [n, socket] of clients.entries()) {
        socket.emit("crash");
        if (n % 3 === 0) socket.disconnect();
        else if (n % 3 === 1) socket.io.engine.close();
        else socket.emit("crash");
      }
      io.disconnectSockets(true);
      await until(() => io.inspect().connections === 0, "the end of all connections");
    }
    await moment(20);
    const { "/": main } = io.inspect().namespaces;
    expect(main).toMatchObject({ sockets: 0, connecting: 0, rooms: 0, pendingAcks: 0 });
    expect(io.inspect().deadlines).toBe(0);
  });
});
