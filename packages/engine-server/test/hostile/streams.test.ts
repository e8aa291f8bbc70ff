import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { BINARY, CLOSE, frame, PING, TEXT } from "../../src/conformance/websocket-client.js";
import type { EngineOptions } from "../../src/index.js";
import { eventually, get, handshake, openWebSocket, type Peer, post, type Rig, send, startRig, tcp } from "../rig.js";
import { WebTransportClient } from "../transports/webtransport-client.js";
import { startUws } from "../uws/rig.js";

/**
 * Invariant of every target: whatever comes in, the process lives, a bystander is served at once, and when the
 * attacker has gone the tables hold the bystander and nothing else.
 */
const PATH = "/engine.io/";

let rig: Rig;
let bystander: Peer;

const OPTIONS: EngineOptions = {
  transports: ["polling", "websocket", "webtransport"],
  allowEIO3: true,
  maxHttpBufferSize: 5_000,
  closeTimeout: 50,
  upgradeTimeout: 200,
};

/** All of them are the same to what stands below: a port, and what all engines have. */
const STACKS = {
  "node:http": startRig,
  "node:http with ws": (options: EngineOptions) => startRig({ ...options, wsEngine: WebSocketServer as never }),
  "uWebSockets.js": async (options: EngineOptions) => (await startUws(options)) as unknown as Rig,
};

const hostile = describe.each(Object.entries(STACKS));

function beforeTheStack(start: (options: EngineOptions) => Promise<Rig>): void {
  beforeAll(async () => {
    rig = await start(OPTIONS);
    rig.engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
    bystander = (await openWebSocket(rig)).peer;
  });
  afterAll(() => rig.stop());
}

async function stillServed(): Promise<void> {
  bystander.ws.send("4ping");
  expect(await bystander.message()).toBe("4ping");
}

async function onlyBystanderLeft(): Promise<void> {
  await eventually(() => rig.engine.clientsCount === 1);
  await eventually(() => rig.engine.inspect().pendingHandshakes === 0);
  expect(rig.engine.inspect()).toMatchObject({
    sessions: 1,
    upgrading: 0,
    addresses: 1,
    openResponses: 0,
    unfinishedBytes: 0,
    deadlines: 1,
  });
}

const bytes = fc.uint8Array({ maxLength: 300 });
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 });

/** Pieces of `data` of these sizes, and the rest. */
function cutAt(data: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(data.subarray(at, at + size));
    at += size;
  }
  pieces.push(data.subarray(at));
  return pieces.filter((piece) => piece.length > 0);
}

/** Frames that are right in form, mostly, with all kinds of content. */
const webTransportFrame = fc.oneof(
  bytes,
  fc
    .tuple(fc.boolean(), fc.constantFrom("0", "1", "2", "2probe", "3", "4x", "5", "6", "9", "b", '0{"sid":"x"}'))
    .map(([binary, text]) => Buffer.concat([Uint8Array.of((binary ? 0x80 : 0) | text.length), Buffer.from(text)])),
  fc
    .tuple(fc.constantFrom(126, 127, 254, 255), fc.uint8Array({ maxLength: 12 }))
    .map(([first, rest]) => Buffer.concat([Uint8Array.of(first), rest])),
);
const webTransportStream = fc.array(webTransportFrame, { maxLength: 6 }).map((frames) => Buffer.concat(frames));

hostile("on %s: a WebTransport stream", (_stack, start) => {
  beforeTheStack(start);

  it("of any bytes in any cut, before the handshake", async () => {
    await fc.assert(
      fc.asyncProperty(webTransportStream, cuts, async (data, sizes) => {
        const client = await WebTransportClient.arrive(rig).stream();
        for (const piece of cutAt(data, sizes)) client.bytes(piece);
        await stillServed();
        client.link.client.close();
      }),
      { numRuns: 150 },
    );
    await onlyBystanderLeft();
  });

  it("of any bytes in any cut, in a session", async () => {
    await fc.assert(
      fc.asyncProperty(webTransportStream, cuts, async (data, sizes) => {
        const client = await WebTransportClient.open(rig);
        await client.next();
        for (const piece of cutAt(data, sizes)) client.bytes(piece);
        await stillServed();
        client.link.client.close();
      }),
      { numRuns: 150 },
    );
    await onlyBystanderLeft();
  });

  it("of any bytes in any cut, on trial for a polling session", async () => {
    await fc.assert(
      fc.asyncProperty(webTransportStream, fc.boolean(), async (data, answered) => {
        const { sid } = await handshake(rig);
        const client = await WebTransportClient.open(rig, sid);
        if (answered) client.send({ type: "ping", data: "probe" });
        client.bytes(data);
        await stillServed();
        client.link.client.close();
        await post(rig, sid, "1");
      }),
      { numRuns: 80 },
    );
    await onlyBystanderLeft();
  });

  it("that breaks at any moment of its handshake", async () => {
    for (let step = 0; step < 40; step++) {
      const client = WebTransportClient.arrive(rig);
      const opening = client.open();
      for (let turn = 0; turn < step; turn++) await Promise.resolve();
      if (step % 2 === 0) client.link.break(new TypeError("cut"));
      else client.link.client.close();
      await opening.catch(() => undefined);
    }
    await stillServed();
    await onlyBystanderLeft();
  });
});

