import { createServer, type Server as HttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttp2Server, connect as http2Connect } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { attach, listen, protocol, Server, type Socket } from "../src/index.js";
import {
  eventually,
  get,
  handshake,
  listenOn,
  nextSession,
  openWebSocket,
  Peer,
  poll,
  post,
  type Rig,
  send,
  tcp,
  withRig,
} from "./rig.js";

const HANDSHAKE = "EIO=4&transport=polling";

async function statusOf(rig: Rig, path: string): Promise<number> {
  return (await send(rig, path).answer).status;
}

describe("attach", () => {
  it(
    "serves its path with and without the final slash, and refuses what lies below",
    withRig({}, async (rig) => {
      expect(await statusOf(rig, `/engine.io/?${HANDSHAKE}`)).toBe(200);
      expect(await statusOf(rig, `/engine.io?${HANDSHAKE}`)).toBe(200);
      expect(await statusOf(rig, `/engine.io/any/thing?${HANDSHAKE}`)).toBe(400);
      expect(rig.errors[0]?.context).toEqual({ name: "PATH_MISMATCH", path: "/engine.io/any/thing" });
      expect(rig.engine.clientsCount).toBe(2);
    }),
  );

  it(
    "answers other requests with 404 when nobody else is there",
    withRig({}, async (rig) => {
      expect(await statusOf(rig, "/")).toBe(404);
      expect(await statusOf(rig, `/engine.iox?${HANDSHAKE}`)).toBe(404);
    }),
  );

  it(
    "takes a path of its own",
    withRig({ path: "/custom", addTrailingSlash: false }, async (rig) => {
      expect(await statusOf(rig, `/custom?${HANDSHAKE}`)).toBe(200);
      expect(await statusOf(rig, `/engine.io/?${HANDSHAKE}`)).toBe(404);
    }),
  );

  it("hands other requests to the listeners that were there before, and does not change the caller's options", async () => {
    const http = createServer((request, response) => response.end(`other ${request.url}`));
    const options = Object.freeze({ path: "/a" });
    const rig = await listenOn(http, attach(http, options));
    try {
      expect((await send(rig, "/b").answer).body).toBe("other /b");
      expect(await statusOf(rig, `/a/?${HANDSHAKE}`)).toBe(200);
    } finally {
      await rig.stop();
    }
  });

  it("leaves other requests to listeners that come later", async () => {
    const http = createServer();
    const rig = await listenOn(http, attach(http));
    http.on("request", (request, response) => {
      if (request.url === "/later") response.end("later");
    });
    try {
      expect((await send(rig, "/later").answer).body).toBe("later");
    } finally {
      await rig.stop();
    }
  });

  it("refuses what is no server", () => {
    expect(() => new Server().attach({} as never)).toThrow(
      expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_OPTION" }),
    );
  });

  it(
    "ends upgrades that nobody handles",
    withRig({ destroyUpgradeTimeout: 30 }, async (rig) => {
      const socket = await tcp(rig);
      const ended = new Promise((resolve) => socket.on("end", () => resolve(true)));
      socket.write("GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      expect(await ended).toBe(true);
      socket.destroy();
    }),
  );

  it("leaves upgrades alone that somebody else has answered, or when told to", async () => {
    for (const destroyUpgrade of [true, false]) {
      let raw: { destroy(): void } | undefined;
      const http = createServer();
      const rig = await listenOn(http, attach(http, { destroyUpgrade, destroyUpgradeTimeout: 20 }));
      http.on("upgrade", (_request, stream) => {
        raw = stream;
        if (destroyUpgrade) stream.write("mine");
      });
      const socket = await tcp(rig);
      let ended = false;
      socket.on("end", () => {
        ended = true;
      });
      socket.write("GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(ended).toBe(false);
      socket.destroy();
      raw?.destroy();
      await rig.stop();
    }
  });

  it("serves the root without claiming what lies below it", async () => {
    const http = createServer((_request, response) => response.end("other"));
    const rig = await listenOn(http, attach(http, { path: "/" }));
    try {
      expect(await statusOf(rig, `/?${HANDSHAKE}`)).toBe(200);
      expect((await send(rig, "/other").answer).body).toBe("other");
    } finally {
      await rig.stop();
    }
  });

  it("lets the newest engine have a path, and serves it once when attached twice", async () => {
    const http = createServer();
    const former = attach(http);
    const rig = await listenOn(http, attach(http));
    rig.engine.attach(http);
    former.close();
    try {
      await openWebSocket(rig);
      await handshake(rig);
      expect([former.clientsCount, rig.engine.clientsCount]).toEqual([0, 2]);
    } finally {
      await rig.stop();
    }
  });

  it("works again after the HTTP server was closed and opened", async () => {
    const http = createServer();
    const rig = await listenOn(http, attach(http));
    await handshake(rig);
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
    expect(rig.engine.clientsCount).toBe(0);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const again: Rig = { ...rig, port: (http.address() as AddressInfo).port };
    await openWebSocket(again);
    await handshake(again);
    expect(rig.engine.clientsCount).toBe(2);
    await rig.stop();
  });
});

describe("listen", () => {
  for (const [name, start] of [
    ["the function", (ready: () => void) => listen(0, { path: "/x" }, ready)],
    ["the method", (ready: () => void) => new Server().listen(0, { path: "/x" }, ready)],
    ["the function with a callback only", (ready: () => void) => listen(0, ready)],
  ] as const) {
    it(`${name} answers everything else with 501`, async () => {
      const engine = await new Promise<Server>((resolve) => {
        const server: Server = start(() => resolve(server));
      });
      const { port } = engine.httpServer!.address() as AddressInfo;
      const rig = { port } as Rig;
      const { status, body } = await send(rig, "/other").answer;
      expect([status, body]).toEqual([501, "Not Implemented"]);
      const path = name.includes("only") ? "/engine.io/" : "/x/";
      expect(await statusOf(rig, `${path}?${HANDSHAKE}`)).toBe(200);
      if (name.includes("only")) expect(await statusOf(rig, `/socket.io/?${HANDSHAKE}`)).toBe(200);
      const http = engine.httpServer as HttpServer;
      http.closeAllConnections();
      http.close();
    });
  }
});

describe("other servers", () => {
  it("http2: polling over one connection, aborts included", async () => {
    const http = createHttp2Server();
    const engine = new Server().attach(http);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const client = http2Connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    const ask = (path: string, method = "GET", body?: string) => {
      const stream = client.request({ ":path": path, ":method": method }, { endStream: body === undefined });
      const answer = new Promise<{ status: number; body: string }>((resolve) => {
        let status = 0;
        let text = "";
        stream.on("response", (headers) => {
          status = headers[":status"] ?? 0;
        });
        stream.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        stream.on("end", () => resolve({ status, body: text }));
        stream.on("error", () => undefined);
      });
      if (body !== undefined) stream.end(body);
      return { stream, answer };
    };
    const session = new Promise<Socket>((resolve) => engine.once("connection", resolve));
    const opened = await ask(`/engine.io/?${HANDSHAKE}`).answer;
    const socket = await session;
    const { sid } = JSON.parse(opened.body.slice(1));
    const got = new Promise((resolve) => socket.on("data", resolve));
    expect(await ask(`/engine.io/?${HANDSHAKE}&sid=${sid}`, "POST", "4hello").answer).toEqual({
      status: 200,
      body: "ok",
    });
    expect(await got).toBe("hello");
    expect(socket.remoteAddress).toBe("127.0.0.1");
    const closed = new Promise((resolve) => socket.on("close", resolve));
    const waiting = ask(`/engine.io/?${HANDSHAKE}&sid=${sid}`);
    await eventually(() => engine.inspect().openResponses === 1);
    waiting.stream.close(8);
    expect(await closed).toBe("transport error");
    expect((await ask("/other").answer).status).toBe(404);
    client.destroy();
    await new Promise((resolve) => http.close(resolve));
    expect(engine.inspect()).toMatchObject({ sessions: 0, deadlines: 0, openResponses: 0 });
  });
});

describe("mounting by hand", () => {
  it("handleRequest and handleUpgrade serve any path; a plain WebSocket server lives beside", async () => {
    const engine = new Server();
    const plain = new WebSocketServer({ noServer: true });
    const http = createServer((request, response) => engine.handleRequest(request, response));
    http.on("upgrade", (request, socket, head) => {
      if (request.url === "/") {
        plain.handleUpgrade(request, socket, head, (ws) => plain.emit("connection", ws, request));
      } else if (request.url?.startsWith("/mine/")) {
        engine.handleUpgrade(request, socket, head);
      } else {
        socket.destroy();
      }
    });
    plain.on("connection", (ws) => ws.send("plain"));
    const rig = await listenOn(http, engine);
    try {
      expect(await statusOf(rig, `/anything?${HANDSHAKE}`)).toBe(200);
      const mine = new WebSocket(`ws://127.0.0.1:${rig.port}/mine/?EIO=4&transport=websocket`);
      expect(String(await new Promise((resolve) => mine.on("message", resolve)))).toMatch(/^0\{/);
      const other = new WebSocket(`ws://127.0.0.1:${rig.port}/`);
      expect(String(await new Promise((resolve) => other.on("message", resolve)))).toBe("plain");
      other.terminate();
    } finally {
      await rig.stop();
    }
  });

  it(
    "verify tells code and context",
    withRig({}, async (rig) => {
      const verdicts: unknown[] = [];
      rig.engine.httpServer!.prependListener("request", (request: IncomingMessage) => {
        rig.engine.verify(request, false, (code, context) => verdicts.push([code, context]));
      });
      await get(rig, HANDSHAKE);
      await get(rig, `${HANDSHAKE}&sid=x`);
      expect(verdicts).toEqual([
        [undefined, undefined],
        [1, { sid: "x" }],
      ]);
    }),
  );
});

describe("the surface", () => {
  it("names codes, messages and the protocol", () => {
    expect(protocol).toBe(4);
    expect(Server.errors.FORBIDDEN).toBe(4);
    expect(Server.errorMessages[1]).toBe("Session ID unknown");
  });

  it("knows which transports a client may change to", () => {
    expect(new Server().upgrades("polling")).toEqual(["websocket"]);
    expect(new Server().upgrades("websocket")).toEqual([]);
    expect(new Server({ allowUpgrades: false }).upgrades("polling")).toEqual([]);
    expect(new Server({ transports: ["polling", "websocket", "webtransport"] }).upgrades("polling")).toEqual([
      "websocket",
      "webtransport",
    ]);
  });

  it(
    "shows live sessions as an object without inherited names",
    withRig({}, async (rig) => {
      const { sid } = await handshake(rig);
      const { clients } = rig.engine;
      expect(Object.keys(clients)).toEqual([sid]);
      expect(sid in clients).toBe(true);
      expect(clients[sid]?.id).toBe(sid);
      for (const name of ["__proto__", "constructor", "toString"]) expect(clients[name]).toBeUndefined();
      expect(() => Reflect.set(clients, "x", 1)).not.toThrow();
      expect(Object.keys(clients)).toEqual([sid]);
    }),
  );

  it("refuses options that make no sense", () => {
    for (const options of [{ pingTimeout: -1 }, { maxHttpBufferSize: Number.NaN }, { pingInterval: "5" as never }]) {
      expect(() => new Server(options)).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_OPTION" }));
    }
  });

  it(
    "keeps working when somebody has polluted Object.prototype",
    withRig({}, async (rig) => {
      Object.defineProperty(Object.prototype, "polluted", {
        value: "x",
        enumerable: true,
        configurable: true,
        writable: true,
      });
      try {
        const { sid } = await handshake(rig);
        expect((await post(rig, sid, "4x")).status).toBe(200);
        await openWebSocket(rig);
      } finally {
        Reflect.deleteProperty(Object.prototype, "polluted");
      }
    }),
  );
});

describe("a socket", () => {
  it(
    "shows its attributes, and gives its request back",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      await get(rig, `${HANDSHAKE}&a=1&b=2&b=3`);
      const socket = await session;
      expect(socket).toMatchObject({
        protocol: 4,
        readyState: "open",
        upgraded: false,
        upgrading: false,
        remoteAddress: "127.0.0.1",
        transport: { name: "polling" },
        server: rig.engine,
      });
      const request = socket.request as { _query: unknown; headers: object };
      expect(request._query).toEqual({ EIO: "4", transport: "polling", a: "1", b: ["2", "3"] });
      delete socket.request;
      expect("request" in socket).toBe(false);
    }),
  );

  it(
    "keeps a summary of its request only, with keepRequest off",
    withRig({ keepRequest: false }, async (rig) => {
      const session = nextSession(rig);
      await get(rig, `${HANDSHAKE}&a=1`, { headers: { "x-a": "b" } });
      const { request } = (await session) as { request?: Record<string, unknown> };
      expect(Object.keys(request!).sort()).toEqual(["_query", "connection", "headers", "method", "socket", "url"]);
      expect(request).toMatchObject({
        url: `/engine.io/?${HANDSHAKE}&a=1`,
        method: "GET",
        headers: { "x-a": "b" },
        _query: { a: "1" },
        connection: { encrypted: false, remoteAddress: "127.0.0.1" },
      });
    }),
  );

  it(
    "emits its events to those who listen",
    withRig({}, async (rig) => {
      const log: unknown[] = [];
      rig.engine.on("flush", (socket, packets) => log.push(["server flush", socket.id.length, packets.length]));
      rig.engine.on("drain", (socket) => log.push(["server drain", socket.id.length]));
      rig.engine.on("connection", (socket) => {
        for (const event of ["open", "packet", "packetCreate", "data", "message", "flush", "drain", "heartbeat"]) {
          socket.on(event, (...args: unknown[]) => log.push([event, ...args]));
        }
        socket.once("close", (reason: string) => log.push(["close", reason]));
      });
      const { sid } = await handshake(rig);
      const socket = Object.values(rig.engine.clients)[0]!;
      log.length = 0;
      socket.send("out", () => log.push(["sent"]));
      await poll(rig, sid);
      await post(rig, sid, "4in\x1e3\x1e1");
      const out = { type: "message", data: "out", options: { compress: true } };
      expect(log).toEqual([
        ["packetCreate", out],
        ["flush", [out]],
        ["server flush", 20, 1],
        ["sent"],
        ["drain"],
        ["server drain", 20],
        ["packet", { type: "message", data: "in" }],
        ["data", "in"],
        ["message", "in"],
        ["packet", { type: "pong" }],
        ["heartbeat"],
        ["packet", { type: "close" }],
        ["close", "transport close"],
      ]);
    }),
  );

  it(
    "emits open when the application can already listen",
    withRig({}, async (rig) => {
      const opened = new Promise((resolve) =>
        rig.engine.on("connection", (socket) => socket.on("open", () => resolve(1))),
      );
      await handshake(rig);
      await opened;
    }),
  );

  it(
    "hands messages and its end to a sink, and still to listeners",
    withRig({}, async (rig) => {
      const log: unknown[] = [];
      rig.engine.on("connection", (socket) => {
        socket.setSink({
          onData: (data) => log.push(["sink", data]),
          onClose: (reason) => log.push(["sink close", reason]),
          onDrain: () => log.push(["sink drain"]),
        });
        socket.on("data", (data) => log.push(["data", data]));
        socket.on("close", (reason) => log.push(["close", reason]));
      });
      const { sid } = await handshake(rig);
      rig.engine.clients[sid]!.send("out");
      await poll(rig, sid);
      expect(log.splice(0)).toEqual([["sink drain"]]);
      await post(rig, sid, "4a\x1e1");
      expect(log).toEqual([
        ["sink", "a"],
        ["data", "a"],
        ["sink close", "transport close"],
        ["close", "transport close"],
      ]);
    }),
  );

  it(
    "calls back once per message, in order, with the transport",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig);
      const socket = await session;
      const log: string[] = [];
      for (const name of ["a", "b", "c"]) {
        socket.write(name, { compress: false }, (transport) =>
          log.push(`${name} ${(transport as { name: string }).name}`),
        );
      }
      await peer.until(() => peer.got.length === 3);
      expect(log).toEqual(["a websocket", "b websocket", "c websocket"]);
    }),
  );

  it("survives listeners and callbacks that throw: the error goes to the hook", async () => {
    const failures: string[] = [];
    await withRig({ onHandlerError: (error, { event }) => failures.push(`${event}: ${error}`) }, async (rig) => {
      rig.engine.on("connection", (socket) => {
        socket.on("data", () => {
          throw new TypeError("data");
        });
        socket.on("close", () => {
          throw new TypeError("close");
        });
        socket.send("x", () => {
          throw new TypeError("callback");
        });
        throw new TypeError("connection");
      });
      const { peer } = await openWebSocket(rig);
      expect(await peer.message()).toBe("4x");
      peer.ws.send("4y");
      peer.ws.send("1");
      await peer.closed();
      expect(rig.engine.clientsCount).toBe(0);
    })();
    expect(failures).toEqual([
      "connection: TypeError: connection",
      "write: TypeError: callback",
      "data: TypeError: data",
      "close: TypeError: close",
    ]);
  });
});

