import type { EnginePacket } from "@sockeye/engine-parser";
import { describe, expect, it } from "vitest";
import { protocolV3 } from "../../src/v3/protocol-v3.js";
import { get, handshake, nextSession, openWebSocket, Peer, post, type Rig, send, withRig } from "../rig.js";

const V3 = "EIO=3&transport=polling";
const OCTETS = { "content-type": "application/octet-stream" };

/** A revision 3 polling session: its id, from a payload of one packet with its length before it. */
async function openV3(rig: Rig, query = V3): Promise<string> {
  const { body } = await get(rig, query);
  const packet = body.slice(body.indexOf(":") + 1);
  expect(body.slice(0, body.indexOf(":"))).toBe(String(packet.length));
  return JSON.parse(packet.slice(1)).sid;
}

const pollV3 = (rig: Rig, sid: string, more = "") => get(rig, `${V3}${more}&sid=${sid}`);
const postV3 = (rig: Rig, sid: string, body: string | Buffer, headers = {}) =>
  send(rig, `/engine.io/?${V3}&sid=${sid}`, { method: "POST", body, headers }).answer;

describe("protocol 3 payloads", () => {
  const text: EnginePacket = { type: "message", data: "héllo" };
  const bytes: EnginePacket = { type: "message", data: Buffer.from([1, 2, 3]) };

  it("are text when every packet is, and when the peer asked for base64", () => {
    expect(protocolV3.encodePayload([text, { type: "pong" }], true)).toBe("6:4héllo1:3");
    expect(protocolV3.encodePayload([bytes], false)).toBe("6:b4AQID");
  });

  it("are bytes when a packet carries bytes", () => {
    expect([...(protocolV3.encodePayload([bytes], true) as Uint8Array)]).toEqual([1, 4, 255, 4, 1, 2, 3]);
  });

  it("stop at the first bad packet and at the limit", () => {
    const { packets, error } = protocolV3.decodePayload("6:4hello9:2", 10);
    expect(packets).toEqual([{ type: "message", data: "hello" }]);
    expect(error?.code).toBe("ERR_SOCKEYE_ENGINE_PARSER_INVALID_PACKET_LENGTH");
    expect(protocolV3.decodePayload("1:21:21:2", 2).error?.code).toBe("ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS");
  });
});

describe("allowEIO3", () => {
  it(
    "is off: a client of revision 3 is told so, with code 5",
    withRig({}, async (rig) => {
      for (const query of [V3, "transport=polling", "EIO=5&transport=polling"]) {
        const { status, body } = await get(rig, query);
        expect(status).toBe(400);
        expect(JSON.parse(body)).toEqual({ code: 5, message: "Unsupported protocol version" });
      }
      expect(rig.errors.map(({ code, context }) => [code, context])).toEqual(Array(3).fill([5, { protocol: 3 }]));
      expect(rig.engine.inspect().sessions).toBe(0);
    }),
  );

  it(
    "lets protocol 4 sessions be as they are",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      expect((await session).protocol).toBe(4);
      // The revision is fixed at the handshake.
      expect((await get(rig, `${V3}&sid=${sid}`)).status).toBe(400);
      expect(rig.errors[0]).toMatchObject({ code: 3, context: { name: "PROTOCOL_MISMATCH" } });
    }),
  );
});

