import { Socket as OfficialClient } from "engine.io-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebTransportLink } from "../../src/conformance/webtransport-link.js";
import type { EngineOptions, Socket } from "../../src/index.js";
import { eventually, handshake, nextSession, poll, type Rig, send, startRig } from "../rig.js";
import { WebTransportClient } from "./webtransport-client.js";

const rigs: Rig[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const rig of rigs.splice(0)) await rig.stop();
});

const TRANSPORTS = ["polling", "websocket", "webtransport"] as const;

async function rigWith(options: EngineOptions = {}): Promise<Rig> {
  const rig = await startRig({ transports: TRANSPORTS, ...options });
  rigs.push(rig);
  return rig;
}

async function connect(rig: Rig): Promise<{ client: WebTransportClient; socket: Socket }> {
  const session = nextSession(rig);
  const client = await WebTransportClient.open(rig);
  expect((await client.next()).type).toBe("open");
  return { client, socket: await session };
}

const closeOf = (socket: Socket) =>
  new Promise<unknown[]>((resolve) => socket.on("close", (...why: unknown[]) => resolve(why)));

/** Nothing of a session, or of an attempt at one, is left. */
async function expectEmpty(rig: Rig): Promise<void> {
  await eventually(() => rig.engine.inspect().deadlines === 0);
  expect(rig.engine.inspect()).toMatchObject({
    sessions: 0,
    upgrading: 0,
    silent: 0,
    addresses: 0,
    inFlight: 0,
    pendingHandshakes: 0,
    unfinishedBytes: 0,
  });
}

