import { randomBytes } from "node:crypto";
import type { Socket as TcpSocket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processorTime } from "../src/conformance/bench.js";
import { RefusalCode } from "../src/index.js";
import { randomSessionId } from "../src/session-id.js";
import { eventually, get, handshake, openWebSocket, Peer, poll, post, type Rig, send, startRig, tcp } from "./rig.js";

/**
 * Every published advisory about engines of this family and about the WebSocket library under them: the input that
 * triggered it, and what must happen instead. In every case a second client is connected all the while, and must
 * neither be cut off nor miss a message; afterwards every table of the engine is empty.
 */

let rig: Rig;
let witness: Peer;
const failures: unknown[] = [];
const onFailure = (error: unknown) => failures.push(error);

beforeEach(async () => {
  failures.length = 0;
  process.on("uncaughtException", onFailure);
  process.on("unhandledRejection", onFailure);
  rig = await startRig({ maxHttpBufferSize: 100_000, closeTimeout: 200 });
  rig.engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
  witness = (await openWebSocket(rig)).peer;
});

afterEach(async () => {
  // The witness is still served.
  witness.ws.send("4still here");
  await witness.until(() => witness.got.includes("4still here"));
  witness.ws.close();
  for (const socket of Object.values(rig.engine.clients)) if (socket.readyState === "open") socket.close(true);
  await eventually(() => rig.engine.clientsCount === 0);
  expect(rig.engine.inspect()).toMatchObject({
    sessions: 0,
    upgrading: 0,
    addresses: 0,
    outbox: { packets: 0, bytes: 0 },
    openResponses: 0,
    pendingHandshakes: 0,
    unfinishedBytes: 0,
    deadlines: 0,
    dirty: 0,
  });
  await rig.stop();
  process.off("uncaughtException", onFailure);
  process.off("unhandledRejection", onFailure);
  expect(failures).toEqual([]);
});

/** Sends the head of a WebSocket request by hand, so that anything may follow it at once. */
async function rawUpgrade(query: string, after: Buffer = Buffer.alloc(0), headers = ""): Promise<TcpSocket> {
  const socket = await tcp(rig);
  const head = [
    `GET /engine.io/?${query} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
  ];
  socket.write(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n${headers}\r\n`), after]));
  return socket;
}

/** Everything a connection received until it was closed. */
function received(socket: TcpSocket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  return new Promise((resolve) => socket.on("close", () => resolve(text)));
}

const WEBSOCKET = "EIO=4&transport=websocket";

