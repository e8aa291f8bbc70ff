import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Server as Engine } from "@sockeye/engine-server";
import { parse, serialize } from "cookie";
import express from "express";
import session from "express-session";
import helmet from "helmet";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Server, type Socket } from "../src/index.js";
import { client, connected, keep, listening, once, startServer, until, urlOf } from "./support/harness.js";

/** The code samples of the server API page that need more than one of our own objects, with the package names changed. */

async function attached(io: Server, listen: () => void): Promise<string> {
  keep(io);
  listen();
  await listening(io);
  return urlOf(io);
}

describe("samples: constructors and attaching", () => {
  it("new Server(httpServer), then httpServer.listen()", async () => {
    const httpServer = createServer();
    const io = new Server(httpServer, {
      // options
    });
    const arrival = once(io, "connection");
    client(await attached(io, () => httpServer.listen(0)));
    await arrival;
  });

  it("with Express", async () => {
    const app = express();
    const httpServer = createServer(app);
    const io = new Server(httpServer);
    app.get("/", (_req, res) => void res.send("hello"));
    const url = await attached(io, () => httpServer.listen(0));
    expect(await (await fetch(url)).text()).toBe("hello");
    const arrival = once(io, "connection");
    client(url);
    await arrival;
  });

  it("bind(engine) and onconnection(socket), engine.listen()", async () => {
    for (const how of ["bind", "onconnection"]) {
      const engine = new Engine();
      const io = new Server();
      if (how === "bind") io.bind(engine);
      else engine.on("connection", (socket) => io.onconnection(socket));
      engine.listen(0);
      const httpServer = engine.httpServer!;
      if (!httpServer.listening) await once(httpServer, "listening");
      const url = `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
      const { client, socket } = await connected({ io, url, reported: [] });
      const heard = once(client, "hello");
      io.emit("hello", "world");
      expect(await heard).toBe("world");
      const left = once(socket, "disconnect");
      await io.close();
      expect(await left).toBe("server shutting down");
      engine.close();
      await new Promise((resolve) => httpServer.close(resolve));
    }
  });

  it("io.close(), and the port is free to use", async () => {
    const io = keep(new Server(0));
    await listening(io);
    const PORT = (io.httpServer?.address() as AddressInfo | null)?.port;
    io.close();
    const httpServer = createServer();
    httpServer.listen(PORT); // PORT is free to use
    io.attach(httpServer);
    await listening(io);
    const arrival = once(io, "connection");
    client(urlOf(io));
    await arrival;
  });

  it("the default export is a function", async () => {
    // What `require()` of the built package gives is tested with the package as packed.
    const { default: createIo } = await import("../src/index.js");
    const httpServer = createServer();
    const io = createIo(httpServer);
    expect(io).toBeInstanceOf(Server);
    const arrival = once(io, "connection");
    client(await attached(io, () => httpServer.listen(0)));
    await arrival;
  });
});

describe("samples: middlewares and errors", () => {
  it("a refusal reaches the client as connect_error, with details", async () => {
    for (const nsp of ["/", "/chat"]) {
      const { io, url } = await startServer();
      io.of(nsp).use((_socket, next) => {
        const err: Error & { data?: unknown } = new Error("not authorized");
        err.data = { content: "Please retry later" }; // additional details
        next(err);
      });
      const err = await once<Error & { data: unknown }>(client(url + nsp), "connect_error");
      expect(err instanceof Error).toBe(true);
      expect(err.message).toBe("not authorized");
      expect(err.data).toEqual({ content: "Please retry later" });
    }
  });

  it("socket.use(): an unauthorized event ends the socket", async () => {
    const running = await startServer();
    const { client, socket } = await connected(running);
    socket.use(([event, ..._args], next) => {
      if (event === "forbidden") return next(new Error("unauthorized event"));
      // do not forget to call next
      next();
    });
    socket.on("error", (err) => {
      if (err && err.message === "unauthorized event") socket.disconnect();
    });
    const left = once(client, "disconnect");
    client.emit("forbidden");
    expect(await left).toBe("io server disconnect");
  });
});

describe("samples: the engine", () => {
  it("engine.use(express-session)", async () => {
    const httpServer = createServer();
    const io = new Server(httpServer);
    const url = await attached(io, () => httpServer.listen(0));
    io.engine.use(session({ secret: "keyboard cat", resave: false, saveUninitialized: true }));
    for (const transports of [["polling"], ["websocket"]]) {
      const arrival = once<Socket>(io, "connection");
      client(url, { transports });
      const request = (await arrival).request as IncomingMessage & { session: { id: string; cookie: object } };
      expect(request.session.id).toMatch(/.+/);
    }
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect(response.headers.get("set-cookie")).toMatch(/^connect\.sid=/);
  });

  it("engine.use(helmet())", async () => {
    const httpServer = createServer();
    const io = new Server(httpServer);
    const url = await attached(io, () => httpServer.listen(0));
    io.engine.use(helmet());
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    const arrival = once(io, "connection");
    client(url);
    await arrival;
  });

  it("engine.use(): every request, upgrades included", async () => {
    const { io, url } = await startServer();
    const methods: string[] = [];
    io.engine.use((req: IncomingMessage, _res: unknown, next: () => void) => {
      methods.push(req.headers.upgrade ?? req.method ?? "");
      next();
    });
    const socket = client(url, { transports: ["polling", "websocket"] });
    await once(socket, "connect");
    await until(() => methods.includes("websocket"));
    expect(methods).toEqual(expect.arrayContaining(["GET", "POST", "websocket"]));
  });

  it("initial_headers and headers, with cookies", async () => {
    const { io, url } = await startServer();
    io.engine.on("initial_headers", (headers: Record<string, string>) => {
      headers["set-cookie"] = serialize("uid", "1234", { sameSite: "strict" });
    });
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect(response.headers.get("set-cookie")).toBe("uid=1234; SameSite=Strict");
    io.engine.on("headers", (headers: Record<string, string>, request: IncomingMessage) => {
      if (!request.headers.cookie) return;
      const cookies = parse(request.headers.cookie);
      if (!cookies.randomId) headers["set-cookie"] = serialize("randomId", "abc", { maxAge: 86400 });
    });
    const second = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { cookie: "a=b" } });
    expect(second.headers.get("set-cookie")).toMatch(/randomId=abc; Max-Age=86400/);
  });

  it("allowRequest may be asynchronous, and what it leaves on the request is there in initial_headers", async () => {
    const { io, url } = await startServer({
      allowRequest: async (req, callback) => {
        const session = await Promise.resolve({ id: "s1" });
        Object.assign(req, { session });
        callback(null, true);
      },
    });
    io.engine.on("initial_headers", (headers: Record<string, string>, req: { session?: { id: string } }) => {
      if (req.session) headers["set-cookie"] = serialize("sid", req.session.id, { sameSite: "strict" });
    });
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect(response.headers.get("set-cookie")).toBe("sid=s1; SameSite=Strict");
  });

  it("connection_error", async () => {
    const { io, url } = await startServer();
    const failure = once<{ req: IncomingMessage; code: number; message: string; context: object }>(
      io.engine,
      "connection_error",
    );
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling&sid=unknown`);
    const err = await failure;
    expect([response.status, err.code, err.message]).toEqual([400, 1, "Session ID unknown"]);
    expect(err.context).toMatchObject({ sid: "unknown" });
    expect(err.req.url).toContain("sid=unknown");
  });

  it("generateId", async () => {
    const { io, url } = await startServer();
    let n = 0;
    io.engine.generateId = () => `custom-${++n}`;
    const arrival = once<Socket>(io, "connection");
    client(url);
    expect((await arrival).conn.id).toBe("custom-1");
  });

  it("clientsCount", async () => {
    const running = await startServer();
    await connected(running);
    await connected(running);
    expect(running.io.engine.clientsCount).toBe(2);
    // may or may not be similar to the count of Socket instances in the main namespace, depending on your usage
    expect(running.io.of("/").sockets.size).toBe(2);
  });

  it("handleUpgrade, beside a plain WebSocket server", async () => {
    const httpServer = createServer();
    const wss = new WebSocketServer({ noServer: true });
    const io = new Server(httpServer);
    httpServer.removeAllListeners("upgrade");
    httpServer.on("upgrade", (req, socket, head) => {
      if (req.url === "/") {
        wss.handleUpgrade(req, socket, head, (ws) => {
          wss.emit("connection", ws, req);
        });
      } else if (req.url?.startsWith("/socket.io/")) {
        io.engine.handleUpgrade(req, socket, head);
      } else {
        socket.destroy();
      }
    });
    wss.on("connection", (ws) => ws.send("plain"));
    const url = await attached(io, () => httpServer.listen(0));
    const arrival = once(io, "connection");
    client(url);
    await arrival;
    const plain = new WebSocket(url.replace("http", "ws"));
    expect(String(await once(plain, "message"))).toBe("plain");
    plain.terminate();
    const refused = new WebSocket(`${url.replace("http", "ws")}/elsewhere`);
    await once(refused, "error");
    wss.close();
  });
});