describe("a WebTransport session", () => {
  it("opens, exchanges messages in both directions, and ends", async () => {
    const rig = await rigWith();
    const session = nextSession(rig);
    const client = await WebTransportClient.open(rig);
    const open = await client.next();
    expect(JSON.parse(open.data as string)).toMatchObject({ upgrades: [], pingInterval: 25_000, maxPayload: 1e6 });
    const socket = await session;
    expect(socket.transport.name).toBe("webtransport");
    expect(socket.protocol).toBe(4);
    const got: unknown[] = [];
    socket.on("data", (data) => got.push(data));
    const sent = ["hi", "é🐟", Buffer.from([1, 2, 3]), "x".repeat(200), Buffer.alloc(70_000, 5), Buffer.alloc(0)];
    for (const data of sent) socket.send(data);
    const back = [];
    for (const _ of sent) back.push((await client.next()).data);
    expect(back).toEqual(sent);
    client.send(...sent.map((data) => ({ type: "message", data }) as const));
    await eventually(() => got.length === sent.length);
    expect(got).toEqual(sent);
    const closed = closeOf(socket);
    client.link.client.close();
    expect(await closed).toEqual(["transport close", undefined]);
    await expectEmpty(rig);
  });

  it("does not mind how its bytes are cut", async () => {
    const rig = await rigWith();
    const session = nextSession(rig);
    const client = await WebTransportClient.arrive(rig).stream();
    for (const byte of [1, 0x30]) client.bytes(Uint8Array.of(byte));
    expect((await client.next()).type).toBe("open");
    const data = new Promise((resolve) => session.then((socket) => socket.once("data", resolve)));
    for (const byte of [3, 0x34, 0x68, 0x69]) client.bytes(Uint8Array.of(byte));
    expect(await data).toBe("hi");
  });

  it("hears what came together with its open packet, after it was announced", async () => {
    const rig = await rigWith();
    const got = new Promise((resolve) => rig.engine.on("connection", (socket) => socket.on("data", resolve)));
    const client = await WebTransportClient.arrive(rig).stream();
    client.send({ type: "open" }, { type: "message", data: "early" });
    expect(await got).toBe("early");
  });

  it("gets prepared messages, made once", async () => {
    const rig = await rigWith();
    const [one, two] = [await connect(rig), await connect(rig)];
    const prepared = rig.engine.prepare(["a", Buffer.from([1])]);
    one.socket.writePrepared(prepared);
    two.socket.writePrepared(prepared);
    for (const { client } of [one, two]) {
      expect([(await client.next()).data, (await client.next()).data]).toEqual(["a", Buffer.from([1])]);
    }
  });

  it("is pinged, and ends when it does not answer", async () => {
    const rig = await rigWith({ pingInterval: 20, pingTimeout: 40 });
    const { client, socket } = await connect(rig);
    expect((await client.next()).type).toBe("ping");
    client.send({ type: "pong" });
    const closed = closeOf(socket);
    expect((await client.next()).type).toBe("ping");
    expect((await closed)[0]).toBe("ping timeout");
    await client.closed;
    await expectEmpty(rig);
  });

  it("gets everything that was written before the server closed it", async () => {
    const rig = await rigWith();
    const { client, socket } = await connect(rig);
    for (let n = 0; n < 50; n++) socket.send(`${n}`);
    const closed = closeOf(socket);
    socket.close();
    const got = [];
    for (let n = 0; n < 50; n++) got.push((await client.next()).data);
    expect(got).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
    expect((await closed)[0]).toBe("forced close");
    await client.closed;
    await expectEmpty(rig);
  });

  it("that does not read is closed when its outbox is over budget, and holds nothing back", async () => {
    const rig = await rigWith({ maxOutboxBytes: 300_000 });
    const session = nextSession(rig);
    // A client that opens its stream and never reads from it.
    const link = new WebTransportLink();
    rig.engine.onWebTransportSession(link.server);
    const { writable } = await link.client.createBidirectionalStream();
    const writer = writable.getWriter();
    writer.closed.catch(() => undefined);
    await writer.write(Uint8Array.of(1, 0x30));
    const socket = await session;
    const closed = closeOf(socket);
    for (let n = 0; n < 200 && socket.readyState === "open"; n++) {
      socket.send(Buffer.alloc(10_000));
      expect(socket.bufferedAmount).toBeLessThan(320_000);
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await closed).toEqual([
      "slow consumer",
      expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_SLOW_CONSUMER" }),
    ]);
    await link.client.closed;
    await expectEmpty(rig);
  });

  it("that does not read does not hold its closing up for longer than closeTimeout", async () => {
    const rig = await rigWith({ closeTimeout: 50 });
    const session = nextSession(rig);
    const link = new WebTransportLink();
    rig.engine.onWebTransportSession(link.server);
    const { writable } = await link.client.createBidirectionalStream();
    await writable.getWriter().write(Uint8Array.of(1, 0x30));
    const socket = await session;
    socket.send("never read");
    await eventually(() => socket.bufferedAmount > 0);
    socket.close();
    await link.client.closed;
    await expectEmpty(rig);
  });

  it("that reads slowly gets everything that was written before its end", async () => {
    const rig = await rigWith({ closeTimeout: 60 });
    const session = nextSession(rig);
    const link = new WebTransportLink();
    rig.engine.onWebTransportSession(link.server);
    const { readable, writable } = await link.client.createBidirectionalStream();
    await writable.getWriter().write(Uint8Array.of(1, 0x30));
    const socket = await session;
    const closed = closeOf(socket);
    socket.send(Buffer.alloc(500_000));
    socket.close();
    const reader = readable.getReader();
    let got = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      got += next.value.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(got).toBeGreaterThan(500_000);
    expect((await closed)[0]).toBe("forced close");
    await expectEmpty(rig);
  });

  it("that breaks ends with what broke it", async () => {
    const rig = await rigWith();
    const { client, socket } = await connect(rig);
    const closed = closeOf(socket);
    client.link.break(new TypeError("the cable was cut"));
    expect(await closed).toEqual([
      "transport error",
      expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_WEBTRANSPORT", message: "the cable was cut" }),
    ]);
    await expectEmpty(rig);
  });

  it.each([
    ["an empty frame", [0]],
    ["a frame over maxHttpBufferSize", [126, 0x03, 0xe9]],
    ["a length beyond all numbers", [127, 255, 255, 255, 255, 255, 255, 255, 255]],
    ["an unknown packet type", [1, 0x39]],
    ["text that is not UTF-8", [2, 0x34, 0xff]],
  ])("ends at %s", async (_name, bytes) => {
    const rig = await rigWith({ maxHttpBufferSize: 1000 });
    const { client, socket } = await connect(rig);
    const closed = closeOf(socket);
    client.bytes(Uint8Array.from(bytes));
    expect((await closed)[0]).toBe("parse error");
    await client.closed;
    await expectEmpty(rig);
  });

  it("counts the bytes of a frame that is not whole", async () => {
    const rig = await rigWith();
    const { client } = await connect(rig);
    client.bytes(Buffer.concat([Uint8Array.of(126, 1, 0), Buffer.alloc(100, 0x34)]));
    await eventually(() => rig.engine.inspect().unfinishedBytes === 100);
    client.link.client.close();
    await expectEmpty(rig);
  });
});