describe("Engine.IO", () => {
  it("CVE-2026-59725 / GHSA-r635-g3xr-vw7x: binary uploads are answered, and leave no open response behind", async () => {
    for (let i = 0; i < 20; i++) {
      const { sid } = await handshake(rig);
      const headers = { "content-type": "application/octet-stream" };
      expect((await post(rig, sid, Buffer.from([4, 1, 2]), { headers })).status).toBe(400);
    }
    expect(rig.engine.inspect().openResponses).toBe(0);
  });

  it("GHSA-gr94-w7qr-f4j3: names of Object.prototype are no session ids, on any transport", async () => {
    for (const name of ["__proto__", "constructor", "hasOwnProperty", "toString", "valueOf"]) {
      const { status, body } = await poll(rig, name);
      expect([status, JSON.parse(body).code]).toEqual([400, RefusalCode.UNKNOWN_SID]);
      const peer = new Peer(rig, `${WEBSOCKET}&sid=${name}`);
      await peer.until(() => peer.refused !== undefined);
      expect(peer.refused).toBe(400);
    }
  });

  it("CVE-2023-31125: an unknown or inherited transport name is refused, also in an upgrade", async () => {
    for (const name of ["tobi", "constructor", "__proto__", "toString", "websocket2", ""]) {
      expect((await get(rig, `EIO=4&transport=${name}`)).status).toBe(400);
      const peer = new Peer(rig, `EIO=4&transport=${name}`);
      await peer.until(() => peer.refused !== undefined);
      expect(peer.refused).toBe(400);
    }
  });

  it("CVE-2022-41940: a reset at every step of an upgrade is survived", async () => {
    const { sid } = await handshake(rig);
    for (const query of [WEBSOCKET, `${WEBSOCKET}&sid=${sid}`, `${WEBSOCKET}&sid=unknown`, "EIO=4&transport=tobi"]) {
      for (const wait of [0, 1, 3]) {
        const socket = await rawUpgrade(query);
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        socket.resetAndDestroy();
      }
    }
    await eventually(() => rig.engine.clientsCount === 2);
  });

  it("CVE-2022-41940: a reset while a middleware still thinks is survived", async () => {
    rig.engine.use((_request, _response, next) => setTimeout(next, 20));
    const socket = await rawUpgrade(WEBSOCKET);
    await eventually(() => rig.engine.inspect().pendingHandshakes === 1);
    socket.resetAndDestroy();
    await eventually(() => rig.engine.inspect().pendingHandshakes === 0);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(rig.engine.clientsCount).toBe(1);
  });

  it("CVE-2022-21676: a malformed first frame, sent together with the upgrade, ends that connection only", async () => {
    const mask = [0, 0, 0, 0];
    const frames = [
      [0xb1, 0x80, ...mask], // RSV2 and RSV3 set
      [0xc1, 0x80, ...mask], // RSV1 without an extension
      [0x81, 0x01, 0x34], // not masked
      [0x83, 0x80, ...mask], // reserved opcode
      [0x09, 0x80, ...mask], // fragmented ping
      [0x89, 0xfe, 0, 126, ...mask], // ping longer than 125 bytes
      [0x80, 0x80, ...mask], // continuation of nothing
      [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ...mask], // 2^64-1 bytes
      [0x81, 0x81, ...mask, 0xff], // not UTF-8
      [0x88, 0x81, ...mask, 0x03], // close frame with half a code
    ];
    for (const frame of frames) {
      const socket = await rawUpgrade(WEBSOCKET, Buffer.from(frame));
      expect(await received(socket)).toMatch(/^HTTP\/1\.1 101 /);
    }
    await eventually(() => rig.engine.clientsCount === 1);
  });

  it("uWebSockets #4250 class: transport=websocket without an upgrade is answered", async () => {
    expect(JSON.parse((await get(rig, WEBSOCKET)).body)).toEqual({ code: 3, message: "Bad request" });
  });

  it("CVE-2020-36048: payloads of very many tiny or bad packets are cheap to refuse", async () => {
    for (const body of ["\x1e".repeat(100_000), "4\x1e".repeat(50_000).slice(0, -1), `${"2\x1e".repeat(49_999)}2`]) {
      const { sid } = await handshake(rig);
      const before = processorTime();
      await post(rig, sid, body);
      expect(processorTime() - before).toBeLessThan(5000);
    }
  });

  it("CVE-2020-36048: an oversized upload is refused while it streams in, and its memory is not kept", async () => {
    const { sid } = await handshake(rig);
    const socket = await tcp(rig);
    let answer = "";
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.write(
      `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = `8000\r\n${"4".repeat(0x8000)}\r\n`;
    for (let i = 0; i < 20 && answer === ""; i++) {
      socket.write(chunk);
      await new Promise((resolve) => setTimeout(resolve, 2));
      expect(rig.engine.inspect().unfinishedBytes).toBeLessThan(100_000 + 0x20000);
    }
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
    socket.destroy();
  });

  it("CVE-2017-16031: ids come from the secure generator, 120 bits of it", () => {
    const seen = new Set<string>();
    const ones = new Array(120).fill(0);
    for (let i = 0; i < 4000; i++) {
      const id = randomSessionId();
      seen.add(id);
      const bytes = Buffer.from(id, "base64url");
      expect(bytes).toHaveLength(15);
      for (let bit = 0; bit < 120; bit++) ones[bit] += (bytes[bit >> 3]! >> (bit & 7)) & 1;
    }
    expect(seen.size).toBe(4000);
    // No counter, no constant part: every bit is set about half of the time (ten standard deviations).
    for (const count of ones) expect(Math.abs(count - 2000)).toBeLessThan(320);
  });

  it("hardening: the protocol revision is fixed at the handshake", async () => {
    const { sid } = await handshake(rig);
    expect((await get(rig, `EIO=3&transport=polling&sid=${sid}`)).status).toBe(400);
    expect(rig.errors.at(-1)?.context).toMatchObject({ name: "PROTOCOL_MISMATCH" });
    expect((await post(rig, sid, "4x")).status).toBe(200);
  });

  it("hardening: a failed handshake leaves nothing behind", async () => {
    rig.engine.generateId = () => Promise.reject(new TypeError("no"));
    await Promise.all(Array.from({ length: 20 }, () => get(rig, "EIO=4&transport=polling")));
    const peers = Array.from({ length: 20 }, () => new Peer(rig, WEBSOCKET));
    for (const peer of peers) await peer.until(() => peer.refused !== undefined);
    expect(rig.engine.inspect()).toMatchObject({ sessions: 1, pendingHandshakes: 0, deadlines: 1 });
  });
});

describe("cross-site WebSocket hijacking", () => {
  it("CVE-2020-28481, python-engineio #128: a foreign origin is refused on WebSocket too", async () => {
    const guarded = await startRig({ cors: { origin: "https://good.example" } });
    const headers = { origin: "https://evil.example" };
    const peer = new Peer(guarded, WEBSOCKET, { headers });
    await peer.until(() => peer.refused !== undefined);
    expect(peer.refused).toBe(403);
    expect((await get(guarded, "EIO=4&transport=polling", { headers })).status).toBe(403);
    expect(guarded.engine.clientsCount).toBe(0);
    await guarded.stop();
  });

  it("a session is not taken over by whoever knows its id", async () => {
    const { peer, sid } = await openWebSocket(rig);
    const thief = new Peer(rig, `${WEBSOCKET}&sid=${sid}`);
    await thief.closed();
    expect((await post(rig, sid, "4forged")).status).toBe(400);
    peer.ws.send("4mine");
    expect(await peer.message()).toBe("4mine");
  });
});

describe("ws", () => {
  it("CVE-2026-48779, #2331: an endless run of fragments is cut off early", async () => {
    const { peer } = await openWebSocket(rig);
    let sent = 0;
    for (; sent < 20_000 && peer.closeCode === undefined; sent++) {
      peer.ws.send("x", { fin: false });
      if (sent % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await peer.closed()).toBe(1008);
    expect(sent).toBeLessThan(5000);
  });

  it("CVE-2016-10542: a huge message is refused on its declared length", async () => {
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]);
    const socket = await rawUpgrade(WEBSOCKET, header);
    const text = await received(socket);
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(text).toContain("\x88\x02\x03\xf1"); // close frame, 1009
  });

  it("CVE-2024-37890: more headers than the server reads leave the upgrade refused, not the process dead", async () => {
    rig.engine.httpServer!.on("connection", () => undefined);
    (rig.engine.httpServer as { maxHeadersCount?: number }).maxHeadersCount = 8;
    const socket = await tcp(rig);
    const many = Array.from({ length: 30 }, (_, i) => `X-${i}: y`).join("\r\n");
    socket.write(
      `GET /engine.io/?${WEBSOCKET} HTTP/1.1\r\nHost: x\r\n${many}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    const text = received(socket);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect(await text).not.toMatch(/ 101 /);
  });

  it("CVE-2021-32640, GHSA-5v72-xg48-5rpm: hostile protocol and extension headers cost nothing", async () => {
    const before = processorTime();
    for (const header of [
      `Sec-WebSocket-Protocol: b${" ".repeat(12_000)}x\r\n`,
      "Sec-WebSocket-Extensions: constructor\r\n",
      "Sec-WebSocket-Extensions: permessage-deflate; __proto__=1; server_max_window_bits=99\r\n",
    ]) {
      const socket = await rawUpgrade(WEBSOCKET, undefined, header);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.destroy();
    }
    expect(processorTime() - before).toBeLessThan(5000);
  });

  it("CVE-2026-45736, CVE-2016-10518: no uninitialised memory is sent, whatever is written", async () => {
    for (const bad of [5, 5.5, true, {}, [], null, Symbol.iterator, () => 1]) {
      const { peer, sid } = await openWebSocket(rig);
      const socket = rig.engine.clients[sid]!;
      if (typeof bad === "object" || typeof bad === "symbol" || typeof bad === "function") {
        if (bad !== null) expect(() => socket.send(bad as never)).toThrow(/only text and binary/);
      } else {
        socket.send(bad as never);
      }
      socket.send("after");
      await peer.until(() => peer.got.includes("4after"));
      for (const frame of peer.got) expect(typeof frame === "string" && frame.length < 100).toBe(true);
      peer.ws.terminate();
    }
  });
});

describe("HTTP", () => {
  it("requests that smuggle, lie about their length or break off are refused without harm", async () => {
    const { sid } = await handshake(rig);
    const target = `/engine.io/?EIO=4&transport=polling&sid=${sid}`;
    for (const text of [
      `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`,
      `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n4x`,
      `GET ${target} HTTP/1.1\r\nHost: x\r\nOrigin: a\r\n b\r\n\r\n`,
      "GET /engine.io/?EIO=4&transport=polling&%zz=%\ud800 HTTP/1.1\r\nHost: x\r\n\r\n",
      "\x16\x03\x01\x00\xa5\x01\x00",
    ]) {
      const socket = await tcp(rig);
      socket.write(text, "latin1");
      await new Promise((resolve) => setTimeout(resolve, 15));
      socket.destroy();
    }
  });

  it("malformed escapes in the query are data, not errors", async () => {
    expect((await get(rig, "EIO=4&transport=polling&a=%zz&b=%")).status).toBe(200);
    expect((await send(rig, "/engine.io/?EIO=4&transport=polling&=&&=x&a").answer).status).toBe(200);
  });
});
