/**
 * A client that begins on polling and upgrades to WebSocket in the order of the official one: once the session is open it
 * polls, joins the namespace and probes, all at once; when the probe was answered it lets the pending poll come back, and
 * only then says that it is on WebSocket from now on.
 */
import { connect, type Socket } from "node:net";
import { clientFrame, FrameReader, type FrameSink } from "./frames.js";
import { HttpLine } from "./http-line.js";
import { within } from "./patience.js";
import { upgradeRequest } from "./peer.js";
import { POLLING, sessionOf } from "./poller.js";

const PROBE = clientFrame("2probe");
const UPGRADE = clientFrame("5");
const FENCE = clientFrame('427["echo",1]');
const FENCE_ANSWER = "437[1]";

export class UpgradingPeer implements FrameSink {
  readonly #port: number;
  readonly #poll: HttpLine;
  readonly #push: HttpLine;
  readonly #reader = new FrameReader(this);
  #websocket: Socket | undefined;
  #head: Buffer | undefined = Buffer.alloc(0);
  #target = "";
  #probed = false;
  #upgraded = false;
  #joined = false;
  #closing = false;
  #done: () => void;
  #answer: (message: string) => void = (message) => {
    throw new Error(`nobody waits for this message: ${message}`);
  };

  private constructor(port: number, done: (peer: UpgradingPeer) => void) {
    this.#port = port;
    this.#done = () => done(this);
    this.#poll = new HttpLine(port);
    this.#push = new HttpLine(port);
    this.#push.onBody = () => this.#upgradeWhenQuiet();
    this.#poll.onBody = (body) => this.#opened(sessionOf(body));
    this.#poll.get(POLLING);
  }

  /** Resolves once the namespace is joined and the session is on WebSocket. */
  static open(port: number): Promise<UpgradingPeer> {
    return new Promise((resolve) => new UpgradingPeer(port, resolve));
  }

  /** @throws when anything but its own echo comes back, or nothing does: then the session did not follow */
  async fence(): Promise<void> {
    const answer = new Promise<string>((resolve) => {
      this.#answer = resolve;
    });
    this.#websocket?.write(FENCE);
    const message = await within(answer, () => "the echo after the upgrade");
    if (message !== FENCE_ANSWER) throw new Error(`one too many: ${message}`);
  }

  close(): void {
    this.#closing = true;
    this.#websocket?.destroy();
  }

  #opened(sid: string): void {
    this.#target = `${POLLING}&sid=${sid}`;
    this.#poll.onBody = (payload) => this.#polled(payload);
    this.#poll.get(this.#target);
    this.#push.post(this.#target, "40");
    this.#probe(sid);
  }

  #probe(sid: string): void {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#websocket = socket;
    const ended = (reason: string) => {
      if (!this.#closing) throw new Error(`the upgraded connection ended: ${reason}`);
    };
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (error) => ended(error.message));
    socket.on("close", () => ended("the server closed it"));
    socket.write(upgradeRequest(`&sid=${sid}`));
  }

  #read(chunk: Buffer): void {
    if (this.#head === undefined) {
      this.#reader.push(chunk);
      return;
    }
    const data = Buffer.concat([this.#head, chunk]);
    const end = data.indexOf("\r\n\r\n");
    this.#head = end < 0 ? data : undefined;
    if (end < 0) return;
    this.#websocket?.write(PROBE);
    if (end + 4 < data.length) this.#reader.push(data.subarray(end + 4));
  }

  #polled(payload: string): void {
    for (const packet of payload.split("\x1e")) if (packet !== "6") this.#packet(packet);
    if (this.#probed) this.#upgradeWhenQuiet();
    else this.#poll.get(this.#target);
  }

  message(data: Buffer, start: number, end: number): void {
    const packet = data.toString("latin1", start, end);
    if (packet === "3probe") {
      this.#probed = true;
      this.#upgradeWhenQuiet();
    } else if (packet !== "6") {
      this.#packet(packet);
    }
  }

  #packet(packet: string): void {
    if (this.#joined || !packet.startsWith("40{")) {
      this.#answer(packet);
    } else {
      this.#joined = true;
      this.#finish();
    }
  }

  #upgradeWhenQuiet(): void {
    if (!this.#probed || this.#upgraded || this.#poll.isWaiting || this.#push.isWaiting) return;
    this.#websocket?.write(UPGRADE);
    this.#upgraded = true;
    this.#poll.close();
    this.#push.close();
    this.#finish();
  }

  #finish(): void {
    if (this.#joined && this.#upgraded) this.#done();
  }
}
