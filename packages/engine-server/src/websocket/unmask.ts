/**
 * Masks of RFC 6455, 5.3: byte `i` of a payload was XORed with byte `i % 4` of the frame's masking key. A key is held as
 * one 32-bit integer, its first byte on top.
 */

/** From this length on four bytes at a time pay for the view that it takes. */
const WORDWISE_FROM = 512;

/** The key in the order in which this machine keeps words in memory. */
const keyBytes = new Uint8Array(4);
const keyWord = new Int32Array(keyBytes.buffer);

/** The key for the rest of a payload of which `done` bytes were unmasked. */
export function rotateMask(mask: number, done: number): number {
  const bits = (done & 3) << 3;
  return bits === 0 ? mask : (mask << bits) | (mask >>> (32 - bits));
}

/**
 * Unmasks `bytes[start, end)` in place. Bit 7 of the result is set when any of the bytes has it set, which is when text is
 * not plain ASCII.
 */
export function unmask(bytes: Uint8Array, start: number, end: number, mask: number): number {
  return end - start < WORDWISE_FROM ? unmaskBytes(bytes, start, end, mask) : unmaskWords(bytes, start, end, mask);
}

function unmaskBytes(bytes: Uint8Array, start: number, end: number, mask: number): number {
  const first = mask >>> 24;
  const second = (mask >>> 16) & 0xff;
  const third = (mask >>> 8) & 0xff;
  const fourth = mask & 0xff;
  let seen = 0;
  let at = start;
  for (; at + 3 < end; at += 4) {
    seen |= bytes[at]! ^= first;
    seen |= bytes[at + 1]! ^= second;
    seen |= bytes[at + 2]! ^= third;
    seen |= bytes[at + 3]! ^= fourth;
  }
  if (at < end) seen |= bytes[at]! ^= first;
  if (at + 1 < end) seen |= bytes[at + 1]! ^= second;
  if (at + 2 < end) seen |= bytes[at + 2]! ^= third;
  return seen;
}

function unmaskWords(bytes: Uint8Array, start: number, end: number, mask: number): number {
  const lead = (4 - ((bytes.byteOffset + start) & 3)) & 3;
  const from = start + lead;
  const count = (end - from) >>> 2;
  const to = from + count * 4;
  const aligned = rotateMask(mask, lead);
  keyBytes[0] = aligned >>> 24;
  keyBytes[1] = aligned >>> 16;
  keyBytes[2] = aligned >>> 8;
  keyBytes[3] = aligned;
  const key = keyWord[0]!;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + from, count);
  let seen = 0;
  for (let i = 0; i < count; i++) seen |= words[i]! ^= key;
  const edges = unmaskBytes(bytes, start, from, mask) | unmaskBytes(bytes, to, end, aligned);
  return edges | ((seen & 0x8080_8080) === 0 ? 0 : 0x80);
}
