import type { LogPosition } from "@sockeye/adapter-base";

/**
 * What goes over the bus as one message:
 *
 *     "E" then envelopes, each as its length (4 bytes, big endian) and its bytes
 *     "L" epoch "." number "\n" then one envelope: an entry of the recovery log, put together by a script in Redis
 *     "P" then text that only its sender understands: a probe
 *
 * What was published in one turn on one channel travels together.
 */
export type Frame =
  | { readonly kind: "envelopes"; readonly envelopes: readonly Uint8Array[] }
  | { readonly kind: "logged"; readonly position: LogPosition; readonly envelope: Uint8Array }
  | { readonly kind: "probe"; readonly text: string };

const ENVELOPES = 0x45;
const LOGGED = 0x4c;
const PROBE = 0x50;
const NEW_LINE = 0x0a;
const LENGTH = 4;
/** A position is shorter: 12 characters, a dot and 16 digits. */
const MAX_POSITION = 32;
const POSITION = /^([0-9a-z]{1,12})\.([1-9][0-9]{0,15})$/;

export function encodeEnvelopes(envelopes: readonly Uint8Array[]): Buffer {
  let size = 1;
  for (const envelope of envelopes) size += LENGTH + envelope.byteLength;
  const frame = Buffer.allocUnsafe(size);
  frame[0] = ENVELOPES;
  let at = 1;
  for (const envelope of envelopes) {
    const { byteLength } = envelope;
    frame[at] = byteLength >>> 24;
    frame[at + 1] = byteLength >>> 16;
    frame[at + 2] = byteLength >>> 8;
    frame[at + 3] = byteLength;
    frame.set(envelope, at + LENGTH);
    at += LENGTH + byteLength;
  }
  return frame;
}

export function encodeProbe(text: string): string {
  return `P${text}`;
}

/** `undefined`: it is none. */
export function decodeFrame(message: Buffer): Frame | undefined {
  switch (message[0]) {
    case ENVELOPES:
      return decodeEnvelopes(message);
    case LOGGED:
      return decodeLogged(message);
    case PROBE:
      return { kind: "probe", text: message.toString("latin1", 1) };
    default:
      return undefined;
  }
}

function decodeEnvelopes(message: Buffer): Frame | undefined {
  const envelopes: Uint8Array[] = [];
  let at = 1;
  while (at + LENGTH <= message.byteLength) {
    const length = message[at]! * 2 ** 24 + (message[at + 1]! << 16) + (message[at + 2]! << 8) + message[at + 3]!;
    const end = at + LENGTH + length;
    if (end > message.byteLength) return undefined;
    envelopes.push(view(message, at + LENGTH, end));
    at = end;
  }
  return at === message.byteLength ? { kind: "envelopes", envelopes } : undefined;
}

function decodeLogged(message: Buffer): Frame | undefined {
  const end = message.subarray(0, MAX_POSITION).indexOf(NEW_LINE);
  const parts = end === -1 ? null : POSITION.exec(message.toString("latin1", 1, end));
  if (parts === null) return undefined;
  const position = { epoch: parts[1]!, number: Number(parts[2]) };
  return { kind: "logged", position, envelope: view(message, end + 1, message.byteLength) };
}

/** Plain bytes: a `Buffer` behaves differently in places. */
function view(message: Buffer, from: number, to: number): Uint8Array {
  return new Uint8Array(message.buffer, message.byteOffset + from, to - from);
}
