import { describe, expect, it } from "vitest";
import type { WebSocketAcceptor } from "../src/websocket/acceptor.js";
import {
  eventually,
  handshake,
  openWebSocket,
  Peer,
  poll,
  post,
  type Rig,
  send,
  startRig,
  tcp,
  withRig,
} from "./rig.js";

const WEBSOCKET = "EIO=4&transport=websocket";

/** Every way to come and go that a client has, broken off at every step. */
const visits: ReadonlyArray<[string, (rig: Rig) => Promise<unknown>]> = [
  ["a polling handshake, then silence", (rig) => handshake(rig).then(({ sid }) => post(rig, sid, "1"))],
  [
    "a poll that is broken off",
    async (rig) => {
      const { sid } = await handshake(rig);
      const { answer, request } = send(rig, `/engine.io/?EIO=4&transport=polling&sid=${sid}`);
      answer.catch(() => undefined);
      request.on("socket", () => setTimeout(() => request.destroy(), 2));
      await answer.catch(() => undefined);
    },
  ],
  [
    "an upload that is broken off",
    async (rig) => {
      const { sid } = await handshake(rig);
      const socket = await tcp(rig);
      socket.write(
        `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n4`,
      );
      await new Promise((resolve) => setTimeout(resolve, 2));
      socket.destroy();
    },
  ],
  ["a WebSocket closed in good order", async (rig) => (await openWebSocket(rig)).peer.ws.close()],
  ["a WebSocket cut off", async (rig) => (await openWebSocket(rig)).peer.ws.terminate()],
  [
    "an upgrade cut off before the probe",
    async (rig) => {
      const { sid } = await handshake(rig);
      (await new Peer(rig, `${WEBSOCKET}&sid=${sid}`).opened()).ws.terminate();
      await post(rig, sid, "1");
    },
  ],
  [
    "an upgrade cut off after the probe",
    async (rig) => {
      const { sid } = await handshake(rig);
      const peer = await new Peer(rig, `${WEBSOCKET}&sid=${sid}`).opened();
      peer.ws.send("2probe");
      await peer.message();
      peer.ws.terminate();
      await post(rig, sid, "1");
    },
  ],
  [
    "a whole upgrade",
    async (rig) => {
      const { sid } = await handshake(rig);
      const waiting = poll(rig, sid);
      const peer = await new Peer(rig, `${WEBSOCKET}&sid=${sid}`).opened();
      peer.ws.send("2probe");
      await peer.message();
      await waiting;
      peer.ws.send("5");
      peer.ws.send("4done");
      peer.ws.send("1");
      await peer.closed();
    },
  ],
  [
    "a WebSocket request reset at once",
    async (rig) => {
      const socket = await tcp(rig);
      socket.write(
        `GET /engine.io/?${WEBSOCKET} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
      );
      socket.resetAndDestroy();
    },
  ],
];

/** On a busy machine a session may be given up before its client goes on: an end like any other. */
const go = (visit: (rig: Rig) => Promise<unknown>, rig: Rig) => visit(rig).catch(() => undefined);

const EMPTY = {
  sessions: 0,
  byState: {},
  byTransport: {},
  upgrading: 0,
  silent: 0,
  addresses: 0,
  outbox: { packets: 0, bytes: 0 },
  inFlight: 0,
  openResponses: 0,
  pendingHandshakes: 0,
  unfinishedBytes: 0,
  deadlines: 0,
  dirty: 0,
};

function isEmpty(rig: Rig): boolean {
  const { dropped, stalled, ...tables } = rig.engine.inspect();
  // What is no session any more has a table of its own.
  const { closing } = rig.engine.ws as WebSocketAcceptor;
  return closing === 0 && JSON.stringify(tables) === JSON.stringify(EMPTY);
}

describe("every table is empty again", () => {
  for (const [name, visit] of visits) {
    it(
      `after ${name}`,
      withRig({ closeTimeout: 100, firstPollTimeout: 200, maxSilentSessions: 1000 }, async (rig) => {
        for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 8 }, () => go(visit, rig)));
        // What was sent last may not have been seen yet.
        await new Promise((resolve) => setTimeout(resolve, 30));
        await eventually(() => isEmpty(rig)).catch(() => expect(rig.engine.inspect()).toMatchObject(EMPTY));
      }),
    );
  }

  it("and the heap is flat over many visits of every kind", async () => {
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const rig = await startRig({ closeTimeout: 100, firstPollTimeout: 200 });
    const heap = async () => {
      await eventually(() => rig.engine.clientsCount === 0);
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        collect();
      }
      return process.memoryUsage().heapUsed;
    };
    const round = async () => {
      for (let i = 0; i < 8; i++)
        await Promise.all(visits.flatMap(([, visit]) => [go(visit, rig), go(visit, rig), go(visit, rig)]));
    };
    const grownBy = async (rounds: number, from: number) => {
      for (let i = 0; i < rounds; i++) await round();
      return (await heap()) - from;
    };
    await round();
    // A leak grows in every stretch; compilers, caches and chance do so in one or the other.
    const stretches: number[] = [];
    for (let stretch = 0; stretch < 4; stretch++) stretches.push(await grownBy(3, await heap()));
    // 648 visits in a stretch; a session that stays behind would cost several kB.
    expect(Math.min(...stretches) / 648).toBeLessThan(500);
    await rig.stop();
  }, 60_000);
});
