import { describe, expect, it } from "vitest";
import { Inbox, keyOf, type Wanted } from "../src/inbox.js";
import type { Item, Notification } from "../src/notification.js";

const inline = (byte: number): Item => ({ kind: "inline", base64: Buffer.from([byte]).toString("base64") });
const reference = (size = 9_000): Item => ({ kind: "reference", size });
const note = (xid: number, ...items: Item[]): Notification => ({ sender: "a", xid, xmin: xid, first: 1, items });

/** An inbox whose table answers when the test says so. */
function open(maxBytes = 1_000) {
  const delivered: string[] = [];
  const floors: number[] = [];
  const failures: Error[] = [];
  const fetches: { wanted: readonly Wanted[]; answer(bytes?: number): Promise<void>; fail(): Promise<void> }[] = [];
  const port = {
    fetch: (wanted: readonly Wanted[]) =>
      new Promise<ReadonlyMap<string, Uint8Array>>((resolve, reject) => {
        fetches.push({
          wanted,
          async answer(byte) {
            const found =
              byte === undefined ? [] : wanted.map(({ xid, n }) => [keyOf(xid, n), Uint8Array.of(byte)] as const);
            resolve(new Map(found));
            await new Promise(setImmediate);
          },
          async fail() {
            reject(new Error("away"));
            await new Promise(setImmediate);
          },
        });
      }),
    deliver: (channel: string, xid: number, n: number, bytes: Uint8Array | undefined) => {
      delivered.push(`${channel}${xid}.${n}=${bytes?.[0]}`);
    },
    finished: (xmin: number) => floors.push(xmin),
    failed: (error: Error) => failures.push(error),
  };
  return { inbox: new Inbox(port, maxBytes), delivered, floors, failures, fetches };
}

describe("an inbox", () => {
  it("holds what comes until it is released", () => {
    const { inbox, delivered, floors } = open();
    inbox.receive("c", note(1, inline(1), inline(2)), 10);
    expect(delivered).toEqual([]);
    inbox.release();
    inbox.receive("c", note(2, inline(3)), 10);
    expect(delivered).toEqual(["c1.1=1", "c1.2=2", "c2.1=3"]);
    expect([floors, inbox.length]).toEqual([[1, 2], 0]);
  });

  it("keeps the order when something has to be fetched", async () => {
    const { inbox, delivered, fetches } = open();
    inbox.release();
    inbox.receive("c", note(1, reference()), 10);
    inbox.receive("d", note(2, inline(2)), 10);
    inbox.receive("c", note(3, reference(), inline(4)), 10);
    expect(delivered).toEqual([]);
    await fetches[0]!.answer(1);
    expect(delivered).toEqual(["c1.1=1", "d2.1=2"]);
    await fetches[1]!.answer(3);
    expect(delivered.slice(2)).toEqual(["c3.1=3", "c3.2=4"]);
  });

  it("fetches at once what fits", async () => {
    const { inbox, fetches } = open();
    for (let xid = 1; xid <= 3; xid++) inbox.receive("c", note(xid, reference(3_000_000)), 10);
    inbox.release();
    expect(fetches[0]!.wanted).toEqual([
      { xid: 1, n: 1 },
      { xid: 2, n: 1 },
    ]);
    await fetches[0]!.answer(1);
    expect(fetches[1]!.wanted).toEqual([{ xid: 3, n: 1 }]);
  });

  it("tells of what is gone, and of what was dropped", async () => {
    const { inbox, delivered, fetches } = open();
    inbox.release();
    inbox.receive("c", note(1, reference(), { kind: "gap" }), 10);
    await fetches[0]!.answer();
    expect(delivered).toEqual(["c1.1=undefined", "c1.2=undefined"]);
  });

  it("fails when it cannot fetch, and when too much waits", async () => {
    const { inbox, failures, fetches } = open(100);
    inbox.release();
    inbox.receive("c", note(1, reference()), 60);
    inbox.receive("c", note(2, inline(1)), 60);
    expect(failures).toHaveLength(1);
    await fetches[0]!.fail();
    expect(failures).toHaveLength(2);
  });

  it("forgets what it held, and what is fetched too late", async () => {
    const { inbox, delivered, failures, fetches } = open();
    inbox.release();
    inbox.receive("c", note(1, reference()), 10);
    inbox.receive("c", note(2, reference()), 10);
    inbox.hold();
    inbox.receive("c", note(3, inline(3)), 10);
    await fetches[0]!.answer(1);
    inbox.release();
    expect(delivered).toEqual(["c3.1=3"]);
    inbox.receive("c", note(4, reference()), 10);
    inbox.hold();
    await fetches[1]!.fail();
    expect(failures).toEqual([]);
  });
});
