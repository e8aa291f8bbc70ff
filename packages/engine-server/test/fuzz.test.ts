import { Duplex } from "node:stream";
import { decodePacket, type EnginePacket } from "@sockeye/engine-parser";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deadlines } from "../src/deadlines.js";
import { Query } from "../src/handshake/request-view.js";
import { chooseCoding } from "../src/http/compression.js";
import { OutgoingPacket, prepareMessages } from "../src/session/outbox.js";
import { protocolV4 } from "../src/session/protocol.js";
import { Session, type SessionPort } from "../src/session/session.js";
import { formField, jsonpBody } from "../src/transports/jsonp.js";
import { WebSocketTransport } from "../src/transports/websocket.js";
import { ServerWebSocket } from "../src/websocket/server-websocket.js";
import { eventually, handshake, openWebSocket, Peer, post, type Rig, startRig, tcp } from "./rig.js";

const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 70_000, size: "large" }));

/** A stream that keeps what is written to it. */
class Sink extends Duplex {
  readonly written: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk));
    done();
  }
  override _read(): void {}
}

const settings = {
  maxPayload: 1e6,
  maxFragments: 1024,
  closeTimeout: 1000,
  closings: new Deadlines({ resolution: 50 }),
};

/** An independent reading of server frames, as RFC 6455, 5.2 has it. */
function readFrames(data: Buffer): Array<string | Buffer> {
  const frames: Array<string | Buffer> = [];
  for (let at = 0; at < data.length; ) {
    const opcode = data[at]! & 0x0f;
    expect(data[at]! & 0xf0).toBe(0x80);
    let length = data[at + 1]!;
    expect(length & 0x80).toBe(0);
    at += 2;
    if (length === 126) {
      length = data.readUInt16BE(at);
      expect(length).toBeGreaterThan(125);
      at += 2;
    } else if (length === 127) {
      length = Number(data.readBigUInt64BE(at));
      expect(length).toBeGreaterThan(65_535);
      at += 8;
    }
    const payload = data.subarray(at, at + length);
    expect(payload.length).toBe(length);
    frames.push(opcode === 1 ? payload.toString() : Buffer.from(payload));
    at += length;
  }
  return frames;
}

describe("frames that we compose", () => {
  // Invariant: whatever batch is sent, an independent reader finds exactly these packets, in order, in whole frames.
  it("are read back as what was sent", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(text, bytes), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        (messages, grouped) => {
          const stream = new Sink({ highWaterMark: 1e9 });
          const transport = new WebSocketTransport(protocolV4, true, new ServerWebSocket(stream, "", settings));
          const packets = messages.map((data) => new OutgoingPacket("message", data, true, false));
          transport.send(grouped ? [prepareMessages(messages, true, false), ...packets] : packets);
          const sent = grouped ? [...messages, ...messages] : messages;
          const frames = readFrames(Buffer.concat(stream.written));
          expect(frames).toHaveLength(sent.length);
          for (const [index, data] of sent.entries()) {
            const frame = frames[index]!;
            if (typeof data === "string") expect(frame).toBe(`4${Buffer.from(data).toString()}`);
            else expect(Buffer.compare(frame as Buffer, data)).toBe(0);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("the session machine", () => {
  const types: ReadonlyArray<EnginePacket["type"]> = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
  const packet = fc.record({ type: fc.constantFrom(...types), data: fc.constantFrom(undefined, "probe", "x") });
  const step = fc.oneof(
    fc.record({ do: fc.constant("receive" as const), packet }),
    fc.record({ do: fc.constant("candidate packet" as const), packet }),
    fc.record({
      do: fc.constantFrom(
        ...([
          "candidate",
          "candidate gone",
          "write",
          "flush",
          "close",
          "discard",
          "lost",
          "malformed",
          "ready",
        ] as const),
      ),
    }),
    fc.record({ do: fc.constant("wait" as const), time: fc.integer({ min: 1, max: 200 }) }),
  );

  // Invariant: whatever happens in whatever order, the session ends at most once, delivers nothing after that, never goes
  // back to an earlier state, and its next deadline is never behind the time at which it was last looked at.
  it("keeps its promises under any history", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const order = ["opening", "open", "closing", "closed"];
        const log: string[] = [];
        const port: SessionPort = {
          bytesRead: () => 0,
          heldBytes: () => 0,
          isConfirmed: () => true,
          deliver: () => void log.push("deliver"),
          beat: () => undefined,
          flush: () => undefined,
          wake: () => undefined,
          finish: () => undefined,
          ended: () => void log.push("ended"),
          rejectCandidate: () => undefined,
        };
        const options = {
          pingInterval: 100,
          pingTimeout: 50,
          unfinishedTimeout: 500,
          upgradeTimeout: 40,
          firstPollTimeout: 60,
          closeTimeout: 30,
          maxOutboxBytes: 100,
          maxOutboxPackets: 10,
        };
        const moment = { now: 0, stalled: 0 };
        const session = new Session(options, protocolV4, port);
        session.open("{}", undefined, moment);
        let state = session.state;
        for (const event of steps) {
          if (event.do === "receive") session.receive(event.packet as EnginePacket, moment);
          else if (event.do === "candidate packet") session.receiveFromCandidate(event.packet as EnginePacket, moment);
          else if (event.do === "candidate") session.candidateOpened(moment);
          else if (event.do === "candidate gone") session.candidateFailed(moment);
          else if (event.do === "write") session.write(new OutgoingPacket("message", "x", true, false), moment);
          else if (event.do === "close") session.close(false, moment);
          else if (event.do === "discard") session.close(true, moment);
          else if (event.do === "lost") session.transportEnded(undefined, moment);
          else if (event.do === "malformed") session.receiveMalformed(new TypeError("bad"), moment);
          else if (event.do === "ready") session.transportReady();
          else if (event.do === "flush") {
            session.outbox.take();
            session.flushed(moment);
          } else if ("time" in event) {
            moment.now += event.time;
            session.expire(moment);
            expect(session.nextDeadline()).toBeGreaterThan(moment.now);
          }
          expect(order.indexOf(session.state)).toBeGreaterThanOrEqual(order.indexOf(state));
          state = session.state;
        }
        const end = log.indexOf("ended");
        expect(log.filter((entry) => entry === "ended").length).toBe(state === "closed" ? 1 : 0);
        if (end >= 0) expect(log.slice(end)).toEqual(["ended"]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("small readers of peer input", () => {
  // Invariant: the query reader agrees with the platform's URL parser on every input, and never throws.
  it("Query agrees with URLSearchParams", () => {
    const piece = fc.constantFrom("a", "b", "=", "&", "%", "%41", "+", "?", "__proto__", "constructor", "é", "#", ";");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const query = pieces.join("");
        const expected = new Map(new URLSearchParams(query.replace(/^\?/, "&")));
        // A leading `?` is data for us, and dropped by URLSearchParams.
        if (query.startsWith("?")) return;
        const { last, all: object } = new Query(`/path?${query}`);
        expect(last).toEqual(expected);
        expect(Object.keys(object).sort()).toEqual([...expected.keys()].sort());
        expect(Object.getPrototypeOf(Object.getPrototypeOf(object))).toBe(null);
      }),
    );
  });

  // Invariant: the script evaluates to a call with exactly the payload, whatever the payload is.
  it("jsonpBody is one call with the payload", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (payload) => {
        let got: unknown;
        new Function("___eio", jsonpBody("0", payload))([(value: unknown) => (got = value)]);
        expect(got).toBe(payload);
      }),
    );
  });

  // Invariant: what a form escapes comes back.
  it("formField undoes the escapes of clients", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "\n", "\\", "n", "ü", "&") }), (payload) => {
        // Clients escape no backslash: before another one, or before a line feed, it is ambiguous by their making.
        if (/\\[\\\n]/.test(payload)) return;
        const escaped = payload.replace(/\\n/g, "\\\\n").replace(/\n/g, "\\n");
        expect(formField(`d=${encodeURIComponent(escaped)}`, "d")).toBe(payload);
      }),
    );
  });

  it("chooseCoding never throws, and chooses only what was offered", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("gzip", "deflate", "br", ",", ";", "q=0", "q=1", " ", "*") }),
        (offer) => {
          const coding = chooseCoding(offer);
          if (coding !== undefined) expect(offer).toContain(coding);
        },
      ),
    );
  });
});

