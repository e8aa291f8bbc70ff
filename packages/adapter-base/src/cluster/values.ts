import { ClusterViolation } from "./errors.js";

/**
 * Values of the application inside an envelope: JSON, with bytes lifted out into attachments. In place of the n-th attachment
 * stands the string NUL, `b`, n. An application's own string that begins with NUL gets one more NUL, so nothing it says can be
 * taken for an attachment.
 */
const NUL = "\u0000";
const ATTACHMENT = `${NUL}b`;

export function stringifyLifting(value: unknown, attachments: Uint8Array[]): string {
  return JSON.stringify(value, function lift(this: Record<string, unknown>, key, converted: unknown) {
    // Not `converted`: a Buffer has been turned into numbers by its `toJSON` there.
    const bytes = asBytes(this[key]);
    if (bytes !== undefined) return ATTACHMENT + (attachments.push(bytes) - 1);
    return typeof converted === "string" && converted.startsWith(NUL) ? NUL + converted : converted;
  });
}

/** @throws SyntaxError when it is not JSON, ClusterViolation when an attachment is not there */
export function parseLowering(text: string, attachments: readonly Uint8Array[]): unknown {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== "string" || !value.startsWith(NUL)) return value;
    if (value.startsWith(NUL + NUL)) return value.slice(1);
    const attachment = value.startsWith(ATTACHMENT) ? attachments[Number(value.slice(2))] : undefined;
    if (attachment === undefined) throw new ClusterViolation("an attachment is missing");
    return attachment;
  });
}

function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}