describe("the WebTransport handshake", () => {
  it("is refused where the transport is not offered", async () => {
    const rig = await rigWith({ transports: ["polling", "websocket"] });
    const client = WebTransportClient.arrive(rig);
    expect(await client.closed).toEqual({ closeCode: 400, reason: "Transport unknown" });
    expect(rig.errors).toEqual([{ code: 0, message: "Transport unknown", context: { transport: "webtransport" } }]);
    await expectEmpty(rig);
  });

  it.each([
    ["a message", [2, 0x34, 0x61]],
    ["a binary message", [0x81, 1]],
    ["an open packet without JSON", [2, 0x30, 0x7b]],
    ["an open packet with something else than a session id", [10, ...Buffer.from('0{"sid":1}')]],
    ["an open packet of null", [5, ...Buffer.from("0null")]],
    ["an empty frame", [0]],
    ["a frame over the limit", [127, 0, 0, 0, 1, 0, 0, 0, 0]],
    ["a first packet without end", [126, 0x7f, 0xff, ...Buffer.alloc(2000, 0x30)]],
  ])("that begins with %s is refused", async (_name, bytes) => {
    const rig = await rigWith();
    const client = await WebTransportClient.arrive(rig).stream();
    client.bytes(Uint8Array.from(bytes));
    expect(await client.closed).toEqual({ closeCode: 400, reason: "Bad request" });
    expect(rig.errors).toMatchObject([{ code: 3, context: { name: "TRANSPORT_HANDSHAKE_ERROR" } }]);
    await expectEmpty(rig);
  });

  it.each(["__proto__", "constructor", "toString", "nobody"])("for the unknown session %s is refused", async (sid) => {
    const rig = await rigWith();
    const client = await WebTransportClient.open(rig, sid);
    expect(await client.closed).toEqual({ closeCode: 400, reason: "Session ID unknown" });
    expect(rig.errors).toMatchObject([{ code: 1, context: { sid } }]);
    await expectEmpty(rig);
  });

  it("without a stream is given up after upgradeTimeout", async () => {
    const rig = await rigWith({ upgradeTimeout: 30 });
    const client = WebTransportClient.arrive(rig);
    expect(rig.engine.inspect().pendingHandshakes).toBe(1);
    expect(await client.closed).toMatchObject({ closeCode: 400 });
    await expectEmpty(rig);
  });

  it("without a first packet is given up after upgradeTimeout", async () => {
    const rig = await rigWith({ upgradeTimeout: 30 });
    const client = await WebTransportClient.arrive(rig).stream();
    client.bytes(Uint8Array.of(5));
    expect(await client.closed).toMatchObject({ closeCode: 400 });
    await expectEmpty(rig);
  });

  it.each([
    ["before its stream", async (client: WebTransportClient) => client.link.client.close()],
    ["broken before its stream", async (client: WebTransportClient) => client.link.break(new TypeError("cut"))],
    ["before its first packet", async (client: WebTransportClient) => (await client.stream()).link.client.close()],
  ])("that the client leaves %s frees everything", async (_name, leave) => {
    const rig = await rigWith();
    await leave(WebTransportClient.arrive(rig));
    await expectEmpty(rig);
    expect(rig.errors).toMatchObject([{ code: 3, context: { name: "TRANSPORT_HANDSHAKE_ERROR" } }]);
  });

  it("that is waited for ends with the engine, and a closed engine takes none", async () => {
    const rig = await rigWith();
    const waiting = WebTransportClient.arrive(rig);
    rig.engine.close();
    await waiting.closed;
    await expectEmpty(rig);
    expect(await WebTransportClient.arrive(rig).closed).toMatchObject({ closeCode: 503 });
  });

  it("is bounded in number", async () => {
    const rig = await rigWith({ maxPendingHandshakes: 2 });
    const waiting = [WebTransportClient.arrive(rig), WebTransportClient.arrive(rig)];
    expect(await WebTransportClient.arrive(rig).closed).toMatchObject({ closeCode: 503 });
    expect(rig.errors).toMatchObject([{ code: 3, context: { name: "TOO_MANY_HANDSHAKES" } }]);
    for (const client of waiting) client.link.client.close();
    await expectEmpty(rig);
  });
});