describe("hostile input at the door", () => {
  let rig: Rig;
  let witness: Peer;
  beforeAll(async () => {
    rig = await startRig({ closeTimeout: 100, firstPollTimeout: 500, maxHttpBufferSize: 10_000 });
    rig.engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
    witness = (await openWebSocket(rig)).peer;
  });
  afterAll(() => rig.stop());

  // Invariant: whatever comes in, the process lives and a second client is served at once.
  async function stillServed(): Promise<void> {
    witness.ws.send("4ping");
    expect(await witness.message()).toBe("4ping");
  }

  it("upload bodies", async () => {
    const body = fc.oneof(
      bytes.map((data) => Buffer.from(data)),
      fc.string({ unit: fc.constantFrom("4", "2", "1", "6", "b", "\x1e", "x", "=", "é"), maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (data) => {
        const { sid } = await handshake(rig);
        const { status } = await post(rig, sid, data);
        expect([200, 400]).toContain(status);
        // 200 exactly when every packet of the body is one, and none of them breaks the law.
        const texts = Buffer.from(data).toString().split("\x1e");
        const decoded = texts.map((one) => decodePacket(one));
        const bad = decoded.findIndex((one) => one instanceof Error || ["open", "ping", "upgrade"].includes(one.type));
        const goodbye = decoded.findIndex((one) => !(one instanceof Error) && one.type === "close");
        if (bad < 0) expect(status).toBe(200);
        else if (goodbye < 0) expect(status).toBe(400);
        await stillServed();
      }),
      { numRuns: 60 },
    );
  });

  it("raw bytes after an upgrade, whole and cut anywhere", async () => {
    const head =
      "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), async (data, cut) => {
        const socket = await tcp(rig);
        const at = data.length === 0 ? 0 : cut % data.length;
        socket.write(Buffer.concat([Buffer.from(head), data.subarray(0, at)]));
        await new Promise((resolve) => setImmediate(resolve));
        socket.write(data.subarray(at));
        await stillServed();
        socket.destroy();
      }),
      { numRuns: 60 },
    );
    await eventually(() => rig.engine.inspect().byTransport.websocket === 1);
  });

  it("raw bytes in place of a request", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const socket = await tcp(rig);
        socket.write(data);
        await stillServed();
        socket.destroy();
      }),
      { numRuns: 30 },
    );
  });

  it("frames on a probing transport", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("2probe", "5", "4x", "3", "6", "1", "0", "", "?"), { maxLength: 4 }),
        async (frames) => {
          const { sid } = await handshake(rig);
          const peer = await new Peer(rig, `EIO=4&transport=websocket&sid=${sid}`).opened();
          for (const frame of frames) peer.ws.send(frame);
          const upgraded = frames[0] === "2probe" && frames[1] === "5";
          if (upgraded) await eventually(() => rig.engine.clients[sid]?.upgraded !== false);
          await stillServed();
          peer.ws.terminate();
        },
      ),
      { numRuns: 40 },
    );
    await eventually(() => rig.engine.inspect().upgrading === 0);
  });
});