/** Frames of RFC 6455 with every bit free, their content lawful or not. */
const webSocketFrame = fc
  .record({
    opcode: fc.constantFrom(0, TEXT, BINARY, 3, CLOSE, PING, 10, 15),
    payload: fc.oneof(
      fc.constantFrom("", "4x", "2", "2probe", "3", "5", "6", "1", "bAQID", "b*", "9"),
      fc.uint8Array({ maxLength: 200 }),
    ),
    fin: fc.boolean(),
    masked: fc.boolean(),
    rsv: fc.constantFrom(0, 0, 0, 1, 2, 4, 7),
    length: fc.oneof(fc.constant(undefined), fc.constantFrom(0, 1, 125, 126, 65_536, 2 ** 31, 2 ** 52)),
  })
  .map(({ opcode, payload, ...shape }) => frame(opcode, payload, shape));

hostile("on %s: WebSocket frames", (_stack, start) => {
  beforeTheStack(start);

  for (const query of ["EIO=4&transport=websocket", "EIO=3&transport=websocket", "EIO=4&transport=websocket&b64=1"]) {
    it(`of any shape in any cut: ${query}`, async () => {
      const head =
        `GET ${PATH}?${query} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
      await fc.assert(
        fc.asyncProperty(fc.array(webSocketFrame, { maxLength: 6 }), cuts, async (frames, sizes) => {
          const socket = await tcp(rig);
          socket.resume();
          for (const piece of cutAt(Buffer.concat([Buffer.from(head), ...frames]), [200, ...sizes])) {
            socket.write(piece);
            await new Promise(setImmediate);
          }
          await stillServed();
          socket.destroy();
        }),
        { numRuns: 100 },
      );
      await onlyBystanderLeft();
    });
  }
});

hostile("on %s: uploads of revision 3", (_stack, start) => {
  beforeTheStack(start);

  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom("4", "2", "1", ":", "b", "9", "x", "é", "🐟", "\x1e"), maxLength: 60 }),
    fc
      .array(fc.constantFrom("1:2", "2:4x", "6:b4AQID", "3:4é", "0:", "1:1", "99:x", "1:4"), { maxLength: 8 })
      .map((list) => list.join("")),
  );
  const octets = fc.oneof(
    bytes,
    fc
      .array(fc.constantFrom([0, 1, 255, 50], [1, 2, 255, 4, 9], [0, 9, 9, 9, 255], [1, 0, 255], [2], [255]), {
        maxLength: 6,
      })
      .map((list) => Uint8Array.from(list.flat())),
  );

  it.each([
    [3, "1:1"],
    [4, "1"],
  ])("of protocol %i are answered, whatever they hold", async (revision, goodbye) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, octets), async (body) => {
        const opened = await get(rig, `EIO=${revision}&transport=polling`);
        const { sid } = JSON.parse(opened.body.slice(opened.body.indexOf("{")));
        const query = `EIO=${revision}&transport=polling&sid=${sid}`;
        const headers: Record<string, string> =
          typeof body === "string" ? {} : { "content-type": "application/octet-stream" };
        const upload = { method: "POST", body: typeof body === "string" ? body : Buffer.from(body), headers };
        const { status } = await send(rig, `${PATH}?${query}`, upload).answer;
        expect([200, 400]).toContain(status);
        await stillServed();
        await send(rig, `${PATH}?${query}`, { method: "POST", body: goodbye }).answer;
      }),
      { numRuns: 150 },
    );
    await onlyBystanderLeft();
  });
});