describe("close", () => {
  it(
    "ends every session, drops what was queued, and refuses new ones",
    withRig({}, async (rig) => {
      const reasons: string[] = [];
      rig.engine.on("connection", (socket) => socket.on("close", (reason) => reasons.push(reason)));
      const { peer } = await openWebSocket(rig);
      const { sid } = await handshake(rig);
      const { sid: second } = await handshake(rig);
      const waiting = poll(rig, sid);
      await eventually(() => rig.engine.inspect().openResponses === 1);
      rig.engine.clients[second]!.send("dropped");
      rig.engine.close();
      rig.engine.close();
      expect((await waiting).body).toBe("1");
      await peer.closed();
      expect(reasons).toEqual(["forced close", "forced close", "forced close"]);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, deadlines: 0, addresses: 0 });
      expect((await get(rig, HANDSHAKE)).status).toBe(503);
      const late = new Peer(rig, "EIO=4&transport=websocket");
      await late.until(() => late.refused !== undefined);
      expect(late.refused).toBe(503);
      expect(rig.errors.at(-1)?.context).toEqual({ name: "SERVER_CLOSED" });
    }),
  );
});

describe("closing the HTTP server too", () => {
  it(
    "does not wait for idle keep-alive connections",
    withRig({}, async (rig) => {
      const { sid } = await handshake(rig);
      const waiting = poll(rig, sid);
      await eventually(() => rig.engine.inspect().openResponses === 1);
      // Later than the end of the test.
      (rig.engine.httpServer as HttpServer).keepAliveTimeout = 3_600_000;
      rig.engine.close();
      const closed = new Promise((resolve) => rig.engine.httpServer!.close(resolve));
      expect((await waiting).headers.connection).toBe("close");
      await closed;
    }),
  );
});

