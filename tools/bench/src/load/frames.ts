/**
 * WebSocket frames as the load generator writes and reads them: whole messages, always masked with the same key. Frames
 * are made before they are needed, so that masking costs the load generator nothing, and servers what it always costs.
 */

const MASKED = 0x80;
const KEY = [0x5a, 0x7e, 0x31, 0xc4] as const;

/** One frame from client to server. */
export function clientFrame(payload: string | Uint8Array): Buffer {
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  const opcode = typeof payload === "string" ? 0x1 : 0x2;
  if (bytes.length > 0xffff) throw new RangeError("no scenario sends a frame of more than 64 kB");
  const short = bytes.length < 126;
  const frame = Buffer.alloc((short ? 6 : 8) + bytes.length);
  frame[0] = 0x80 | opcode;
  frame[1] = MASKED | (short ? bytes.length : 126);
  if (!short) frame.writeUInt16BE(bytes.length, 2);
  const start = frame.length - bytes.length;
  frame.set(KEY, start - 4);
  frame.set(bytes, start);
  unmask(frame, start, frame.length);
  return frame;
}

/** One frame from server to client, for the servers of this tool. */
export function serverFrame(payload: string | Uint8Array): Buffer {
  const length = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = typeof payload === "string" ? 0x81 : 0x82;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  if (typeof payload === "string") frame.write(payload, header);
  else frame.set(payload, header);
  return frame;
}

/** Who gets the messages: `data[start..end)` is the payload, valid during the call only. */
export interface FrameSink {
  message(data: Buffer, start: number, end: number, isBinary: boolean): void;
  /** A close frame came. Without this it is an error, as other control frames are. */
  closed?(): void;
}

/**
 * Cuts a stream of bytes, in any split, into the messages it holds. Takes frames in both directions, masked ones unmasked
 * in place. What no scenario sends or expects (fragments, control frames) is an error, never skipped.
 */
export class FrameReader {
  #rest: Buffer | undefined;

  constructor(private readonly sink: FrameSink) {}

  push(chunk: Buffer): void {
    const data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = 0;
    while (at < data.length) {
      const next = this.#frame(data, at);
      if (next === undefined) break;
      at = next;
    }
    if (at < data.length) this.#rest = data.subarray(at);
  }

  /** Where the next frame begins; undefined when this one is not all here. */
  #frame(data: Buffer, at: number): number | undefined {
    if (at + 2 > data.length) return undefined;
    const first = data[at] as number;
    const second = data[at + 1] as number;
    let length = second & 0x7f;
    let start = at + 2;
    if (length === 126) {
      if (at + 4 > data.length) return undefined;
      length = data.readUInt16BE(at + 2);
      start = at + 4;
    } else if (length === 127) {
      if (at + 10 > data.length) return undefined;
      length = Number(data.readBigUInt64BE(at + 2));
      start = at + 10;
    }
    if (second & MASKED) start += 4;
    const end = start + length;
    if (end > data.length) return undefined;
    if (first === 0x88 && this.sink.closed !== undefined) {
      this.sink.closed();
      return end;
    }
    if (first !== 0x81 && first !== 0x82) throw new Error(`a frame that begins with 0x${first.toString(16)}`);
    if (second & MASKED) unmask(data, start, end);
    this.sink.message(data, start, end, first === 0x82);
    return end;
  }
}

/** The key stands in the four bytes before `start`. */
function unmask(data: Buffer, start: number, end: number): void {
  const key = start - 4;
  for (let i = start; i < end; i++) data[i] = (data[i] as number) ^ (data[key + ((i - start) & 3)] as number);
}
