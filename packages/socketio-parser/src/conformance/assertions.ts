import type { BinaryChunk, Decoder, EncodedPacket } from "../contract.js";
import type { Packet } from "../packet.js";
import type { CodecUnderTest } from "./codec.js";

/** What a failed claim throws: with a message and the two sides, and nothing that a runner would have to know. */
export class ConformanceFailure extends Error {
  constructor(
    message: string,
    readonly actual?: unknown,
    readonly expected?: unknown,
  ) {
    super(message);
    this.name = "ConformanceFailure";
  }
}

export function check(condition: boolean, message: string): void {
  if (!condition) {
    throw new ConformanceFailure(message);
  }
}

/** Deep equality as the wire knows it: bytes by their content whatever holds them, and a member that is undefined is none. */
export function same(actual: unknown, expected: unknown, message = "values differ"): void {
  const left = canonical(actual);
  const right = canonical(expected);
  if (left !== right) {
    throw new ConformanceFailure(
      `${message}: ${left.slice(0, 300)} instead of ${right.slice(0, 300)}`,
      actual,
      expected,
    );
  }
}

export function canonical(value: unknown): string {
  if (value instanceof Date) {
    return `date ${value.getTime()}`;
  }
  if (isBytes(value)) {
    return `bytes ${[...bytesOf(value)].join(" ")}`;
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, canonical).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
      .sort()
      .join(",")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : Object.is(value, -0) ? "0" : String(value);
}

function isBytes(value: unknown): value is BinaryChunk {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

export function bytesOf(chunk: BinaryChunk): Uint8Array {
  return ArrayBuffer.isView(chunk)
    ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : new Uint8Array(chunk);
}

/** A decoder that keeps what it emits. */
export function listening(codec: CodecUnderTest, limits?: object): { decoder: Decoder; packets: Packet[] } {
  const decoder = new codec.parser.Decoder(limits);
  const packets: Packet[] = [];
  decoder.on("decoded", (packet) => {
    packets.push(packet);
  });
  return { decoder, packets };
}

/** Feeds chunks to a new decoder, and returns what it emitted. */
export function decodeAll(codec: CodecUnderTest, chunks: readonly unknown[], limits?: object): Packet[] {
  const { decoder, packets } = listening(codec, limits);
  for (const chunk of chunks) {
    decoder.add(chunk);
  }
  return packets;
}

export function encode(codec: CodecUnderTest, packet: Packet): EncodedPacket {
  return new codec.parser.Encoder().encode(packet);
}

/** The work must throw an `Error`; with the code, or one of the codes, where the codec declares codes. */
export function refuses(codec: CodecUnderTest, codes: string | readonly string[], work: () => unknown): void {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    check(error instanceof Error, `threw ${String(error)}, which is no Error`);
    if (codec.supports.codes) {
      const code = String((error as { code?: unknown }).code);
      const single = codec.supports.codes === "one" && codes !== "UNSERIALIZABLE" ? "INVALID_PACKET" : undefined;
      const expected = [single ?? codes].flat().map((one) => `ERR_SOCKEYE_PARSER_${one}`);
      check(expected.includes(code), `code ${code} instead of ${expected.join(" or ")}`);
    }
    return;
  }
  throw new ConformanceFailure(`nothing was thrown; got ${canonical(result).slice(0, 200)}`);
}
