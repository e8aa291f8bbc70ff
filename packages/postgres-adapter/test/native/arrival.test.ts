import { describe, expect, it } from "vitest";
import { keyOf, NotificationArrival } from "../../src/native/arrival.js";
import type { Item } from "../../src/native/notification.js";

describe("a notification that has arrived", () => {
  const delivered: string[] = [];
  const port = {
    deliver: (channel: string, xid: number, n: number, bytes: Uint8Array | undefined) => {
      delivered.push(`${channel} ${xid}.${n}=${bytes && [...bytes]}`);
    },
    finished: (xmin: number) => delivered.push(`finished ${xmin}`),
  };
  const items: Item[] = [
    { kind: "inline", base64: "AQI=" },
    { kind: "reference", size: 9_000 },
    { kind: "gap" },
    { kind: "reference", size: 8_000 },
  ];

  it("wants what is in the table, and delivers all in order, then its floor", () => {
    const arrival = new NotificationArrival(port, "c", { sender: "a", xid: 7, xmin: 5, first: 3, items }, 100);
    expect(arrival.wanted).toEqual([
      { key: "7.4", size: 9_000 },
      { key: "7.6", size: 8_000 },
    ]);
    arrival.deliver(new Map([[keyOf(7, 4), Uint8Array.of(9)]]));
    expect(delivered).toEqual(["c 7.3=1,2", "c 7.4=9", "c 7.5=undefined", "c 7.6=undefined", "finished 5"]);
  });

  it("wants nothing when all is there", () => {
    const arrival = new NotificationArrival(port, "c", { sender: "a", xid: 7, xmin: 5, first: 1, items: [] }, 100);
    expect(arrival.wanted).toEqual([]);
  });
});
