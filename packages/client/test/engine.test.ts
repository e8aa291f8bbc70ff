import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { Agent, createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Server } from "socket.io";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Fetch, type IoOptions, io, Manager, WebSocket, XHR } from "../src/index.js";
import { io as webSocketIo } from "../src/websocket/index.js";
import { type Host, once, pause, startServer, until } from "./official-server.js";

/** The engine and its transports over real sockets, against the incumbent's server. */

let host: Host;
const sockets: { disconnect(): unknown }[] = [];
const open = (options: IoOptions = {}, path = "") => {
  const socket = io(host.url + path, { forceNew: true, reconnectionDelay: 20, ...options });
  sockets.push(socket);
  return socket;
};

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<void> {
  host = await startServer(options);
  host.io.on("connection", (socket) => {
    socket.on("echo", (value, answer) => answer(value));
    socket.on("handshake", (answer) => answer({ headers: socket.handshake.headers, query: socket.handshake.query }));
  });
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await host?.close();
});

describe("upgrade", () => {
  beforeEach(() => start());

  it("moves to WebSocket, and tells of it", async () => {
    const socket = open();
    const log: unknown[] = [];
    const { engine } = socket.io;
    expect(engine.transport.name).toBe("polling");
    engine.on("upgrading", (transport) => log.push("upgrading", transport.name));
    engine.on("upgrade", (transport) => log.push("upgrade", transport.name, engine.transport.name));
    await once(engine, "upgrade");
    expect(log).toEqual(["upgrading", "websocket", "upgrade", "websocket", "websocket"]);
    expect(await socket.emitWithAck("echo", 1)).toBe(1);
    const [server] = host.io.of("/").sockets.values();
    expect(engine.id).toBe((server!.conn as unknown as { id: string }).id);
  });

  it("stays where it is with upgrade: false", async () => {
    const socket = open({ upgrade: false });
    await once(socket, "connect");
    await pause(100);
    expect(socket.io.engine.transport.name).toBe("polling");
  });

  it("is given up when WebSocket cannot be had, and nothing is lost", async () => {
    host.http.removeAllListeners("upgrade");
    host.http.on("upgrade", (_request, socket) => socket.destroy());
    const socket = open();
    const failed = once(socket.io.engine, "upgradeError");
    const answers = Array.from({ length: 50 }, (_, n) => socket.emitWithAck("echo", n));
    expect((await failed)[0]).toMatchObject({ type: "TransportError" });
    expect(await Promise.all(answers)).toEqual(answers.map((_, n) => n));
    expect(socket.io.engine.transport.name).toBe("polling");
  });

  it("that gets no answer is given up in time", async () => {
    host.http.removeAllListeners("upgrade");
    host.http.on("upgrade", (_request, socket) => setTimeout(() => socket.destroy(), 500));
    const socket = open({ upgradeTimeout: 100 });
    const [error] = await once(socket.io.engine, "upgradeError");
    expect(error).toMatchObject({ message: "upgrade timeout", code: "ERR_SOCKEYE_CLIENT_PROBE_FAILED" });
    expect(await socket.emitWithAck("echo", 1)).toBe(1);
  });

  it("keeps the order of both directions", async () => {
    host.io.of("/stream").on("connection", (socket) => {
      let n = 0;
      const timer = setInterval(() => socket.emit("down", n++), 1);
      socket.on("disconnect", () => clearInterval(timer));
      let expected = 0;
      socket.on("up", (value) => {
        if (value !== expected++) socket.emit("broken", value);
      });
    });
    const socket = open({}, "/stream");
    const down: number[] = [];
    const broken = vi.fn();
    socket.on("down", (n) => down.push(n));
    socket.on("broken", broken);
    const upgraded = once(socket.io.engine, "upgrade");
    let n = 0;
    const timer = setInterval(() => socket.emit("up", n++), 1);
    await upgraded;
    const before = down.length;
    await until(() => expect(down.length).toBeGreaterThan(before + 20));
    clearInterval(timer);
    expect(down).toEqual(down.map((_, i) => i));
    expect(broken).not.toHaveBeenCalled();
  });

  it("is waited for by a close that comes in its middle", async () => {
    const socket = open();
    const { engine } = socket.io;
    await once(engine, "upgrading");
    socket.emit("echo", 1, () => {});
    const left = once([...host.io.of("/").sockets.values()][0]!, "disconnect");
    socket.disconnect();
    expect((await left)[0]).toBe("client namespace disconnect");
    await until(() => expect(engine.readyState).toBe("closed"));
  });

  it("is remembered per address", async () => {
    const options = { rememberUpgrade: true };
    const first = open(options);
    expect(first.io.engine.transport.name).toBe("polling");
    await once(first.io.engine, "upgrade");
    expect(open(options).io.engine.transport.name).toBe("websocket");
    expect(open().io.engine.transport.name).toBe("polling");
    const other = io("http://127.0.0.1:1", { ...options, forceNew: true });
    expect(other.io.engine.transport.name).toBe("polling");
    other.disconnect();
  });
});

