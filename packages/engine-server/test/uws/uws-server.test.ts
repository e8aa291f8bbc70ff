import { Socket as Client } from "engine.io-client";
import session from "express-session";
import helmet from "helmet";
import { afterEach, describe, expect, it } from "vitest";
import { type EngineOptions, uServer } from "../../src/index.js";
import { type UwsAttachOptions, UwsServer } from "../../src/uws/index.js";
import { eventually, get, handshake, nextSession, openWebSocket, Peer, poll, post, send, tcp } from "../rig.js";
import { startUws, type UwsRig, uws } from "./rig.js";

let rig: UwsRig;
const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  await rig.stop();
});

async function open(options?: EngineOptions, attach?: UwsAttachOptions): Promise<void> {
  rig = await startUws(options, attach);
}

async function upgradeHeaders(peer: Peer): Promise<Record<string, unknown>> {
  const response = await new Promise<{ headers: Record<string, unknown> }>((resolve) => peer.ws.on("upgrade", resolve));
  return response.headers;
}

it("is exported under the incumbent's name, too", async () => {
  await open();
  expect(uServer).toBe(UwsServer);
});

describe("the official client", () => {
  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    it(`exchanges messages over ${transports.join(" then ")}`, async () => {
      await open();
      rig.engine.on("connection", (socket) => {
        socket.on("data", (data) => socket.send(data));
      });
      const client = new Client(rig.url, { transports });
      cleanups.push(() => client.close());
      const sent = ["hello", "café", Buffer.from([1, 2, 3]), "", "x".repeat(70_000)];
      const got: unknown[] = [];
      client.on("open", () => {
        for (const one of sent) client.send(one);
      });
      client.on("message", (data) => got.push(Buffer.isBuffer(data) ? data : (data ?? "")));
      await eventually(() => got.length === sent.length);
      expect(got).toEqual(sent);
      await eventually(() => client.transport.name === transports.at(-1));
      client.close();
      await eventually(() => rig.engine.clientsCount === 0);
    });
  }
});

describe("routes", () => {
  it("serves its path with and without slash, refuses what lies below, and leaves the rest alone", async () => {
    await open({}, { path: "/a/b/" });
    rig.app.any("/other", (response) => void response.end("mine"));
    for (const path of ["/a/b", "/a/b/"]) {
      expect((await send(rig, `${path}?EIO=4&transport=polling`).answer).status).toBe(200);
    }
    const below = await send(rig, "/a/b/c?EIO=4&transport=polling").answer;
    expect([below.status, JSON.parse(below.body)]).toEqual([400, { code: 3, message: "Bad request" }]);
    expect(rig.errors).toEqual([
      { code: 3, message: "Bad request", context: { name: "PATH_MISMATCH", path: "/a/b/c" } },
    ]);
    expect((await send(rig, "/other").answer).body).toBe("mine");
  });

  it("hands on what lies below to who serves it", async () => {
    await open(
      {},
      {
        below: (request, response) => {
          if (!request.url.startsWith("/engine.io/file")) return false;
          response.writeHead(200, { "x-file": "yes" });
          response.end("content");
          return true;
        },
      },
    );
    const answer = await send(rig, "/engine.io/file.js").answer;
    expect([answer.status, answer.body, answer.headers["x-file"]]).toEqual([200, "content", "yes"]);
    expect((await send(rig, "/engine.io/other").answer).status).toBe(400);
  });
});

