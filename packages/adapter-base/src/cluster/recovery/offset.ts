import type { LogPosition } from "./contract.js";

/**
 * Offsets of a cluster's log, as peers see them: the tag of the namespace, then `epoch.L` or `epoch.L~n`, with `L` and `n` in base
 * 36. What they say is said in `recovery/contract.ts`.
 */
export interface ClusterOffset {
  readonly epoch: string;
  readonly shared: number;
  readonly private?: number;
}

const TAG_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Ten digits of base 36 stay below 2^53. */
const OFFSET = /^([0-9a-z]{1,12})\.([0-9a-z]{1,10})(?:~([0-9a-z]{1,10}))?$/;

/**
 * `~` and six characters that follow from the name of the namespace: a session may be resumed on any node, and its client knows
 * offsets by the tag it was greeted with.
 */
export function tagOf(namespace: string): string {
  let tag = "~";
  let state = hash(namespace, 0x811c9dc5);
  for (let i = 0; i < 6; i++) {
    state = hash(tag, state);
    tag += TAG_ALPHABET[state & 63];
  }
  return tag;
}

export function formatOffset(tag: string, { epoch, number }: LogPosition, privateNumber = 0): string {
  const position = `${tag}${epoch}.${number.toString(36)}`;
  return privateNumber === 0 ? position : `${position}~${privateNumber.toString(36)}`;
}

/** `undefined` when it is not one of this namespace's: peers may report anything. */
export function parseOffset(tag: string, reported: string): ClusterOffset | undefined {
  if (!reported.startsWith(tag)) return undefined;
  const parts = OFFSET.exec(reported.slice(tag.length));
  if (parts === null) return undefined;
  const [, epoch, shared, number] = parts;
  const offset = { epoch: epoch!, shared: Number.parseInt(shared!, 36) };
  return number === undefined ? offset : { ...offset, private: Number.parseInt(number, 36) };
}

/** FNV-1a over the UTF-16 units, and a last mix so that its low bits depend on all of them. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value ^= value >>> 16;
  return Math.imul(value, 0x45d9f3b) >>> 0;
}
