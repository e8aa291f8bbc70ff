import type { Extension } from "./scan.js";

/**
 * The official codec has one extension type, 0: `undefined` is the one byte form, a `Date` the eight byte form (signed
 * milliseconds), an `ArrayBuffer` any of the long forms. msgpackr writes and reads dates as the timestamps of the
 * MessagePack specification, type -1, and would read each of the other three as `undefined`. So extensions are exchanged in
 * the encoded bytes, in both directions; packets without any are not copied.
 */
const OFFICIAL = 0;
const TIMESTAMP = -1;
const MILLION = 1_000_000;

/** @returns the bytes to put in place of an extension, or `undefined` to leave it */
type Exchange = (extension: Extension, bytes: Uint8Array) => Uint8Array | undefined;

function exchange(bytes: Uint8Array, extensions: readonly Extension[], replacement: Exchange): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const extension of extensions) {
    const instead = replacement(extension, bytes);
    if (instead !== undefined) {
      parts.push(bytes.subarray(from, extension.start), instead);
      from = extension.end;
    }
  }
  return from === 0 ? bytes : concatenate([...parts, bytes.subarray(from)]);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What a peer wrote, in a form that msgpackr reads. An extension that nobody knows becomes `[type, bytes]`, as on the official side. */
export function importExtensions(bytes: Uint8Array, extensions: readonly Extension[]): Uint8Array {
  return exchange(bytes, extensions, readable);
}

function readable({ type, fixed, content, end }: Extension, bytes: Uint8Array): Uint8Array | undefined {
  const length = end - content;
  if (type === OFFICIAL) {
    if (!fixed) {
      return binary(bytes.subarray(content, end));
    }
    if (length === 1) {
      return undefined;
    }
    if (length === 8) {
      return timestamp(viewOf(bytes).getBigInt64(content));
    }
  }
  if (type === TIMESTAMP && (length === 4 || length === 8 || length === 12)) {
    return undefined;
  }
  return concatenate([Uint8Array.of(0x92, 0xd0, type), binary(bytes.subarray(content, end))]);
}

/** What msgpackr wrote, in the form that the official side reads: timestamps become milliseconds. */
export function exportDates(bytes: Uint8Array, extensions: readonly Extension[]): Uint8Array {
  return exchange(bytes, extensions, (extension) => {
    if (extension.type !== TIMESTAMP) {
      return undefined;
    }
    const date = new Uint8Array(10);
    date[0] = 0xd7;
    viewOf(date).setBigInt64(2, readTimestamp(viewOf(bytes), extension));
    return date;
  });
}

function readTimestamp(view: DataView, { content, end }: Extension): bigint {
  switch (end - content) {
    case 4:
      return BigInt(view.getUint32(content)) * 1000n;
    case 8: {
      // 30 bits of nanoseconds, 34 bits of seconds.
      const word = view.getBigUint64(content);
      return (word & 0x3ffffffffn) * 1000n + (word >> 34n) / 1_000_000n;
    }
    default:
      return view.getBigInt64(content + 4) * 1000n + BigInt(Math.trunc(view.getUint32(content) / MILLION));
  }
}

/** The 96 bit form, which has room for dates before 1970. */
function timestamp(milliseconds: bigint): Uint8Array {
  const bytes = new Uint8Array(15);
  bytes.set([0xc7, 12, TIMESTAMP]);
  const within = BigInt.asUintN(64, ((milliseconds % 1000n) + 1000n) % 1000n);
  viewOf(bytes).setUint32(3, Number(within) * MILLION);
  viewOf(bytes).setBigInt64(7, (milliseconds - within) / 1000n);
  return bytes;
}

/** A bin 32, whatever the length. */
function binary(content: Uint8Array): Uint8Array {
  const head = new Uint8Array(5);
  head[0] = 0xc6;
  viewOf(head).setUint32(1, content.length);
  return concatenate([head, content]);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