describe("the guards of a WebTransport session", () => {
  const request = {
    url: "https://example.com/engine.io/?EIO=4&transport=webtransport&token=abc&sid=ignored",
    headers: { Origin: "https://example.com", Host: "example.com", cookie: "a=b" },
    remoteAddress: "192.0.2.7",
  };

  it("give the application a request of what the front end told", async () => {
    let seen: Record<string, unknown> = {};
    const rig = await rigWith({
      allowRequest: (raw, done) => {
        seen = raw;
        done(null, true);
      },
    });
    const session = nextSession(rig);
    await WebTransportClient.open(rig, undefined, request);
    const socket = await session;
    expect(seen).toMatchObject({
      method: "CONNECT",
      url: "/engine.io/?EIO=4&transport=webtransport&token=abc",
      headers: { origin: "https://example.com", host: "example.com", cookie: "a=b" },
      socket: { remoteAddress: "192.0.2.7", encrypted: true },
      _query: { EIO: "4", transport: "webtransport", token: "abc" },
    });
    expect(socket.request).toBe(seen);
    expect(socket.remoteAddress).toBe("192.0.2.7");
  });

  it("take what front ends tell, whatever its form", async () => {
    const seen: unknown[] = [];
    const rig = await rigWith({
      allowRequest: (raw, done) => {
        seen.push([raw.url, { ...raw.headers }]);
        done(null, true);
      },
    });
    const forms = [
      { url: new URL("https://example.com/x/?a=1"), headers: new Headers({ A: "b" }) },
      { url: "/x/?a=1", headers: new Map([["A", "b"]]) },
      { url: "/x/?a=1#there", headers: { A: ["b"], C: undefined } },
      { url: "/x/?a=1", headers: { A: "b", __proto__: { polluted: "yes" } } },
    ];
    for (const form of forms) {
      expect((await (await WebTransportClient.open(rig, undefined, form as never)).next()).type).toBe("open");
    }
    expect(seen).toEqual(Array(4).fill(["/x/?a=1&EIO=4&transport=webtransport", { a: "b" }]));
    for (const odd of [{ url: 5, headers: 5 }, { headers: null }, { headers: { n: 5 } }, {}]) {
      expect((await (await WebTransportClient.open(rig, undefined, odd as never)).next()).type).toBe("open");
    }
  });

  it("report what is no session, and go on", async () => {
    const errors: unknown[] = [];
    const rig = await rigWith({ onHandlerError: (error) => errors.push(error) });
    rig.engine.onWebTransportSession({} as never);
    await eventually(() => errors.length === 1);
    await connect(rig);
  });

  it("ask allowRequest", async () => {
    const rig = await rigWith({ allowRequest: (_request, done) => done("thou shalt not pass", false) });
    const client = await WebTransportClient.open(rig, undefined, request);
    expect(await client.closed).toEqual({ closeCode: 403, reason: "thou shalt not pass" });
    expect(rig.errors).toMatchObject([{ code: 4 }]);
    await expectEmpty(rig);
  });

  it("run middlewares, which may refuse or answer by themselves", async () => {
    const rig = await rigWith();
    const urls: string[] = [];
    rig.engine.use((raw, response, next) => {
      urls.push(raw.url);
      response.setHeader("x-y", "z");
      if (raw._query.token === "end") response.writeHead(401).end("no");
      else next(raw._query.token === "abc" ? undefined : new TypeError("bad token"));
    });
    const ended = await WebTransportClient.open(rig, undefined, { url: "/engine.io/?token=end" });
    expect(await ended.closed).toMatchObject({ closeCode: 401 });
    const refused = await WebTransportClient.open(rig, undefined, { url: "/engine.io/?token=x" });
    expect(await refused.closed).toEqual({ closeCode: 400, reason: "Bad request" });
    expect(rig.errors).toMatchObject([{ code: 3, context: { name: "MIDDLEWARE_FAILURE" } }]);
    await expectEmpty(rig);
    const admitted = await WebTransportClient.open(rig, undefined, request);
    expect((await admitted.next()).type).toBe("open");
    expect(urls).toHaveLength(3);
  });

  it("are not waited for longer than handshakeTimeout, nor after the client has left", async () => {
    const rig = await rigWith({ handshakeTimeout: 30 });
    rig.engine.use(() => undefined);
    expect(await (await WebTransportClient.open(rig)).closed).toMatchObject({ closeCode: 503 });
    const leaving = await WebTransportClient.open(rig);
    leaving.link.client.close();
    await expectEmpty(rig);
  });

  it.each([
    ["cors.origin", { cors: { origin: "https://example.com" } }],
    ["a list in cors.origin", { cors: { origin: [/example\.com$/] } }],
    ["origins", { origins: ["https://example.com"] }],
    ["origins: same-origin", { origins: "same-origin" }],
  ] as Array<[string, EngineOptions]>)("keep to %s", async (_name, options) => {
    const rig = await rigWith(options);
    const admitted = await WebTransportClient.open(rig, undefined, request);
    expect((await admitted.next()).type).toBe("open");
    const foreign = { ...request, headers: new Headers({ origin: "https://evil.test", host: "example.com" }) };
    expect(await (await WebTransportClient.open(rig, undefined, foreign)).closed).toMatchObject({ closeCode: 403 });
    expect(rig.errors).toMatchObject([{ code: 4, context: { name: "ORIGIN_REFUSED", origin: "https://evil.test" } }]);
    // Who does not tell the origin does not get around it.
    expect(await (await WebTransportClient.open(rig)).closed).toMatchObject({ closeCode: 403 });
    // What is no page has no origin, and is not concerned.
    const tool = await WebTransportClient.open(rig, undefined, { ...request, headers: { host: "example.com" } });
    expect((await tool.next()).type).toBe("open");
  });

  it("count sessions per address", async () => {
    const rig = await rigWith({ maxSessionsPerAddress: 1 });
    expect((await (await WebTransportClient.open(rig, undefined, request)).next()).type).toBe("open");
    expect(await (await WebTransportClient.open(rig, undefined, request)).closed).toMatchObject({ closeCode: 503 });
    expect(rig.errors).toMatchObject([{ context: { name: "TOO_MANY_SESSIONS_OF_ADDRESS", address: "192.0.2.7" } }]);
  });

  it("know only revision 4", async () => {
    const rig = await rigWith({ allowEIO3: true });
    const client = await WebTransportClient.open(rig, undefined, { url: "/engine.io/?EIO=3" });
    expect(await client.closed).toMatchObject({ reason: "Unsupported protocol version" });
    const { body } = await send(rig, "/engine.io/?EIO=3&transport=polling").answer;
    const { sid } = JSON.parse(body.slice(body.indexOf("{")));
    expect(await (await WebTransportClient.open(rig, sid)).closed).toMatchObject({ closeCode: 400 });
    expect(rig.errors.map(({ code, context }) => [code, context.name])).toEqual([
      [5, undefined],
      [3, "PROTOCOL_MISMATCH"],
    ]);
  });

  it("do not answer HTTP requests that name this transport", async () => {
    const rig = await rigWith();
    const { body } = await send(rig, "/engine.io/?EIO=4&transport=webtransport").answer;
    expect(JSON.parse(body)).toEqual({ code: 0, message: "Transport unknown" });
  });

  it("wait for an id, and free everything when there is none", async () => {
    const rig = await rigWith();
    rig.engine.generateId = () => Promise.resolve("chosen");
    const client = await WebTransportClient.open(rig);
    expect(JSON.parse((await client.next()).data as string).sid).toBe("chosen");
    rig.engine.generateId = () => Promise.reject(new TypeError("no more ids"));
    expect(await (await WebTransportClient.open(rig)).closed).toMatchObject({ closeCode: 400 });
    client.link.client.close();
    await expectEmpty(rig);
  });
});

