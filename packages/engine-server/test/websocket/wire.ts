import { Duplex } from "node:stream";
import { CLOSE, PING, PONG, TEXT } from "../../src/websocket/frame-header.js";
import { own } from "./frame-stream.js";

export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A stream without a network. What the server writes is kept; it is taken at once, or when the test lets it. */
export class Wire extends Duplex {
  readonly #written: Buffer[] = [];
  readonly #untaken: Array<() => void> = [];
  /** Writes so far. */
  writes = 0;
  /** Nothing is taken while this is set. */
  stuck = false;
  finished = false;

  constructor(highWaterMark = 16 * 1024) {
    super({ allowHalfOpen: true, highWaterMark });
    this.on("finish", () => {
      this.finished = true;
    });
  }

  /** Bytes from the peer. */
  say(...bytes: Uint8Array[]): void {
    this.push(own(Buffer.concat(bytes)));
  }

  /** The peer says no more. */
  leave(): void {
    this.push(null);
  }

  /** Takes what is stuck. */
  unstick(): void {
    this.stuck = false;
    for (const done of this.#untaken.splice(0)) done();
  }

  get written(): Buffer {
    return Buffer.concat(this.#written);
  }

  /** Frames that the server wrote, each of them final, unmasked and without reserved bits. */
  get frames(): ServerFrame[] {
    const bytes = this.written;
    const frames: ServerFrame[] = [];
    for (let at = 0; at < bytes.length; ) {
      const first = bytes[at]!;
      if ((first & 0xf0) !== 0x80) throw new TypeError(`no frame of a server: ${first}`);
      let length = bytes[at + 1]!;
      at += 2;
      if (length === 126) {
        length = bytes.readUInt16BE(at);
        at += 2;
      } else if (length === 127) {
        length = Number(bytes.readBigUInt64BE(at));
        at += 8;
      }
      frames.push({ opcode: first & 0x0f, payload: bytes.subarray(at, at + length) });
      at += length;
    }
    return frames;
  }

  /** The same in words. */
  get said(): string[] {
    return this.frames.map(({ opcode, payload }) => {
      if (opcode === CLOSE) {
        return payload.length === 0
          ? "close"
          : `close ${payload.readUInt16BE(0)} ${payload.toString("utf8", 2)}`.trim();
      }
      const kinds: Readonly<Record<number, string>> = { [TEXT]: "text", [PING]: "ping", [PONG]: "pong" };
      return `${kinds[opcode] ?? opcode} ${payload.toString()}`.trim();
    });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes++;
    this.#written.push(Buffer.from(chunk));
    if (this.stuck) this.#untaken.push(done);
    else done();
  }
}

/** Lets everything happen that happens by itself. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
