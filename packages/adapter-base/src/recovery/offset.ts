/**
 * Offsets of the log in memory, as peers see them: the log's tag, then `L` or `L~n` in base 36. A peer that reports
 * - `L` has received every shared entry up to `L`, and the private events sent before entry `L`;
 * - `L~n` has received every shared entry up to `L`, and the private events up to number `n`.
 */
export interface Offset {
  readonly shared: number;
  readonly private?: number;
}

const TAG_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Ten digits of base 36 stay below 2^53. */
const OFFSET = /^([0-9a-z]{1,10})(?:~([0-9a-z]{1,10}))?$/;

/** `~` and six random URL-safe characters. */
export function createTag(): string {
  let tag = "~";
  for (const byte of crypto.getRandomValues(new Uint8Array(6))) tag += TAG_ALPHABET[byte & 63];
  return tag;
}

export function formatOffset(tag: string, shared: number, privateNumber = 0): string {
  const position = tag + shared.toString(36);
  return privateNumber === 0 ? position : `${position}~${privateNumber.toString(36)}`;
}

/** `undefined` when it is not one of this log's: peers may report anything. */
export function parseOffset(tag: string, reported: string): Offset | undefined {
  if (!reported.startsWith(tag)) return undefined;
  const parts = OFFSET.exec(reported.slice(tag.length));
  if (parts === null) return undefined;
  const shared = Number.parseInt(parts[1]!, 36);
  return parts[2] === undefined ? { shared } : { shared, private: Number.parseInt(parts[2], 36) };
}