describe("middlewares", () => {
  it("helmet", async () => {
    await open();
    rig.engine.use(helmet());
    const { headers } = await get(rig, "EIO=4&transport=polling");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toContain("default-src");
    const upgrade = await upgradeHeaders(new Peer(rig, "EIO=4&transport=websocket"));
    expect(upgrade["x-content-type-options"]).toBe("nosniff");
  });

  it("express-session", async () => {
    await open();
    rig.engine.use(session({ secret: "keyboard cat", resave: false, saveUninitialized: true, cookie: {} }));
    const seen: string[] = [];
    rig.engine.on("connection", ({ request }) => {
      seen.push((request as { session: { id: string } }).session.id);
    });
    const { headers, body } = await get(rig, "EIO=4&transport=polling");
    const cookie = headers["set-cookie"]![0]!.split(";")[0]!;
    expect(cookie).toMatch(/^connect\.sid=/);
    expect((await post(rig, JSON.parse(body.slice(1)).sid, "4x", { headers: { cookie } })).body).toBe("ok");
    const upgrade = await upgradeHeaders(new Peer(rig, "EIO=4&transport=websocket"));
    expect(String(upgrade["set-cookie"])).toMatch(/^connect\.sid=/);
    await new Peer(rig, "EIO=4&transport=websocket", { headers: { cookie } }).opened();
    expect(seen[2]).toBe(seen[0]);
    expect(seen[1]).not.toBe(seen[0]);
  });

  it("cannot split a response by what they set", async () => {
    await open();
    rig.engine.use((_request, response, next) => {
      response.setHeader("x-good", "yes");
      response.setHeader("x-bad", "a\r\nset-cookie: stolen=1");
      next();
    });
    const { headers } = await get(rig, "EIO=4&transport=polling");
    expect([headers["x-good"], headers["x-bad"], headers["set-cookie"]]).toEqual(["yes", undefined, undefined]);
  });

  it("get uploads that arrived while they thought", async () => {
    await open();
    const opened = nextSession(rig);
    const { sid } = await handshake(rig);
    const data = new Promise((resolve) => opened.then((socket) => socket.on("data", resolve)));
    rig.engine.use((_request, _response, next) => void setTimeout(next, 20));
    expect((await post(rig, sid, `4${"x".repeat(200_000)}`)).body).toBe("ok");
    expect(await data).toHaveLength(200_000);
  });

  it("hear finish and close once each, also when the peer leaves first", async () => {
    await open();
    const events: string[] = [];
    rig.engine.use((request, response, next) => {
      for (const event of ["finish", "close"]) response.on(event, () => events.push(`${request._query.n} ${event}`));
      if (request._query.n === "1") next();
    });
    await get(rig, "EIO=4&transport=polling&n=1");
    await eventually(() => events.length === 2);
    expect(events).toEqual(["1 finish", "1 close"]);
    send(rig, "/engine.io/?EIO=4&transport=polling&n=2")
      .answer.catch(() => undefined)
      .finally(() => undefined);
    const { request, answer } = send(rig, "/engine.io/?EIO=4&transport=polling&n=3");
    answer.catch(() => undefined);
    await eventually(() => rig.engine.inspect().pendingHandshakes === 2);
    request.destroy();
    await eventually(() => events.includes("3 close"));
    expect(rig.engine.inspect().pendingHandshakes).toBe(1);
  });
});

describe("polling", () => {
  it("answers head and body in one segment", async () => {
    await open();
    const opened = nextSession(rig);
    const { sid } = await handshake(rig);
    const socket = await opened;
    const connection = await tcp(rig);
    connection.write(`GET /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await eventually(() => socket.transport.ready);
    const first = new Promise<Buffer>((resolve) => connection.once("data", resolve));
    socket.send("a");
    socket.send("b");
    const text = (await first).toString();
    expect([text.slice(0, 15), text.slice(text.indexOf("\r\n\r\n") + 4)]).toEqual(["HTTP/1.1 200 OK", "4a\x1e4b"]);
    connection.destroy();
  });

  it("counts what a slow reader has not taken of a large response", async () => {
    await open({ maxOutboxBytes: 64e6, httpCompression: false });
    const opened = nextSession(rig);
    const { sid } = await handshake(rig);
    const socket = await opened;
    const connection = await tcp(rig);
    connection.pause();
    connection.write(`GET /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await eventually(() => socket.transport.ready);
    socket.send("x".repeat(30e6));
    await eventually(() => socket.transport.bufferedAmount > 10e6);
    let received = 0;
    connection.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    connection.resume();
    await eventually(() => received > 30e6);
    await eventually(() => socket.transport.bufferedAmount === 0);
    connection.destroy();
  });

  it("is inert when the peer has left while the answer was compressed", async () => {
    await open();
    const opened = nextSession(rig);
    const { sid } = await handshake(rig);
    const socket = await opened;
    const query = `/engine.io/?EIO=4&transport=polling&sid=${sid}`;
    const { request, answer } = send(rig, query, { headers: { "accept-encoding": "gzip" } });
    answer.catch(() => undefined);
    await eventually(() => socket.transport.ready);
    socket.send("x".repeat(5e6));
    socket.flush();
    request.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await get(rig, "EIO=4&transport=polling")).status).toBe(200);
  });
});

