import type { LogPosition } from "@sockeye/adapter-base";
import type { Arrival, Wanted } from "../line/inbox.js";
import type { Item, Notification } from "./notification.js";

/** What an arrival needs of its reader. */
export interface ArrivalPort {
  /** One item on a channel (its name in PostgreSQL), in order; `undefined`: it was dropped by its sender, or is gone. */
  deliver(channel: string, xid: number, n: number, bytes: Uint8Array | undefined, position?: LogPosition): void;
  /** Everything was delivered that was told before a notification whose floor this is. */
  finished(xmin: number): void;
}

const NOTHING: readonly Wanted[] = [];

/** A notification on its way to the receiver. */
export class NotificationArrival implements Arrival {
  readonly wanted: readonly Wanted[];

  constructor(
    private readonly port: ArrivalPort,
    private readonly channel: string,
    private readonly notification: Notification,
    readonly bytes: number,
  ) {
    this.wanted = wantedBy(channel, notification);
  }

  deliver(found: ReadonlyMap<string, Uint8Array | undefined>): void {
    const { xid, xmin, first, items, place } = this.notification;
    for (let i = 0; i < items.length; i++) {
      const position = place && { epoch: place.epoch, number: place.number + i };
      this.port.deliver(this.channel, xid, first + i, this.#bytesOf(items[i]!, i, found), position);
    }
    this.port.finished(xmin);
  }

  #bytesOf(item: Item, i: number, found: ReadonlyMap<string, Uint8Array | undefined>): Uint8Array | undefined {
    if (item.kind === "gap") return undefined;
    if (item.kind === "inline") return Buffer.from(item.base64, "base64");
    return found.get(keyOfItem(this.channel, this.notification, i));
  }
}

function wantedBy(channel: string, notification: Notification): readonly Wanted[] {
  const { items } = notification;
  if (items.every(({ kind }) => kind !== "reference")) return NOTHING;
  return items.flatMap((item, i) =>
    item.kind === "reference" ? { key: keyOfItem(channel, notification, i), size: item.size } : [],
  );
}

function keyOfItem(channel: string, { xid, first, place }: Notification, i: number): string {
  return place === undefined ? keyOf(xid, first + i) : entryKeyOf(channel, place.number + i);
}

/** Of a message. */
export function keyOf(xid: number | string, n: number | string): string {
  return `${xid}.${n}`;
}

/** Of an entry of the recovery log that is published on this channel. */
export function entryKeyOf(channel: string, number: number | string): string {
  return `@${number}@${channel}`;
}

/** The number and channel of an entry; `undefined`: it is a message. */
export function entryOf(key: string): { readonly number: string; readonly channel: string } | undefined {
  const match = /^@(\d+)@(.*)$/s.exec(key);
  return match === null ? undefined : { number: match[1]!, channel: match[2]! };
}
