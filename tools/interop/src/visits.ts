import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { connect, type Socket } from "node:net";

/**
 * Visits to an engine by raw sockets, each broken off at another step of the protocol. They wait for what the step needs
 * and leave the rest to the engine: nobody says goodbye in good order unless the visit is about that.
 */
export type Visit = (port: number) => Promise<void>;

const POLLING = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET = "/engine.io/?EIO=4&transport=websocket";

export const visits: Readonly<Record<string, Visit>> = {
  "leaves before it says anything": async (port) => drop(await open(port)),
  "leaves in the middle of its request": async (port) => drop(await say(port, `GET ${POLLING} HTTP/1.1\r\nhos`)),
  "leaves before the answer to its handshake": async (port) => drop(await say(port, get(POLLING))),
  "says goodbye after its handshake": async (port) => {
    await ask(port, `${POLLING}&sid=${await handshake(port)}`, "1");
  },
  "leaves an open poll": async (port) => {
    const sid = await handshake(port);
    drop(await say(port, get(`${POLLING}&sid=${sid}`)));
  },
  "leaves in the middle of an upload": async (port) => {
    const sid = await handshake(port);
    drop(await say(port, `POST ${POLLING}&sid=${sid} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n4abc`));
  },
  "uploads what is no payload": async (port) => {
    await ask(port, `${POLLING}&sid=${await handshake(port)}`, "nonsense");
  },
  "polls twice": async (port) => {
    const sid = await handshake(port);
    const first = await say(port, get(`${POLLING}&sid=${sid}`));
    await ask(port, `${POLLING}&sid=${sid}`);
    drop(first);
  },
  "leaves before its upgrade is answered": async (port) => drop(await say(port, upgrade(WEBSOCKET))),
  "resets before its upgrade is answered": async (port) => reset(await say(port, upgrade(WEBSOCKET))),
  "leaves a WebSocket": async (port) => drop(await webSocket(port, WEBSOCKET, "0{")),
  "resets a WebSocket": async (port) => reset(await webSocket(port, WEBSOCKET, "0{")),
  "leaves a WebSocket in the middle of a message": async (port) => {
    const socket = await webSocket(port, WEBSOCKET, "0{");
    await write(socket, frame("4and then").subarray(0, 9));
    drop(socket);
  },
  "says goodbye on a WebSocket": async (port) => {
    const socket = await webSocket(port, WEBSOCKET, "0{");
    await write(socket, frame("1"));
    await closed(socket);
  },
  "sends nonsense on a WebSocket": async (port) => {
    const socket = await webSocket(port, WEBSOCKET, "0{");
    await write(socket, Buffer.alloc(20, 0xff));
    await closed(socket);
  },
  "leaves its upgrade before the probe": async (port) => {
    const sid = await handshake(port);
    drop(await webSocket(port, `${WEBSOCKET}&sid=${sid}`, "101"));
    await ask(port, `${POLLING}&sid=${sid}`, "1");
  },
  "leaves its upgrade after the probe": async (port) => {
    const sid = await handshake(port);
    const socket = await webSocket(port, `${WEBSOCKET}&sid=${sid}`, "101");
    await write(socket, frame("2probe"));
    await heard(socket, "3probe");
    reset(socket);
    await ask(port, `${POLLING}&sid=${sid}`, "1");
  },
  "leaves after its upgrade": async (port) => {
    const sid = await handshake(port);
    const socket = await webSocket(port, `${WEBSOCKET}&sid=${sid}`, "101");
    await write(socket, frame("2probe"));
    await heard(socket, "3probe");
    await write(socket, frame("5"));
    await write(socket, frame("4echo"));
    await heard(socket, "4echo");
    drop(socket);
  },
};

// --- HTTP -----------------------------------------------------------------------------------------------------------

async function handshake(port: number): Promise<string> {
  const body = await ask(port, POLLING);
  return (JSON.parse(body.slice(1)) as { sid: string }).sid;
}

function ask(port: number, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const asked = request({ port, host: "127.0.0.1", path, method, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

const upgrade = (path: string) =>
  `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
  `sec-websocket-key: ${randomBytes(16).toString("base64")}\r\n\r\n`;

// --- bytes ----------------------------------------------------------------------------------------------------------

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

async function say(port: number, text: string): Promise<Socket> {
  const socket = await open(port);
  await write(socket, text);
  return socket;
}

function write(socket: Socket, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(data, () => resolve()));
}

function drop(socket: Socket): void {
  socket.destroy();
}

function reset(socket: Socket): void {
  socket.resetAndDestroy();
}

/** A connection that has heard `sign`. */
async function webSocket(port: number, path: string, sign: string): Promise<Socket> {
  const socket = await say(port, upgrade(path));
  await heard(socket, sign);
  return socket;
}

/** Waits until the text went by, or the connection ended. */
function heard(socket: Socket, sign: string): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.includes(sign)) done();
    };
    const done = () => {
      socket.off("data", onData);
      socket.resume();
      resolve();
    };
    socket.on("data", onData);
    socket.once("close", done);
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.resume();
    if (socket.destroyed) resolve();
    else socket.once("close", () => resolve());
  });
}

/** A masked text frame of less than 126 bytes. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = Uint8Array.of(1, 2, 3, 4);
  return Buffer.concat([
    Uint8Array.of(0x81, 0x80 | payload.length),
    mask,
    payload.map((byte, i) => byte ^ mask[i % 4]!),
  ]);
}