describe("an upgrade to WebTransport", () => {
  it("moves a polling session", async () => {
    const rig = await rigWith();
    const session = nextSession(rig);
    const { sid, upgrades } = await handshake(rig);
    expect(upgrades).toEqual(["websocket", "webtransport"]);
    const socket = await session;
    const waiting = poll(rig, sid);
    const client = await WebTransportClient.open(rig, sid);
    client.send({ type: "ping", data: "probe" });
    expect(await client.next()).toEqual({ type: "pong", data: "probe" });
    expect((await waiting).body).toBe("6");
    client.send({ type: "upgrade" });
    await new Promise((resolve) => socket.once("upgrade", resolve));
    expect(socket.transport.name).toBe("webtransport");
    socket.send("over here");
    expect((await client.next()).data).toBe("over here");
    expect((await poll(rig, sid)).status).toBe(400);
    // Nobody takes the session over any more.
    await (await WebTransportClient.open(rig, sid)).closed;
    expect(socket.readyState).toBe("open");
  });

  it("that says something else is closed, and the session stays", async () => {
    const rig = await rigWith();
    const { sid } = await handshake(rig);
    const client = await WebTransportClient.open(rig, sid);
    client.send({ type: "message", data: "not yet" });
    await client.closed;
    await eventually(() => rig.engine.inspect().upgrading === 0);
    expect(rig.engine.inspect().byTransport).toEqual({ polling: 1 });
  });

  it("that does not come to its end is given up after upgradeTimeout", async () => {
    const rig = await rigWith({ upgradeTimeout: 40 });
    const { sid } = await handshake(rig);
    const client = await WebTransportClient.open(rig, sid);
    await client.closed;
    expect(rig.engine.inspect()).toMatchObject({ sessions: 1, upgrading: 0 });
  });

  it("is refused where upgrades are off", async () => {
    const rig = await rigWith({ allowUpgrades: false });
    const { sid } = await handshake(rig);
    expect(await (await WebTransportClient.open(rig, sid)).closed).toMatchObject({ closeCode: 400 });
    expect(rig.errors).toMatchObject([{ code: 3, context: { name: "UPGRADES_DISABLED" } }]);
  });
});

