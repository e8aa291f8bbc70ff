import { ClusterViolation } from "./errors.js";

/**
 * Values of the application inside an envelope: JSON, with bytes lifted out into attachments. In place of the n-th attachment
 * stands the string NUL, `b`, n. An application's own string that begins with NUL gets one more NUL, so nothing it says can be
 * taken for an attachment.
 */
const { Buffer: NodeBuffer } = globalThis as { Buffer?: typeof Buffer };
const NUL = "\u0000";
const ATTACHMENT = `${NUL}b`;

/** How deep a value is looked into before it takes the way that suits every value. */
const DEPTH = 16;
/** NUL as JSON writes it. */
const ESCAPED_NUL = "\\u0000";

export function stringifyLifting(value: unknown, attachments: Uint8Array[]): string {
  if (holdsNoBytes(value, DEPTH)) {
    const text = JSON.stringify(value);
    if (!text.includes(ESCAPED_NUL)) return text;
  }
  return JSON.stringify(value, function lift(this: Record<string, unknown>, key, converted: unknown) {
    // Not `converted`: a Buffer has been turned into numbers by its `toJSON` there.
    const bytes = asBytes(this[key]);
    if (bytes !== undefined) return ATTACHMENT + (attachments.push(bytes) - 1);
    return typeof converted === "string" && converted.startsWith(NUL) ? NUL + converted : converted;
  });
}

/** @throws SyntaxError when it is not JSON, ClusterViolation when an attachment is not there */
export function parseLowering(text: string, attachments: readonly Uint8Array[]): unknown {
  if (!text.includes(ESCAPED_NUL)) return JSON.parse(text);
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "string" || !value.startsWith(NUL)) return value;
    if (value.startsWith(NUL + NUL)) return value.slice(1);
    const attachment = value.startsWith(ATTACHMENT) ? attachments[Number(value.slice(2))] : undefined;
    if (attachment === undefined) throw new ClusterViolation("an attachment is missing");
    return asApplicationsExpect(attachment);
  });
}

/** A Buffer where there is such a thing, over the same bytes. */
function asApplicationsExpect(bytes: Uint8Array): Uint8Array {
  return NodeBuffer ? NodeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
}

/** Nearly always there are none, and plain JSON says it all: then no value is looked at a second time. */
function holdsNoBytes(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0 || asBytes(value) !== undefined) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!holdsNoBytes(value[i], depth - 1)) return false;
    return true;
  }
  if ("toJSON" in value) return value instanceof Date;
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    // Most are texts and numbers, which need no call.
    if (typeof member === "object" && !holdsNoBytes(member, depth - 1)) return false;
  }
  return true;
}

function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}