describe("transports", () => {
  beforeEach(() => start());

  it.each([
    ["Fetch", Fetch],
    ["XHR", XHR],
    ["WebSocket", WebSocket],
  ])("%s is taken by its class", async (_name, transport) => {
    const socket = open({ transports: [transport] });
    const bytes = Buffer.from([0, 1, 255]);
    expect(await socket.emitWithAck("echo", bytes)).toEqual(bytes);
    expect(socket.io.engine.transport).toBeInstanceOf(transport);
    const implementation = open({ transportImplementations: [transport] });
    expect(await implementation.emitWithAck("echo", 1)).toBe(1);
  });

  it("the WebSocket-only entry knows no other", async () => {
    const socket = webSocketIo(host.url, { forceNew: true });
    sockets.push(socket);
    expect(await socket.emitWithAck("echo", 1)).toBe(1);
    expect(socket.io.engine.transport.name).toBe("websocket");
  });

  it("WebSocket first, polling where it fails", async () => {
    host.http.removeAllListeners("upgrade");
    host.http.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
    const options: IoOptions = { transports: ["websocket", "polling"], upgrade: false };
    const strict = open({ ...options, reconnection: false });
    const [error] = await once(strict, "connect_error");
    expect(error).toMatchObject({ message: "websocket error", description: 403, code: "ERR_SOCKEYE_CLIENT_HTTP_403" });
    const socket = open({ ...options, tryAllTransports: true });
    expect(await socket.emitWithAck("echo", 1)).toBe(1);
    expect(socket.io.engine.transport.name).toBe("polling");
  });

  it.each(["polling", "websocket"])("forceBase64 sends text alone over %s", async (transport) => {
    const socket = open({ transports: [transport], forceBase64: true });
    const bytes = Buffer.from("bytes");
    expect(await socket.emitWithAck("echo", bytes)).toEqual(bytes);
  });

  it.each(["polling", "websocket"])("binaryType decides the form of bytes over %s", async (transport) => {
    const form = async (binaryType?: "arraybuffer") =>
      open({ transports: [transport], binaryType }).emitWithAck("echo", Buffer.from("x"));
    expect(await form()).toBeInstanceOf(Buffer);
    expect(await form("arraybuffer")).toBeInstanceOf(ArrayBuffer);
  });

  it.each(["polling", "websocket"])(
    "headers, query and their overrides reach the server over %s",
    async (transport) => {
      const socket = open({
        transports: [transport],
        query: { a: "1", b: "x y" },
        extraHeaders: { "x-all": "all" },
        transportOptions: { [transport]: { extraHeaders: { "x-own": "own" }, query: { c: "2" } } },
      });
      const { headers, query } = (await socket.emitWithAck("handshake")) as Record<string, Record<string, string>>;
      expect(headers!["x-own"]).toBe("own");
      expect(query).toMatchObject({ a: "1", b: "x y", c: "2", transport, EIO: "4" });
      expect("t" in query!).toBe(transport === "polling");
    },
  );

  it("the query of the address is used where no other is given", async () => {
    const { query } = (await open({}, "/?token=abc").emitWithAck("handshake")) as { query: object };
    expect(query).toMatchObject({ token: "abc" });
  });

  it("timestamps are sent as asked", async () => {
    const query = async (options: IoOptions) =>
      ((await open({ transports: ["websocket"], ...options }).emitWithAck("handshake")) as { query: object }).query;
    expect(await query({ timestampRequests: true, timestampParam: "ts" })).toHaveProperty("ts");
    expect(await query({ transports: ["polling"], timestampRequests: false })).not.toHaveProperty("t");
  });
});

describe("cookies", () => {
  it("are kept for the session with withCredentials, and sent by every transport", async () => {
    await start({ cookie: { name: "lb", path: "/" } });
    const seen: (string | undefined)[] = [];
    host.io.engine.on("headers", (_headers: unknown, request: IncomingMessage) => seen.push(request.headers.cookie));
    for (const transports of [["polling", "websocket"], [Fetch]]) {
      const socket = open({ withCredentials: true, transports });
      await socket.emitWithAck("echo", 1);
      await until(() => expect(socket.io.engine.transport.name).toBe(transports.length > 1 ? "websocket" : "polling"));
      expect(seen.filter((cookie) => cookie?.startsWith("lb=")).length).toBeGreaterThan(1);
      seen.length = 0;
    }
    await open({ transports: ["polling"] }).emitWithAck("echo", 1);
    expect(seen.filter(Boolean)).toEqual([]);
  });
});