describe("the heartbeat", () => {
  it(
    "keeps those alive who answer, and ends those who do not",
    withRig({ pingInterval: 40, pingTimeout: 40 }, async (rig) => {
      const { peer } = await openWebSocket(rig);
      peer.ws.on("message", (data: Buffer) => {
        if (data.toString() === "2") peer.ws.send("3");
      });
      const mute = await openWebSocket(rig);
      const reason = new Promise((resolve) => rig.engine.clients[mute.sid]!.on("close", resolve));
      expect(await reason).toBe("ping timeout");
      await mute.peer.closed();
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect(rig.engine.clientsCount).toBe(1);
      expect(peer.got.filter((one) => one === "2").length).toBeGreaterThanOrEqual(2);
    }),
  );

  it(
    "comes in its interval also when the time-out is much longer",
    withRig({ pingInterval: 20, pingTimeout: 3_600_000 }, async (rig) => {
      const { peer } = await openWebSocket(rig);
      peer.ws.on("message", (data: Buffer) => {
        if (data.toString() === "2") peer.ws.send("3");
      });
      await peer.until(() => peer.got.filter((one) => one === "2").length === 5);
    }),
  );

  it(
    "reaches a poll, and ends a client that never polls",
    withRig({ pingInterval: 20, pingTimeout: 60 }, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      expect((await poll(rig, sid)).body).toBe("2");
      await post(rig, sid, "3");
      const reason = new Promise((resolve) => socket.on("close", resolve));
      expect(await reason).toBe("ping timeout");
    }),
  );

  it(
    "takes the bytes of a slow upload for life",
    withRig({ pingInterval: 30, pingTimeout: 60 }, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      let ended = false;
      socket.on("close", () => {
        ended = true;
      });
      const connection = connect(rig.port, "127.0.0.1");
      connection.write(
        `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n`,
      );
      for (let i = 0; i < 12; i++) {
        connection.write("4");
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      expect(ended).toBe(false);
      connection.destroy();
      await eventually(() => ended);
    }),
  );

  it(
    "does not blame peers for a blocked event loop",
    withRig({ pingInterval: 30, pingTimeout: 100 }, async (rig) => {
      const { peer, sid } = await openWebSocket(rig);
      const socket = rig.engine.clients[sid]!;
      let reason = "";
      socket.on("close", (why) => {
        reason = why;
      });
      peer.ws.on("message", (data: Buffer) => {
        if (data.toString() === "2") setImmediate(() => peer.ws.send("3"));
      });
      await peer.until(() => peer.got.includes("2"));
      const until = performance.now() + 400;
      while (performance.now() < until);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(reason).toBe("");
      expect(rig.engine.inspect().stalled).toBeGreaterThan(200);
    }),
  );
});
