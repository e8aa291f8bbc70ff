import fc from "fast-check";

/** Streams of client frames for fast-check: lawful ones, unlawful ones, and bytes that are neither. */

export interface WireFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly final: boolean;
  readonly masked: boolean;
  readonly rsv: number;
  readonly mask: number;
  /** Declares another length than that of the payload. */
  readonly claimed: number | undefined;
  /** Bytes of the length field, when it is to be longer than it needs to be. */
  readonly lengthBytes: 0 | 2 | 8;
}

export function encode(frame: WireFrame): Buffer {
  const length = frame.claimed ?? frame.payload.length;
  const bytes = Math.max(frame.lengthBytes, length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const head = Buffer.alloc(2 + bytes);
  head[0] = (frame.final ? 0x80 : 0) | (frame.rsv << 4) | frame.opcode;
  head[1] = (frame.masked ? 0x80 : 0) | (bytes === 0 ? length : bytes === 2 ? 126 : 127);
  if (bytes === 2) head.writeUInt16BE(length, 2);
  if (bytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!frame.masked) return Buffer.concat([head, frame.payload]);
  const key = Buffer.alloc(4);
  key.writeUInt32BE(frame.mask);
  return Buffer.concat([head, key, frame.payload.map((byte, i) => byte ^ key[i & 3]!)]);
}

export function plain(opcode: number, payload: string | Uint8Array, shape: Partial<WireFrame> = {}): Buffer {
  const data = typeof payload === "string" ? Buffer.from(payload) : payload;
  const rest = { final: true, masked: true, rsv: 0, mask: 0x37fa213d, claimed: undefined, lengthBytes: 0 as const };
  return encode({ opcode, payload: data, ...rest, ...shape });
}

const utf8 = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom("4", "40", '42["event",{"a":1}]', "", "\u00e9\u{1f41f}\ud7ff\ue000\u{10ffff}"),
);

/** Overlong forms, surrogates, cut characters, too high, no character at all. */
const brokenUtf8 = fc
  .tuple(
    fc.string({ maxLength: 30 }),
    fc.constantFrom(
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xf0, 0x80, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xed, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xc3],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x90],
      [0x80],
      [0xff],
    ),
    fc.string({ maxLength: 30 }),
  )
  .map(([before, broken, after]) => Buffer.concat([Buffer.from(before), Uint8Array.from(broken), Buffer.from(after)]));

const sizes = fc.constantFrom(0, 1, 23, 24, 124, 125, 126, 127, 255, 511, 512, 513, 1023, 1024, 1025, 4097);

/** Of every size class, ASCII and not. */
const longText = fc
  .tuple(sizes, fc.constantFrom("x", "é", "🐟"), fc.nat(3))
  .map(([size, unit, lead]) => Buffer.from("a".repeat(lead) + unit.repeat(size / Buffer.byteLength(unit))));

const text: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: utf8.map((value) => Buffer.from(value)) },
  { weight: 4, arbitrary: longText },
  { weight: 1, arbitrary: brokenUtf8 },
);

const binary: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 140 }),
  fc.tuple(sizes, fc.nat(255)).map(([size, fill]) => Buffer.alloc(size, fill)),
);

const payload = fc.oneof(text, binary);
const content = fc.oneof(fc.tuple(fc.constant(1), text), fc.tuple(fc.constant(2), binary));

const closePayload = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc
    .tuple(
      fc.constantFrom(
        0,
        999,
        1000,
        1001,
        1003,
        1004,
        1005,
        1006,
        1007,
        1014,
        1015,
        1016,
        2999,
        3000,
        4999,
        5000,
        65_535,
      ),
      fc.oneof(
        utf8.map((text) => Buffer.from(text).subarray(0, 123)),
        brokenUtf8,
        fc.constant(Buffer.alloc(0)),
      ),
    )
    .map(([code, reason]) => Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), reason]).subarray(0, 125)),
  fc.uint8Array({ maxLength: 3 }),
);

const mask = fc.oneof(fc.constant(0), fc.nat(0xffff_ffff));
const lengthBytes = fc.constantFrom<0 | 2 | 8>(0, 0, 0, 2, 8);

function shaped(opcode: number, data: Uint8Array, final: boolean): fc.Arbitrary<Buffer> {
  return fc
    .record({ mask, lengthBytes: opcode < 8 ? lengthBytes : fc.constant(0 as const) })
    .map((shape) => plain(opcode, data, { ...shape, final }));
}

const control = fc.oneof(
  fc.uint8Array({ maxLength: 125 }).chain((data) => shaped(9, data, true)),
  fc.uint8Array({ maxLength: 125 }).chain((data) => shaped(10, data, true)),
);

const message = content.chain(([opcode, data]) => shaped(opcode, data, true));

/** A message in fragments, some of them empty, control frames between them. */
const fragmented = fc
  .tuple(
    content,
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
    fc.array(fc.option(control), { minLength: 6, maxLength: 6 }),
  )
  .chain(([[opcode, data], cuts, between]) => {
    const ends = [...cuts.map((cut) => Math.floor(cut * data.length)).sort((a, b) => a - b), data.length];
    const frames = ends.map((end, i) =>
      shaped(i === 0 ? opcode : 0, data.subarray(i === 0 ? 0 : ends[i - 1]!, end), i === ends.length - 1),
    );
    return fc
      .tuple(...frames)
      .map((made) => Buffer.concat(made.flatMap((frame, i) => [frame, between[i] ?? Buffer.alloc(0)])));
  });

const close = closePayload.chain((data) => shaped(8, data, true));

/** Every bit is free. */
const anything = fc
  .record({
    opcode: fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.nat(15)),
    payload,
    final: fc.boolean(),
    masked: fc.boolean(),
    rsv: fc.constantFrom(0, 0, 0, 0, 1, 2, 4, 7),
    mask,
    claimed: fc.oneof(
      fc.constant(undefined),
      fc.constantFrom(0, 1, 2, 125, 126, 127, 299, 300, 301, 65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53),
    ),
    lengthBytes,
  })
  .map(encode);

const lawful = fc.array(
  fc.oneof({ weight: 4, arbitrary: message }, { weight: 3, arbitrary: fragmented }, { weight: 2, arbitrary: control }),
  { maxLength: 8 },
);

/** Lawful frames to the end, or to a close frame, or to something else. */
export const wire: fc.Arbitrary<Buffer> = fc
  .tuple(
    lawful,
    fc.oneof(
      fc.constant(Buffer.alloc(0)),
      close,
      anything,
      fc.array(anything, { maxLength: 3 }).map((frames) => Buffer.concat(frames)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    ),
    lawful,
    fc.option(fc.tuple(fc.nat(4000), fc.nat(7)), { freq: 3 }),
  )
  .map(([before, middle, after, flip]) => {
    const bytes = Buffer.concat([...before, middle, ...after]);
    // One bit wrong somewhere.
    if (flip !== null && flip[0] < bytes.length) bytes[flip[0]]! ^= 1 << flip[1];
    return bytes;
  });

export const cuts = fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 12 });

/** Pieces of these sizes, and the rest; each in memory of its own, as a socket gives them. */
export function cutAt(data: Uint8Array, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, data.length]) {
    const piece = data.subarray(at, at + size);
    if (piece.length > 0) pieces.push(own(piece));
    at += size;
  }
  return pieces;
}

export function eachByte(data: Uint8Array): Buffer[] {
  return Array.from(data, (byte) => own(Uint8Array.of(byte)));
}

/** A copy of its own: what reads it may change it. */
export function own(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