describe("a failure says what is the matter", () => {
  let http: HttpServer;
  afterEach(() => new Promise((resolve) => http?.close(resolve) ?? resolve(0)));

  async function answering(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
    http = createServer((_request, response) => response.writeHead(status, headers).end(body));
    http.on("upgrade", (_request, socket) => {
      socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  async function failure(url: string, options: IoOptions): Promise<unknown> {
    const socket = io(url, { forceNew: true, reconnection: false, ...options });
    const [error] = await once(socket, "connect_error");
    socket.disconnect();
    return error;
  }

  it.each([
    [400, '{"code":0,"message":"Transport unknown"}', "TRANSPORT_UNKNOWN"],
    [400, '{"code":1,"message":"Session ID unknown"}', "SESSION_ID_UNKNOWN"],
    [403, '{"code":4,"message":"Forbidden"}', "FORBIDDEN"],
    [400, '{"code":5,"message":"Unsupported protocol version"}', "UNSUPPORTED_PROTOCOL_VERSION"],
    [404, "<html>", "HTTP_404"],
    [503, '{"code":77,"message":"made up"}', "HTTP_503"],
    [502, '{"code":1,"message":5}', "HTTP_502"],
    [200, "", "PROTOCOL"],
  ])("%i %s", async (status, body, word) => {
    const url = await answering(status, body);
    const code = word === "PROTOCOL" ? expect.stringContaining("_PARSER_") : `ERR_SOCKEYE_CLIENT_${word}`;
    for (const [transport, message] of [
      [XHR, "xhr poll error"],
      [Fetch, "fetch read error"],
      [WebSocket, "websocket error"],
    ] as const) {
      if (transport === WebSocket && status === 200) continue;
      const description = status === 200 ? {} : { message, description: status };
      expect(await failure(url, { transports: [transport] })).toMatchObject({ code, ...description });
    }
  });

  it("nobody there", async () => {
    const url = await answering(200, "");
    await new Promise((resolve) => http.close(resolve));
    expect(await failure(url, { transports: ["polling"] })).toMatchObject({
      message: "xhr poll error",
      description: 0,
      code: "ERR_SOCKEYE_CLIENT_UNREACHABLE",
    });
    expect(await failure(url, { transports: ["websocket"] })).toMatchObject({
      message: "websocket error",
      code: "ERR_SOCKEYE_CLIENT_TRANSPORT",
    });
  });

  it("a server that asks to be left alone is left alone", async () => {
    for (const [body, headers] of [
      ['{"retryAfter":4321}', {}],
      ["busy", { "retry-after": "5" }],
    ] as const) {
      const url = await answering(503, body, headers);
      const error = (await failure(url, { transports: ["polling"] })) as { retryAfter: number };
      expect(error.retryAfter).toBe(body === "busy" ? 5000 : 4321);
      await new Promise((resolve) => http.close(resolve));
    }
  });

  it("a request that takes too long is given up", async () => {
    http = createServer(() => {});
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    for (const transport of [XHR, Fetch]) {
      expect(await failure(url, { transports: [transport], requestTimeout: 50 })).toMatchObject({
        code: "ERR_SOCKEYE_CLIENT_UNREACHABLE",
      });
    }
    http.closeAllConnections();
  });
});

describe("the engine", () => {
  beforeEach(() => start());

  it("tells of its packets, and of its heartbeat", async () => {
    await host.close();
    await start({ pingInterval: 50 });
    const socket = open({ transports: ["websocket"] });
    const log: unknown[] = [];
    const { engine } = socket.io;
    for (const event of ["open", "handshake", "heartbeat", "ping", "pong", "flush", "drain"] as const) {
      engine.on(event, () => log.includes(event) || log.push(event));
    }
    engine.on("packet", ({ type, data }) => log.push(`> ${type} ${String(data ?? "").slice(0, 2)}`));
    engine.on("packetCreate", ({ type, data }) => log.push(`< ${type} ${String(data)}`));
    const pinged = once(socket.io, "ping");
    await once(socket, "connect");
    await pinged;
    expect(log.slice(0, 7)).toEqual([
      '> open {"',
      "handshake",
      "< message 0",
      "open",
      "flush",
      "drain",
      "> message 0{",
    ]);
    expect(log).toContain("> ping ");
    expect(log).toContain("< pong undefined");
  });

  it("opens and closes with the Manager", async () => {
    const manager = new Manager(host.url, { autoConnect: false });
    const opened = await new Promise((resolve) => manager.connect(resolve));
    expect(opened).toBe(undefined);
    const closed = once(manager, "close");
    manager.disconnect();
    expect(await closed).toEqual(["forced close", undefined]);
  });

  it("lets the process end with autoUnref, and after disconnect() without", async () => {
    const script = fileURLToPath(new URL("./fixtures/exit.mjs", import.meta.url));
    for (const mode of ["unref", "disconnect"]) {
      for (const transport of ["polling", "websocket"]) {
        const code = await new Promise((resolve) => {
          execFile(process.execPath, [script, host.url, mode, transport], { timeout: 8000 }, (error, out) =>
            resolve(error ? `${mode} ${transport}: ${error.message}` : out.trim()),
          );
        });
        expect(code).toBe("connected");
      }
    }
  }, 40_000);
});

describe("options of the connection", () => {
  it("hostname and port, in place of an address", async () => {
    await start();
    const { port } = new URL(host.url);
    for (const options of [
      { hostname: "127.0.0.1", port },
      { host: "127.0.0.1", port: Number(port), secure: false },
    ]) {
      const socket = io({ ...options, forceNew: true });
      sockets.push(socket);
      expect(await socket.emitWithAck("echo", 1)).toBe(1);
    }
    const manager = new Manager({ hostname: "::1", port, secure: true, autoConnect: false, query: { a: 1 } });
    manager.open(() => {});
    expect(manager.engine.opts).toMatchObject({ hostname: "::1", port, secure: true, query: { a: 1 } });
    manager.close();
  });

  it("path and addTrailingSlash", async () => {
    await start({ path: "/other", addTrailingSlash: false });
    const urls: string[] = [];
    host.http.prependListener("request", (request) => urls.push(request.url!));
    const socket = open({ path: "/other", addTrailingSlash: false, transports: ["polling"] });
    expect(await socket.emitWithAck("echo", 1)).toBe(1);
    expect(urls[0]).toMatch(/^\/other\?EIO=4/);
  });

  it("protocols, perMessageDeflate and compress", async () => {
    await start({ perMessageDeflate: { threshold: 10 } });
    const offers: unknown[] = [];
    host.http.prependListener("upgrade", (request: IncomingMessage) => {
      offers.push(request.headers["sec-websocket-protocol"], request.headers["sec-websocket-extensions"] !== undefined);
    });
    const compressed = open({ transports: ["websocket"], protocols: ["one", "two"] });
    const text = "x".repeat(5000);
    expect(await compressed.compress(false).emitWithAck("echo", text)).toBe(text);
    expect(await compressed.emitWithAck("echo", text)).toBe(text);
    const plain = open({ transports: ["websocket"], perMessageDeflate: false });
    expect(await plain.emitWithAck("echo", text)).toBe(text);
    expect(offers).toEqual(["one,two", true, undefined, false]);
  });

  it("agent", async () => {
    await start();
    const agent = new Agent({ keepAlive: true });
    const create = vi.spyOn(agent as unknown as { createConnection(): void }, "createConnection");
    expect(await open({ agent, upgrade: false }).emitWithAck("echo", 1)).toBe(1);
    expect(create).toHaveBeenCalled();
    agent.destroy();
  });

  it("useNativeTimers: past those that a test put in place", async () => {
    await start();
    const socket = open({ transports: ["websocket"], useNativeTimers: true, autoConnect: false });
    vi.stubGlobal("setTimeout", () => {
      throw "not this one";
    });
    socket.connect();
    vi.unstubAllGlobals();
    expect(await socket.timeout(1000).emitWithAck("echo", 1)).toBe(1);
  });

  it("CVE-2016-10536, CVE-2021-31597: certificates are not taken on trust, unless they are given or trust is asked for", async () => {
    const { key, cert } = selfSigned();
    const https = createSecureServer({ key, cert });
    const server = new Server(https);
    await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
    const url = `https://localhost:${(https.address() as AddressInfo).port}`;
    const connect = (options: IoOptions) => {
      const socket = io(url, { forceNew: true, reconnection: false, ...options });
      sockets.push(socket);
      return new Promise((resolve) => {
        socket.on("connect", () => resolve("connected"));
        socket.on("connect_error", () => resolve("refused"));
      });
    };
    for (const transports of [["polling"], ["websocket"]]) {
      expect(await connect({ transports })).toBe("refused");
      expect(await connect({ transports, ca: cert })).toBe("connected");
      expect(await connect({ transports, rejectUnauthorized: false })).toBe("connected");
    }
    for (const socket of sockets.splice(0)) socket.disconnect();
    await server.close();
  });
});

/** A certificate for localhost, made by the `openssl` of the machine. */
function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "client-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost",
      "-keyout",
      key,
      "-out",
      cert,
    ],
    { stdio: "ignore" },
  );
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
