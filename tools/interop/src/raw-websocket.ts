import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/** WebSocket as somebody without a library would speak it: frames are bytes, right or wrong. */

export interface FramePlan {
  readonly opcode?: number;
  readonly payload?: string | Buffer;
  /** Last frame of a message. Default true. */
  readonly fin?: boolean;
  /** The three reserved bits. Default 0. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** What the header says of the length, when that is not the truth. */
  readonly claimedLength?: number;
}

export function frame({
  opcode = 1,
  payload = "",
  fin = true,
  reserved = 0,
  masked = true,
  claimedLength,
}: FramePlan): Buffer {
  const data = Buffer.from(payload as string);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const header = Buffer.concat([Buffer.from([first]), lengthField(claimedLength ?? data.length, masked)]);
  if (!masked) return Buffer.concat([header, data]);
  const mask = randomBytes(4);
  return Buffer.concat([header, mask, data.map((byte, n) => byte ^ (mask[n % 4] as number))]);
}

function lengthField(length: number, masked: boolean): Buffer {
  const bit = masked ? 0x80 : 0;
  if (length < 126) return Buffer.from([bit | length]);
  if (length < 65_536) {
    const field = Buffer.from([bit | 126, 0, 0]);
    field.writeUInt16BE(length, 1);
    return field;
  }
  const field = Buffer.alloc(9);
  field[0] = bit | 127;
  field.writeBigUInt64BE(BigInt(length), 1);
  return field;
}

const DIRECT = "/socket.io/?EIO=4&transport=websocket";

/** A TCP connection that asked for an upgrade. */
export class RawWebSocket {
  /** Everything that came, the HTTP head included. */
  #received = Buffer.alloc(0);
  readonly tcp: Socket;
  readonly #waiting = new Set<() => void>();
  #ended = false;

  constructor(port: number, path = DIRECT, headers: readonly string[] = []) {
    this.tcp = connect(port, "127.0.0.1");
    this.tcp.on("error", () => {});
    this.tcp.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.tcp.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
    const lines = [
      `GET ${path} HTTP/1.1`,
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: c29ja2V5ZS1zb2NrZXllLQ==",
      ...headers,
    ];
    this.tcp.write(`${lines.join("\r\n")}\r\n\r\n`);
  }

  send(plan: FramePlan | string): void {
    this.tcp.write(frame(typeof plan === "string" ? { payload: plan } : plan));
  }

  /** The HTTP answer to the request for an upgrade: status, and the body of a refusal. */
  async answer(): Promise<{ status: number; body: string }> {
    await this.#until(() => this.#received.includes("\r\n\r\n"));
    const text = this.#received.toString("latin1");
    const [head = "", body = ""] = text.split("\r\n\r\n", 2);
    return { status: Number(head.split(" ")[1]), body };
  }

  /** Waits until the server has sent these characters, so many times. */
  async sees(text: string, times = 1): Promise<void> {
    const seen = () => this.#received.toString("latin1").split(text).length > times;
    await this.#until(() => seen() || this.#ended);
    if (!seen()) throw new Error(`the connection ended before "${text}" came`);
  }

  /** Waits for the end: a close frame, whose code it returns and which it does not answer, or the bare end of the connection. */
  async ended(): Promise<number | undefined> {
    await this.#until(() => this.#ended || this.#closeCode() !== undefined);
    this.tcp.destroy();
    return this.#closeCode();
  }

  /** Walks the frames: server frames are unmasked. */
  #closeCode(): number | undefined {
    const head = this.#received.indexOf("\r\n\r\n");
    let at = head < 0 ? this.#received.length : head + 4;
    while (at + 2 <= this.#received.length) {
      const opcode = (this.#received[at] as number) & 15;
      const short = (this.#received[at + 1] as number) & 127;
      const header = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (opcode === 8) return short >= 2 ? this.#received.readUInt16BE(at + 2) : 1005;
      const length = short === 126 ? this.#received.readUInt16BE(at + 2) : short;
      at += header + length;
    }
    return undefined;
  }

  async #until(state: () => boolean): Promise<void> {
    while (!state()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
