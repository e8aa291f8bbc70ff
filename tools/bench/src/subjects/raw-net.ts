/**
 * The ceiling of JavaScript on Node's own sockets: `node:http` for requests, then the socket that an upgrade hands over;
 * frames are made and read by hand, and what a turn of the event loop has for a connection leaves in one write.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { FrameReader, type FrameSink, serverFrame } from "../load/frames.js";
import { listen } from "./listening.js";
import { Members, type Message, newSession, RawApplication, type RawConnection } from "./raw-application.js";
import { type RawSession, sessions } from "./raw-polling.js";

const members = new Members<Connection>();

const application = new RawApplication((message, to) => {
  const frame = serverFrame(message);
  for (const connection of members.of(to)) connection.write(frame);
});

/** Connections with something to write at the end of this turn. */
let dirty: Connection[] = [];

function flush(): void {
  const all = dirty;
  dirty = [];
  for (const connection of all) connection.flush();
}

class Connection implements RawConnection, FrameSink {
  next = 0;
  #first: Buffer | undefined;
  #others: Buffer[] | undefined;
  #session: RawSession | undefined;
  readonly #socket: Socket;

  constructor(socket: Socket, session?: RawSession) {
    this.#socket = socket;
    this.#session = session;
    const reader = new FrameReader(this);
    socket.on("data", (chunk) => reader.push(chunk));
    socket.on("error", () => {});
    // Sockets of node:http stay half open otherwise.
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      if (members.all.has(this)) application.connections--;
      members.remove(this);
    });
    if (session === undefined) this.enter();
  }

  enter(): void {
    members.all.add(this);
    application.connections++;
  }

  send(message: Message): void {
    this.write(serverFrame(message));
  }

  join(): void {
    members.room.add(this);
  }

  write(frame: Buffer): void {
    if (this.#first === undefined) {
      if (dirty.length === 0) process.nextTick(flush);
      dirty.push(this);
      this.#first = frame;
    } else {
      this.#others ??= [this.#first];
      this.#others.push(frame);
    }
  }

  flush(): void {
    const data = this.#others === undefined ? this.#first : Buffer.concat(this.#others);
    this.#first = undefined;
    this.#others = undefined;
    if (data !== undefined) this.#socket.write(data);
  }

  message(data: Buffer, start: number, end: number, isBinary: boolean): void {
    if (isBinary) application.binary(this, data.subarray(start, end));
    else if (this.#session === undefined) application.text(this, data.toString("utf8", start, end));
    else this.#upgrade(this.#session, data.toString("latin1", start, end));
  }

  #upgrade(session: RawSession, packet: string): void {
    if (packet === "2probe") {
      this.send("3probe");
      session.release();
    } else if (packet === "5") {
      session.handOver(this);
      this.#session = undefined;
      this.enter();
    }
  }
}

const http = createServer((request, response) => {
  const target = request.url ?? "";
  if (request.method === "POST") {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      sessions.of(target).received(body, application);
      response.writeHead(200, { "Content-Type": "text/html", "Content-Length": 2 }).end("ok");
    });
    return;
  }
  const answer = (text: string) =>
    response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": Buffer.byteLength(text) }).end(text);
  if (target.includes("&sid=")) sessions.of(target).poll(answer);
  else answer(sessions.open(["websocket"]));
});

http.on("upgrade", (request, socket: Socket, head) => {
  const target = request.url ?? "";
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const head101 = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  socket.setNoDelay(true);
  socket.setTimeout(0);
  const session = target.includes("&sid=") ? sessions.of(target) : undefined;
  new Connection(socket, session);
  if (head.length > 0) socket.unshift(head);
  const open = session === undefined ? serverFrame(newSession().open) : Buffer.alloc(0);
  socket.write(Buffer.concat([Buffer.from(head101), open]));
});

application.serve(await listen(http));
