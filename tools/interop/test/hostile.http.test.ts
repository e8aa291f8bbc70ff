import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RawSession, raw } from "../src/raw-http.js";
import { Door } from "./door.js";

const LIMIT = 100_000;

describe("the HTTP door", () => {
  const door = new Door({
    maxHttpBufferSize: LIMIT,
    allowRequest: (
      request: { headers: Record<string, unknown> },
      answer: (error: string | null, ok: boolean) => void,
    ) => answer(request.headers["x-banned"] ? "you are banned" : null, !request.headers["x-banned"]),
  });
  beforeAll(() => door.open());
  afterAll(() => door.close());
  afterEach(async () => expect(await door.noticed()).toEqual([]));

  describe("refuses a request with the protocol's status, code and words", () => {
    interface Refusal {
      readonly path: string;
      readonly method?: string;
      readonly headers?: Record<string, string>;
      readonly status?: number;
      readonly code: number;
      readonly message: string;
    }
    const refusals: Refusal[] = [
      { path: "EIO=4", code: 0, message: "Transport unknown" },
      { path: "EIO=4&transport=carrier-pigeon", code: 0, message: "Transport unknown" },
      { path: "EIO=4&transport=__proto__", code: 0, message: "Transport unknown" },
      { path: "EIO=4&transport=constructor", code: 0, message: "Transport unknown" },
      { path: "EIO=4&transport=polling&sid=nobody", code: 1, message: "Session ID unknown" },
      { path: "EIO=4&transport=polling&sid=__proto__", code: 1, message: "Session ID unknown" },
      { path: "EIO=4&transport=polling&sid=hasOwnProperty", code: 1, message: "Session ID unknown" },
      { path: `EIO=4&transport=polling&sid=${"x".repeat(5_000)}`, code: 1, message: "Session ID unknown" },
      { path: "EIO=4&transport=polling", method: "POST", code: 2, message: "Bad handshake method" },
      { path: "EIO=4&transport=polling", method: "PUT", code: 2, message: "Bad handshake method" },
      { path: "EIO=4&transport=polling", method: "OPTIONS", code: 2, message: "Bad handshake method" },
      { path: "EIO=4&transport=websocket", code: 3, message: "Bad request" },
      {
        path: "EIO=4&transport=polling",
        headers: { "x-banned": "yes" },
        status: 403,
        code: 4,
        message: "you are banned",
      },
      { path: "EIO=3&transport=polling", code: 5, message: "Unsupported protocol version" },
      { path: "transport=polling", code: 5, message: "Unsupported protocol version" },
    ];
    it.each(refusals)("$method $path: $code", async ({ path, status = 400, code, message, ...request }) => {
      const response = await raw(door.port, `/socket.io/?${path}`, request);
      expect(response.status).toBe(status);
      expect(response.headers["content-type"]).toMatch(/^application\/json/);
      expect(JSON.parse(response.body)).toEqual({ code, message });
    });
  });

  it("keeps a session to its protocol revision and its transport", async () => {
    const session = await RawSession.open(door.port);
    const otherRevision = await raw(door.port, `/socket.io/?EIO=3&transport=polling&sid=${session.sid}`);
    expect(otherRevision.status).toBe(400);
    expect(JSON.parse(otherRevision.body).code).toBe(3);
    const otherTransport = await raw(door.port, `/socket.io/?EIO=4&transport=websocket&sid=${session.sid}`);
    expect(otherTransport.status).toBe(400);
    expect(JSON.parse(otherTransport.body).code).toBe(3);
    expect(await session.alive()).toBe(true);
  });

  it("ends a session that polls twice at once, and answers both requests", async () => {
    const session = await RawSession.open(door.port);
    const [first, second] = await Promise.all([session.poll(), session.poll()]);
    expect([first.status, second.status].sort()).toEqual([200, 400]);
    expect(await session.alive()).toBe(false);
  });

  it("ends a session that uploads twice at once", async () => {
    const session = await RawSession.open(door.port);
    const slow = connect(door.port, "127.0.0.1");
    slow.on("error", () => {});
    slow.write(
      `POST /socket.io/?EIO=4&transport=polling&sid=${session.sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n40`,
    );
    await expect.poll(async () => (await session.post("40")).status).toBe(400);
    expect(await session.alive()).toBe(false);
    slow.destroy();
  });

  it("answers an upload of a binary content type with 400 and ends the session (CVE-2026-59725)", async () => {
    const session = await RawSession.open(door.port);
    const response = await session.post(Buffer.from([4, 1, 2]), { "content-type": "application/octet-stream" });
    expect(response.status).toBe(400);
    expect(await session.alive()).toBe(false);
  });

  it.each([
    ["declared", { "content-length": String(LIMIT + 1) }],
    ["chunked", { "transfer-encoding": "chunked" }],
  ] as [string, Record<string, string>][])("answers a %s upload over the limit with 413", async (_kind, headers) => {
    const session = await RawSession.open(door.port);
    expect((await session.post(`4${"x".repeat(LIMIT)}`, headers)).status).toBe(413);
  });

  it.each([
    ["an unknown type", "z"],
    ["an empty packet", ""],
    ["a ping from the wrong side", "2"],
    ["a pong and then nonsense", "3\x1eabc"],
    ["an open packet", "0{}"],
    ["bad base64", "b???"],
  ])("ends a session that uploads %s", async (_what, body) => {
    const session = await RawSession.open(door.port);
    await session.post(body);
    await expect.poll(() => session.alive()).toBe(false);
  });

  it("takes a payload of very many tiny packets in linear time, or ends the session (CVE-2020-36048)", async () => {
    const session = await RawSession.open(door.port);
    const before = process.cpuUsage();
    const response = await session.post("4\x1e".repeat(LIMIT / 2));
    expect(response.status).toBeGreaterThanOrEqual(200);
    // Time of this process on the processor: what others do on the machine does not count.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(2_000);
    expect(await session.alive()).toBe(false);
  });

  it("survives requests that are broken off at every stage (CVE-2022-41940)", async () => {
    const session = await RawSession.open(door.port);
    const stages = [
      "GET /socket.io/?EIO=4&transp",
      "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n",
      `GET /socket.io/?EIO=4&transport=polling&sid=${session.sid} HTTP/1.1\r\nHost: x\r\n\r\n`,
      `POST /socket.io/?EIO=4&transport=polling&sid=${session.sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n40`,
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c29ja2V5ZS1zb2NrZXllLQ==\r\n\r\n",
    ];
    for (const stage of stages) {
      for (const how of ["resetAndDestroy", "end"] as const) {
        await new Promise<void>((resolve) => {
          const socket = connect(door.port, "127.0.0.1", () => {
            socket.write(stage, () => {
              socket[how]();
              setImmediate(() => socket.destroy());
            });
          });
          socket.on("error", () => {});
          socket.on("close", () => resolve());
        });
      }
    }
    await expect.poll(() => door.io.engine.clientsCount, { timeout: 5_000 }).toBeLessThanOrEqual(12);
  });

  it("does not reach prototypes by way of the query", async () => {
    await raw(
      door.port,
      "/socket.io/?EIO=4&transport=polling&__proto__[polluted]=1&constructor[prototype][polluted]=1",
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
