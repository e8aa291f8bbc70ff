import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { type EngineOptions, Server } from "../src/index.js";
import { eventually, handshake, listenOn, nextSession, Peer, type Rig, tcp } from "./rig.js";

/** An engine that is handed requests, and WebSockets that a server of the application's own has accepted. */
async function startMounted(options: EngineOptions = {}): Promise<Rig> {
  const engine = new Server(options);
  const accepting = new WebSocketServer({ noServer: true });
  const http = createServer((request, response) => engine.handleRequest(request, response));
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    accepting.handleUpgrade(request, socket, head, (webSocket) => {
      // As documented for the incumbent's engine.
      engine.prepare(request);
      engine.onWebSocket(request, request.socket, webSocket);
    });
  });
  return listenOn(http, engine);
}

const withMounted = (options: EngineOptions, run: (rig: Rig) => Promise<void>) => async () => {
  const rig = await startMounted(options);
  try {
    await run(rig);
  } finally {
    await rig.stop();
  }
};

const WEBSOCKET = "EIO=4&transport=websocket";

describe("a WebSocket that somebody else has accepted", () => {
  it(
    "opens a session",
    withMounted({}, async (rig) => {
      const session = nextSession(rig);
      const peer = new Peer(rig, WEBSOCKET);
      const socket = await session;
      socket.on("data", (data) => socket.send(data));
      expect(JSON.parse(String(await peer.message()).slice(1))).toMatchObject({ sid: socket.id });
      peer.ws.send("4é");
      expect(await peer.message()).toBe("4é");
      expect(socket.transport.name).toBe("websocket");
      peer.ws.close();
      await eventually(() => rig.engine.clientsCount === 0);
    }),
  );

  it(
    "takes over a session; a probe that comes while middlewares are asked is not lost",
    withMounted({}, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      let goOn = (): void => expect.unreachable();
      rig.engine.use((_request, _response, next) => {
        goOn = next;
      });
      const peer = await new Peer(rig, `${WEBSOCKET}&sid=${sid}`).opened();
      peer.ws.send("2probe");
      await eventually(() => rig.engine.inspect().pendingHandshakes === 1);
      goOn();
      expect(await peer.message()).toBe("3probe");
      peer.ws.send("5");
      await eventually(() => socket.upgraded);
    }),
  );

  it(
    "is closed when it says more at once than is taken, whatever its own server would take",
    withMounted({ maxHttpBufferSize: 1000 }, async (rig) => {
      const session = nextSession(rig);
      const peer = new Peer(rig, WEBSOCKET);
      const socket = await session;
      const heard: unknown[] = [];
      socket.on("data", (data) => heard.push(data));
      const ended = new Promise((resolve) => socket.on("close", resolve));
      await peer.message();
      peer.ws.send(`4${"x".repeat(999)}`);
      peer.ws.send(`4${"x".repeat(1000)}`);
      expect((await closing(peer))[0]).toBe(1009);
      expect([await ended, heard]).toEqual(["transport error", ["x".repeat(999)]]);
    }),
  );

  it.each<[string, EngineOptions, string, string]>([
    ["allowRequest", { allowRequest: (_, done) => done("no", false) }, WEBSOCKET, "no"],
    ["the protocol", {}, "EIO=3&transport=websocket", "Unsupported protocol version"],
    ["an unknown session", {}, `${WEBSOCKET}&sid=x`, "Session ID unknown"],
  ])("is closed, with a reason, when it is refused: %s", async (_, options, query, reason) => {
    await withMounted(options, async (rig) => {
      expect(await closing(new Peer(rig, query))).toEqual([1008, reason]);
      expect(rig.errors).toHaveLength(1);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, pendingHandshakes: 0 });
    })();
  });

  it(
    "may send what it likes when it is refused",
    withMounted({ allowRequest: (_, done) => done("no", false) }, async (rig) => {
      const peer = await tcp(rig);
      const ended = once(peer, "close");
      peer.resume();
      peer.write(
        `GET /engine.io/?${WEBSOCKET} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      );
      // Reserved bits, and no mask.
      peer.write(Buffer.of(0xff, 0x7f));
      await ended;
      expect(rig.errors).toHaveLength(1);
    }),
  );

  it(
    "is closed when a middleware answers by itself, and counts for nothing when it leaves before",
    withMounted({}, async (rig) => {
      let answers = true;
      rig.engine.use((_request, response) => {
        if (answers) (response as { end(body: string): void }).end("é".repeat(200));
      });
      expect(await closing(new Peer(rig, WEBSOCKET))).toEqual([1008, "é".repeat(60)]);
      answers = false;
      const peer = await new Peer(rig, WEBSOCKET).opened();
      await eventually(() => rig.engine.inspect().pendingHandshakes === 1);
      peer.ws.terminate();
      await eventually(() => rig.engine.inspect().pendingHandshakes === 0);
      expect(rig.engine.clientsCount).toBe(0);
    }),
  );
});

async function closing({ ws }: Peer): Promise<[code: number, reason: string]> {
  const [code, reason] = await once(ws, "close");
  return [code, String(reason)];
}