describe("the official client over WebTransport", () => {
  /** What pages have as `WebTransport`, joined to the engine without HTTP/3. */
  function offerPlatform(rig: Rig): void {
    vi.stubGlobal("WebTransport", function WebTransport(url: string) {
      const link = new WebTransportLink();
      rig.engine.onWebTransportSession(link.server, { url });
      return { ...link.client, createBidirectionalStream: () => quietStream(link) };
    });
  }

  /** A stream that falls silent with its session. That client does not handle the rejections of its own pipes. */
  async function quietStream(link: WebTransportLink) {
    const stream = await link.client.createBidirectionalStream();
    const [up, down] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const quiet = { preventAbort: true, preventCancel: true };
    (up.readable as typeof stream.readable).pipeTo(stream.writable, quiet).catch(() => undefined);
    stream.readable.pipeTo(down.writable as typeof stream.writable, quiet).catch(() => undefined);
    return { readable: down.readable, writable: up.writable };
  }

  for (const transports of [["webtransport"], ["polling", "webtransport"]]) {
    it(`exchanges messages over ${transports.join(" then ")}`, async () => {
      const rig = await rigWith();
      offerPlatform(rig);
      rig.engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
      const client = new OfficialClient(rig.url, { transports });
      await new Promise((resolve) => client.on(transports.length > 1 ? "upgrade" : "open", resolve));
      const sent = ["hello", "é🐟", Buffer.from([1, 2, 3]), "x".repeat(100_000)];
      const got: unknown[] = [];
      const all = new Promise<void>((resolve) => {
        client.on("message", (data) => got.push(data) === sent.length && resolve());
      });
      for (const one of sent) client.send(one);
      await all;
      expect(got).toEqual(sent);
      expect(rig.engine.inspect().byTransport).toEqual({ webtransport: 1 });
      client.close();
      await expectEmpty(rig);
    });
  }
});