describe("WebSocket", () => {
  it("hands on copies of binary messages", async () => {
    await open();
    const opened = nextSession(rig);
    const { peer } = await openWebSocket(rig);
    const got: Buffer[] = [];
    (await opened).on("data", (data) => got.push(data as Buffer));
    for (let n = 0; n < 50; n++) peer.ws.send(Buffer.alloc(100, n));
    await eventually(() => got.length === 50);
    expect(got).toEqual(Array.from({ length: 50 }, (_, n) => Buffer.alloc(100, n)));
  });

  it("sends all of a turn in order, whatever the sizes, to a reader that pauses", async () => {
    await open({ maxOutboxBytes: 64e6 });
    const opened = nextSession(rig);
    const { peer } = await openWebSocket(rig);
    const socket = await opened;
    const raw = (peer.ws as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    raw.pause();
    const sent: string[] = [];
    for (let n = 0; n < 40; n++) sent.push(`${n}${"y".repeat(n % 4 === 0 ? 900_000 : n * 10)}`);
    for (const text of sent) socket.send(text);
    await eventually(() => !socket.transport.ready);
    expect(socket.transport.writable).toBe(false);
    expect(socket.bufferedAmount).toBeGreaterThan(1e6);
    for (const text of ["late 1", "late 2"]) socket.send(text);
    const drained = socket.drained();
    raw.resume();
    await drained;
    await peer.until(() => peer.got.length === 42);
    expect(peer.got).toEqual([...sent, "late 1", "late 2"].map((text) => `4${text}`));
  });

  it("ends a peer that does not read, with the reason slow consumer", async () => {
    await open({ maxOutboxBytes: 1e6 });
    const opened = nextSession(rig);
    const { peer } = await openWebSocket(rig);
    const socket = await opened;
    const reason = new Promise((resolve) => socket.on("close", resolve));
    (peer.ws as unknown as { _socket: { pause(): void } })._socket.pause();
    for (let n = 0; n < 5_000 && socket.readyState === "open"; n++) {
      socket.send("x".repeat(10_000));
      if (n % 10 === 0) await new Promise(setImmediate);
    }
    expect(await reason).toBe("slow consumer");
    expect(rig.engine.inspect()).toMatchObject({ sessions: 0, inFlight: 0, deadlines: 0 });
    peer.ws.terminate();
  });

  it("is inert when closed from within its own handlers", async () => {
    await open();
    rig.engine.on("connection", (socket) => {
      socket.on("data", () => {
        socket.send("bye");
        socket.close(true);
        socket.send("nothing");
        socket.close();
      });
    });
    const { peer } = await openWebSocket(rig);
    peer.ws.send("4x");
    await peer.closed();
    expect(rig.engine.clientsCount).toBe(0);
  });

  it("compresses where both sides agreed to, and the message is worth it", async () => {
    await open({}, { compression: uws.SHARED_COMPRESSOR });
    const opened = nextSession(rig);
    const peer = new Peer(rig, "EIO=4&transport=websocket", { perMessageDeflate: true });
    await peer.message();
    const socket = await opened;
    const bytes = () => (peer.ws as unknown as { _socket: { bytesRead: number } })._socket.bytesRead;
    const measure = async (compress: boolean) => {
      const before = bytes();
      socket.send("z".repeat(50_000), { compress });
      expect(await peer.message()).toHaveLength(50_001);
      return bytes() - before;
    };
    expect(await measure(true)).toBeLessThan(5_000);
    expect(await measure(false)).toBeGreaterThan(50_000);
  });

  it("does not complete a handshake whose peer has left while it was decided about", async () => {
    let answer: ((error: null, success: boolean) => void) | undefined;
    await open({
      allowRequest: (_request, callback) => {
        answer = callback;
      },
    });
    const peer = new Peer(rig, "EIO=4&transport=websocket");
    await eventually(() => answer !== undefined);
    peer.ws.terminate();
    await eventually(() => rig.engine.inspect().pendingHandshakes === 0);
    answer?.(null, true);
    expect(rig.engine.clientsCount).toBe(0);
  });

  it("leaves the heartbeat to the engine", async () => {
    await open({ pingInterval: 50, pingTimeout: 100 });
    const opened = nextSession(rig);
    const { peer } = await openWebSocket(rig);
    const reason = (await opened).on.bind(await opened);
    const end = new Promise((resolve) => reason("close", resolve));
    expect(await peer.message()).toBe("2");
    expect(await end).toBe("ping timeout");
  });
});

describe("poll", () => {
  it("with an underscore-free header of any name is served", async () => {
    await open();
    const { sid } = await handshake(rig);
    const answer = poll(rig, sid, { headers: { constructor: "x" } });
    await eventually(() => rig.engine.inspect().openResponses === 1);
    Object.values(rig.engine.clients)[0]!.send("x");
    expect((await answer).body).toBe("4x");
  });
});
