import type { Arrival, Wanted } from "../line/inbox.js";
import type { Notification } from "./notification.js";

/** What an arrival needs of its reader. */
export interface ArrivalPort {
  /** One item on a channel (its name in PostgreSQL), in order; `undefined`: it was dropped by its sender, or is gone. */
  deliver(channel: string, xid: number, n: number, bytes: Uint8Array | undefined): void;
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
    this.wanted = wantedBy(notification);
  }

  deliver(found: ReadonlyMap<string, Uint8Array | undefined>): void {
    const { xid, xmin, first, items } = this.notification;
    for (const [i, item] of items.entries()) {
      const n = first + i;
      if (item.kind === "gap") this.port.deliver(this.channel, xid, n, undefined);
      else if (item.kind === "inline") this.port.deliver(this.channel, xid, n, Buffer.from(item.base64, "base64"));
      else this.port.deliver(this.channel, xid, n, found.get(keyOf(xid, n)));
    }
    this.port.finished(xmin);
  }
}

function wantedBy({ xid, first, items }: Notification): readonly Wanted[] {
  if (items.every(({ kind }) => kind !== "reference")) return NOTHING;
  return items.flatMap((item, i) => (item.kind === "reference" ? { key: keyOf(xid, first + i), size: item.size } : []));
}

export function keyOf(xid: number | string, n: number | string): string {
  return `${xid}.${n}`;
}
