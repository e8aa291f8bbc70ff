import type { LogPosition } from "@sockeye/adapter-base";
import { PostgresViolation } from "../errors.js";

/**
 * What nodes tell each other through `NOTIFY`, as text without anything that the database's encoding could change:
 *
 *     1;<sender>;<xid>;<xmin>;<base>;<offset>;<place>;<item>,<item>,...
 *
 * `xid` is the transaction that told it. Transactions before `xmin` were over when it did, so everything they had to tell was told
 * before this. The items are messages on one channel, numbered `base + offset`, `base + offset + 1`, ... within the transaction;
 * their rows are `(xid, number)`. `place` is empty, or `<epoch>.<number>` where messages are entries of their namespace's recovery log, from
 * this number on; then their rows are those of the log. An item is the message in base64, `=` for one without bytes, `@` and its size when it has to be
 * fetched from its row, or `!` for something that its sender had to drop.
 */
export interface Notification {
  readonly sender: string;
  readonly xid: number;
  readonly xmin: number;
  /** Number of the first item. */
  readonly first: number;
  /** Where the first item stands in the recovery log. */
  readonly place?: LogPosition | undefined;
  readonly items: readonly Item[];
}

export type Item =
  | { readonly kind: "inline"; readonly base64: string }
  | { readonly kind: "reference"; readonly size: number }
  | { readonly kind: "gap" };

export const VERSION = "1";

/** Longest that a transaction's number gets; the header is bounded by it. */
const DIGITS = 19;

/** Bytes of `1;<sender>;<xid>;<xmin>;<base>;<offset>;<place>;` at most. */
export const HEADER_BYTES = VERSION.length + 16 + 2 * DIGITS + 2 * 10 + (12 + 1 + 16) + 7;

const HEADER = /^1;([0-9a-z-]{1,16});(\d{1,19});(\d{1,19});(\d{1,10});(\d{1,10});(?:([0-9a-z]{1,12})\.(\d{1,16}))?;/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const REFERENCE = /^@(\d{1,10})$/;

export const GAP_ITEM = "!";

/** A message without bytes. */
const EMPTY_ITEM = "=";

export function inlineItem(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return EMPTY_ITEM;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

export function referenceItem(bytes: Uint8Array): string {
  return `@${bytes.byteLength}`;
}

/** How long {@link inlineItem} will be, without making it. */
export function inlineItemLength(bytes: Uint8Array): number {
  return Math.max(EMPTY_ITEM.length, 4 * Math.ceil(bytes.byteLength / 3));
}

/** `undefined`: of a later version, which is none of our business. Items are read only if somebody `wants` them. */
export function parseNotification(
  payload: string,
  wants: (sender: string) => boolean,
): Notification | PostgresViolation | undefined {
  const header = HEADER.exec(payload);
  if (header === null) return isOfLaterVersion(payload) ? undefined : malformed();
  const [head, sender = "", xid, xmin, base, offset, epoch, number] = header;
  const items = wants(sender) ? parseItems(payload.slice(head.length)) : [];
  if (items === undefined || Number(xmin) > Number(xid)) return malformed();
  const place = epoch === undefined ? undefined : { epoch, number: Number(number) };
  return { sender, xid: Number(xid), xmin: Number(xmin), first: Number(base) + Number(offset), place, items };
}

function isOfLaterVersion(payload: string): boolean {
  return /^\d{1,4};/.test(payload) && !payload.startsWith(`${VERSION};`);
}

function parseItems(text: string): Item[] | undefined {
  const items: Item[] = [];
  for (const part of text === "" ? [] : text.split(",")) {
    const item = parseItem(part);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function parseItem(text: string): Item | undefined {
  if (text === GAP_ITEM) return { kind: "gap" };
  if (text === EMPTY_ITEM) return { kind: "inline", base64: "" };
  const reference = REFERENCE.exec(text);
  if (reference !== null) return { kind: "reference", size: Number(reference[1]) };
  return BASE64.test(text) && text.length % 4 === 0 ? { kind: "inline", base64: text } : undefined;
}

function malformed(): PostgresViolation {
  return new PostgresViolation("a notification on a channel of this cluster does not come from one of its nodes");
}
