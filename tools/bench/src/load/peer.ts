/**
 * A cheap Socket.IO client on a bare TCP socket, the same for every server under test. It looks no deeper into a message
 * than a scenario asks it to, but never loses sight of one: what nobody waits for is an error.
 */
import { connect, type Socket } from "node:net";
import { clientFrame, FrameReader, type FrameSink } from "./frames.js";
import { within } from "./patience.js";
import { json, type Wire } from "./wire.js";

export type MessageHandler = (data: Buffer, start: number, end: number, isBinary: boolean) => void;

const PONG = clientFrame("3");

/** Types of engine packets. */
const OPEN = 0x30;
const PING = 0x32;

/** Of an upgrade to WebSocket on the path of the servers here. */
export function upgradeRequest(query = ""): string {
  return [
    `GET /socket.io/?EIO=4&transport=websocket${query} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "\r\n",
  ].join("\r\n");
}

const REQUEST = upgradeRequest();

const FENCE_ID = 999_999;

export class Peer implements FrameSink {
  /** Gets every message but the engine's own. */
  onMessage: MessageHandler = unexpected;
  readonly #socket: Socket;
  readonly #wire: Wire;
  readonly #reader = new FrameReader(this);
  #head: Buffer | undefined = Buffer.alloc(0);
  #joined: ((peer: Peer) => void) | undefined;
  #closing = false;

  private constructor(port: number, wire: Wire, joined: (peer: Peer) => void) {
    this.#wire = wire;
    this.#joined = joined;
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", (error) => this.#ended(error.message));
    this.#socket.on("close", () => this.#ended("the server closed it"));
    this.#socket.write(REQUEST);
  }

  /** Resolves once the main namespace is joined. */
  static open(port: number, wire: Wire = json): Promise<Peer> {
    return new Promise((resolve) => new Peer(port, wire, resolve));
  }

  write(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** Sends an event that is acknowledged, and gives the first message that comes back. */
  ask(args: readonly unknown[], id: number): Promise<Buffer> {
    return new Promise((resolve) => {
      this.onMessage = (data, start, end) => {
        this.onMessage = unexpected;
        resolve(Buffer.from(data.subarray(start, end)));
      };
      this.write(this.#wire.event(args, id));
    });
  }

  /** @throws when anything but its own echo comes back: what came twice, or was not asked for, comes before it */
  async fence(): Promise<void> {
    const answer = await within(this.ask(["echo", 1], FENCE_ID), () => "the echo at the end");
    if (!this.#wire.isAckOfOne(answer, FENCE_ID)) throw new Error(`one too many: ${answer.toString("latin1")}`);
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #ended(reason: string): void {
    if (!this.#closing) throw new Error(`a connection ended: ${reason}`);
  }

  /** What is written to what came in one piece leaves in one: a load that cannot keep up would measure itself. */
  #read(chunk: Buffer): void {
    this.#socket.cork();
    this.#readOn(chunk);
    this.#socket.uncork();
  }

  #readOn(chunk: Buffer): void {
    if (this.#head === undefined) {
      this.#reader.push(chunk);
      return;
    }
    const data = Buffer.concat([this.#head, chunk]);
    const end = data.indexOf("\r\n\r\n");
    this.#head = end < 0 ? data : undefined;
    if (end < 0) return;
    if (!data.subarray(0, 12).equals(SWITCHING)) throw new Error(`refused: ${data.toString("latin1", 0, end)}`);
    if (end + 4 < data.length) this.#reader.push(data.subarray(end + 4));
  }

  message(data: Buffer, start: number, end: number, isBinary: boolean): void {
    const type = isBinary ? undefined : data[start];
    if (type === OPEN) this.write(this.#wire.connect);
    else if (type === PING) this.write(PONG);
    else if (this.#joined !== undefined) this.#join(data, start, end, isBinary);
    else this.onMessage(data, start, end, isBinary);
  }

  #join(data: Buffer, start: number, end: number, isBinary: boolean): void {
    if (!this.#wire.isConnected(data, start, isBinary)) unexpected(data, start, end);
    const joined = this.#joined;
    this.#joined = undefined;
    joined?.(this);
  }
}

const SWITCHING = Buffer.from("HTTP/1.1 101");

function unexpected(data: Buffer, start: number, end: number): never {
  throw new Error(`nobody waits for this message: ${data.toString("latin1", start, Math.min(end, start + 200))}`);
}

/** Opens connections, not more than `atOnce` at a time so that none waits long for its turn. */
export async function openPeers(port: number, count: number, wire: Wire = json, atOnce = 100): Promise<Peer[]> {
  const peers: Peer[] = [];
  while (peers.length < count) {
    const batch = Math.min(atOnce, count - peers.length);
    const opening = Promise.all(Array.from({ length: batch }, () => Peer.open(port, wire)));
    peers.push(...(await within(opening, () => `${batch} connections, after ${peers.length}`)));
  }
  return peers;
}