describe("a polling session of revision 3", () => {
  it(
    "exchanges text, lengths in UTF-16 code units",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig);
      const socket = await session;
      expect(socket.protocol).toBe(3);
      const got: unknown[] = [];
      socket.on("data", (data) => got.push(data));
      expect((await postV3(rig, sid, "6:4hello4:4🐟x")).body).toBe("ok");
      expect(got).toEqual(["hello", "🐟x"]);
      socket.send("äö").send("🐟");
      const { body, headers } = await pollV3(rig, sid);
      expect(body).toBe("3:4äö3:4🐟");
      expect(headers["content-type"]).toBe("text/plain; charset=UTF-8");
    }),
  );

  it(
    "exchanges bytes as application/octet-stream",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig);
      const socket = await session;
      const got: unknown[] = [];
      socket.on("data", (data) => got.push(data));
      const body = Buffer.from([0, 3, 255, ...Buffer.from("4hi"), 1, 1, 0, 255, 4, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      expect((await postV3(rig, sid, body, OCTETS)).status).toBe(200);
      expect(got).toEqual(["hi", Buffer.from([9, 8, 7, 6, 5, 4, 3, 2, 1])]);
      socket.send(Buffer.from([1, 2, 3])).send("ä");
      const answer = await pollV3(rig, sid);
      expect(answer.headers["content-type"]).toBe("application/octet-stream");
      expect([...answer.raw]).toEqual([1, 4, 255, 4, 1, 2, 3, 0, 3, 255, ...Buffer.from("4ä")]);
    }),
  );

  it(
    "gets base64 when it asked for it, and may send it",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig, `${V3}&b64=1`);
      const socket = await session;
      const got: unknown[] = [];
      socket.on("data", (data) => got.push(data));
      await postV3(rig, sid, "6:b4AQID");
      expect(got).toEqual([Buffer.from([1, 2, 3])]);
      socket.send(Buffer.from([4, 5]));
      expect((await pollV3(rig, sid, "&b64=1")).body).toBe("6:b4BAU=");
    }),
  );

  it(
    "takes part in broadcasts that were prepared once for all revisions",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig);
      const socket = await session;
      socket.writePrepared(rig.engine.prepare(["a", Buffer.from([7])]));
      expect([...(await pollV3(rig, sid)).raw]).toEqual([0, 2, 255, 0x34, 0x61, 1, 2, 255, 4, 7]);
    }),
  );

  it(
    "pings, and is answered",
    withRig({ allowEIO3: true }, async (rig) => {
      const sid = await openV3(rig);
      const answer = pollV3(rig, sid);
      await postV3(rig, sid, "1:2");
      expect((await answer).body).toBe("1:3");
    }),
  );

  it(
    "ends when the client sends the server's half of the heartbeat",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig);
      const closed = new Promise((resolve) => session.then((socket) => socket.on("close", (...why) => resolve(why))));
      await postV3(rig, sid, "1:3");
      expect(await closed).toEqual([
        "transport error",
        expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_HEARTBEAT_DIRECTION" }),
      ]);
    }),
  );

  it(
    "ends when the client does not ping for pingInterval and pingTimeout together",
    withRig({ allowEIO3: true, pingInterval: 30, pingTimeout: 30 }, async (rig) => {
      const session = nextSession(rig);
      await openV3(rig);
      const socket = await session;
      expect(await new Promise((resolve) => socket.on("close", resolve))).toBe("ping timeout");
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, deadlines: 0 });
    }),
  );

  it.each([
    ["a length that is no number", "x:4hello"],
    ["a length beyond the body", "99:4hello"],
    ["digits without end", "9".repeat(2000)],
    ["an unknown packet type", "2:9x"],
    ["base64 that is none", "5:b4*,;"],
    ["a packet separator of protocol 4", "4a\x1e4b"],
    ["nothing at all", ""],
  ])("ends at %s", (_name, body) =>
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig);
      const closed = new Promise((resolve) => session.then((socket) => socket.on("close", resolve)));
      expect((await postV3(rig, sid, body)).status).toBe(400);
      expect(await closed).toBe("parse error");
    })(),
  );

  it.each([
    ["a kind of packet that does not exist", [2, 1, 255, 0x34]],
    ["no end of the length", [0, 1, 1, 1, 1]],
    ["a length beyond the body", [1, 9, 255, 4, 1]],
    ["text that is not UTF-8", [0, 2, 255, 0x34, 0xff]],
    ["an empty binary packet", [1, 0, 255]],
  ])("ends at bytes with %s", (_name, bytes) =>
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig);
      const closed = new Promise((resolve) => session.then((socket) => socket.on("close", resolve)));
      expect((await postV3(rig, sid, Buffer.from(bytes), OCTETS)).status).toBe(400);
      expect(await closed).toBe("parse error");
    })(),
  );
});

describe("a WebSocket session of revision 3", () => {
  it(
    "puts the type before binary data, in both directions",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig, "EIO=3&transport=websocket");
      const socket = await session;
      const got = new Promise((resolve) => socket.once("data", resolve));
      peer.ws.send(Buffer.from([4, 1, 2]));
      expect(await got).toEqual(Buffer.from([1, 2]));
      socket.send(Buffer.from([3]));
      expect(await peer.message()).toEqual(Buffer.from([4, 3]));
      socket.writePrepared(rig.engine.prepare([Buffer.from([5]), "x"]));
      expect([await peer.message(), await peer.message()]).toEqual([Buffer.from([4, 5]), "4x"]);
      peer.ws.send("2");
      expect(await peer.message()).toBe("3");
    }),
  );

  it(
    "gets base64 with the type when it asked for it",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const { peer } = await openWebSocket(rig, "EIO=3&transport=websocket&b64=1");
      (await session).send(Buffer.from([1, 2, 3]));
      expect(await peer.message()).toBe("b4AQID");
    }),
  );

  it(
    "is what a polling session is upgraded to",
    withRig({ allowEIO3: true }, async (rig) => {
      const session = nextSession(rig);
      const sid = await openV3(rig);
      const socket = await session;
      const waiting = pollV3(rig, sid);
      const peer = await new Peer(rig, `EIO=3&transport=websocket&sid=${sid}`).opened();
      peer.ws.send("2probe");
      expect(await peer.message()).toBe("3probe");
      expect((await waiting).body).toBe("1:6");
      peer.ws.send("5");
      await new Promise((resolve) => socket.once("upgrade", resolve));
      socket.send(Buffer.from([9]));
      expect(await peer.message()).toEqual(Buffer.from([4, 9]));
      // A client of protocol 4 is never sent to a session of protocol 3.
      expect((await post(rig, sid, "4x")).status).toBe(400);
    }),
  );
});
