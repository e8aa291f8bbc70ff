/**
 * Values that MessagePack has no own form for, in the forms that the peers of this protocol write:
 * `undefined` as fixext1 of type 0, a `Date` as fixext8 of type 0 (milliseconds, signed), raw buffers as ext8/16/32 of type 0.
 */
export const EXTENSION_TYPE = 0;
/** The timestamp of the MessagePack specification, which peers in other languages write for a date. */
export const TIMESTAMP_TYPE = -1;

export const TWO_POW_32 = 2 ** 32;

/** Where 32 bits of an extension are read from. */
export interface Words {
  unsigned32(at: number): number;
  signed32(at: number): number;
}

/** Signed 64 bits, or the nearest number. */
export function readSigned64(words: Words, at: number): number {
  return words.signed32(at) * TWO_POW_32 + words.unsigned32(at + 4);
}

/** The 32, 64 and 96 bit forms of a timestamp; `undefined` for any other length. */
export function readTimestamp(words: Words, at: number, length: number): Date | undefined {
  switch (length) {
    case 4:
      return fromParts(words.unsigned32(at), 0);
    case 8: {
      // 30 bits of nanoseconds, 34 bits of seconds.
      const head = words.unsigned32(at);
      return fromParts((head & 3) * TWO_POW_32 + words.unsigned32(at + 4), head >>> 2);
    }
    case 12:
      return fromParts(readSigned64(words, at + 4), words.unsigned32(at));
    default:
      return undefined;
  }
}

function fromParts(seconds: number, nanoseconds: number): Date {
  return new Date(seconds * 1000 + Math.trunc(nanoseconds / 1e6));
}
