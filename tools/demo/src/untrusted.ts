import type { Limits } from "./events.js";

/** Everything a page sends is a stranger's: here it becomes a value of the right shape, or `undefined`. */

export const limits: Limits = { text: 2_000, name: 24, picture: 1_000_000, burst: 2_000 };

const ROOM_LENGTH = 24;
const ID = /^[\w-]{8,40}$/;

export function textOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > limits.text) return undefined;
  return value.trim() === "" ? undefined : value;
}

/** One line without control characters. */
export function lineOf(value: unknown, length: number): string | undefined {
  if (typeof value !== "string") return undefined;
  const line = value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line === "" || line.length > length ? undefined : line;
}

export const nameOf = (value: unknown) => lineOf(value, limits.name);
export const roomOf = (value: unknown) => lineOf(value, ROOM_LENGTH);

export function idOf(value: unknown): string | undefined {
  return typeof value === "string" && ID.test(value) ? value : undefined;
}

export function countOf(value: unknown, most: number): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= most ? value : undefined;
}

/** A picture and its type, told by its first bytes and not by what the sender says it is. */
export function pictureOf(value: unknown): { type: string; data: Buffer } | undefined {
  if (!Buffer.isBuffer(value) || value.length > limits.picture) return undefined;
  const type = SIGNATURES.find(({ starts }) => starts(value))?.type;
  return type === undefined ? undefined : { type, data: value };
}

const ascii = (data: Buffer, from: number, to: number) => data.toString("latin1", from, to);

const SIGNATURES: readonly { type: string; starts: (data: Buffer) => boolean }[] = [
  { type: "image/png", starts: (data) => ascii(data, 0, 8) === "\x89PNG\r\n\x1a\n" },
  { type: "image/jpeg", starts: (data) => ascii(data, 0, 3) === "\xff\xd8\xff" },
  { type: "image/gif", starts: (data) => /^GIF8[79]a$/.test(ascii(data, 0, 6)) },
  { type: "image/webp", starts: (data) => ascii(data, 0, 4) === "RIFF" && ascii(data, 8, 12) === "WEBP" },
];