describe("samples: sockets", () => {
  it("socket.conn: transport, upgrade and packets", async () => {
    const { io, url } = await startServer();
    const log: unknown[] = [];
    io.on("connection", (socket) => {
      log.push(["initial transport", socket.conn.transport.name]);
      socket.conn.once("upgrade", () => log.push(["upgraded transport", socket.conn.transport.name]));
      socket.conn.on("packet", ({ type, data }: { type: string; data: unknown }) => log.push(["packet", type, data]));
      socket.conn.on("packetCreate", ({ type }: { type: string }) => log.push(["packetCreate", type]));
      socket.conn.on("drain", () => log.push(["drain"]));
      socket.conn.on("close", (reason: string) => log.push(["close", reason]));
    });
    const socket = client(url, { transports: ["polling", "websocket"] });
    await until(() => log.some((entry) => (entry as string[])[0] === "upgraded transport"));
    io.emit("hello");
    await once(socket, "hello");
    socket.emit("hi");
    await until(() => log.some((entry) => (entry as string[])[2] === '2["hi"]'));
    socket.disconnect();
    await until(() => log.some((entry) => (entry as string[])[0] === "close"));
    expect(log).toEqual(
      expect.arrayContaining([
        ["initial transport", "polling"],
        ["upgraded transport", "websocket"],
        ["packet", "message", '2["hi"]'],
        ["packetCreate", "message"],
        ["drain"],
        ["close", "transport close"],
      ]),
    );
  });

  it("delete socket.conn.request", async () => {
    const running = await startServer();
    const { socket } = await connected(running, "/", { extraHeaders: { cookie: "a=b" } });
    expect(parse(socket.request.headers.cookie || "")).toEqual({ a: "b" });
    delete socket.conn.request;
    expect(socket.request).toBeUndefined();
    expect(socket.handshake.headers.cookie).toBe("a=b");
  });

  it("rooms, a private message, and who is left of a user", async () => {
    const running = await startServer();
    const { io } = running;
    const a = await connected(running);
    const b = await connected(running);
    a.socket.on("say to someone", (id: string, msg: string) => {
      // send a private message to the socket with the given id
      a.socket.to(id).emit("my message", msg);
    });
    const message = once(b.client, "my message");
    a.client.emit("say to someone", b.socket.id, "hi");
    expect(await message).toBe("hi");
    for (const { socket } of [a, b]) socket.join("user");
    const left = new Promise<number[]>((resolve) => {
      const counts: number[] = [];
      for (const { socket } of [a, b]) {
        socket.on("disconnect", async () => {
          counts.push((await io.in("user").fetchSockets()).length);
          if (counts.length === 2) resolve(counts);
        });
      }
    });
    a.client.disconnect();
    await until(() => io.sockets.sockets.size === 1);
    b.client.disconnect();
    expect(await left).toEqual([1, 0]);
  });

  it("io.emit with every kind of argument", async () => {
    const running = await startServer();
    const { client } = await connected(running);
    const args = new Promise<unknown[]>((resolve) => client.on("hello", (...received) => resolve(received)));
    running.io.emit("hello", 1, "2", { "3": 4 }, Buffer.from([5]));
    expect(await args).toEqual([1, "2", { "3": 4 }, Buffer.from([5])]);
  });

  it("dynamic namespaces", async () => {
    const { io, url } = await startServer();
    const dynamicNsp = io.of(/^\/dynamic-\d+$/).on("connection", (socket) => {
      const newNamespace = socket.nsp; // newNamespace.name === "/dynamic-101"
      // broadcast to all clients in the given sub-namespace
      newNamespace.emit("hello", newNamespace.name);
    });
    const socket = client(`${url}/dynamic-101`);
    expect(await once(socket, "hello")).toBe("/dynamic-101");
    // broadcast to all clients in each sub-namespace
    const again = once(socket, "hello");
    dynamicNsp.emit("hello", "everybody");
    expect(await again).toBe("everybody");
  });

  it("a session of one's own parser, path and options", async () => {
    const io = keep(new Server());
    io.path("/myownpath/");
    io.serveClient(false);
    io.listen(0);
    await listening(io);
    const arrival = once(io, "connection");
    client(urlOf(io), { path: "/myownpath/" });
    await arrival;
  });
});
