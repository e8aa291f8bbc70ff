import { describe, expect, it } from "vitest";
import { type Arrival, Inbox } from "../../src/line/inbox.js";

/** An inbox whose table answers when the test says so. */
function open(maxBytes = 1_000) {
  const delivered: string[] = [];
  const failures: Error[] = [];
  const fetches: { keys: readonly string[]; answer(byte?: number): Promise<void>; fail(): Promise<void> }[] = [];
  const port = {
    fetch: (keys: readonly string[]) =>
      new Promise<ReadonlyMap<string, Uint8Array>>((resolve, reject) => {
        fetches.push({
          keys,
          async answer(byte) {
            resolve(new Map(byte === undefined ? [] : keys.map((key) => [key, Uint8Array.of(byte)])));
            await new Promise(setImmediate);
          },
          async fail() {
            reject(new Error("away"));
            await new Promise(setImmediate);
          },
        });
      }),
    failed: (error: Error) => failures.push(error),
  };
  const inbox = new Inbox(port, maxBytes);
  /** Something that is all there, or that wants rows. */
  const arrive = (name: string, keys: readonly string[] = [], { bytes = 10, size = 9_000 } = {}) => {
    const arrival: Arrival = {
      bytes,
      wanted: keys.map((key) => ({ key, size })),
      deliver: (found) => delivered.push([name, ...keys.map((key) => found.get(key)?.[0])].join(" ")),
    };
    inbox.receive(arrival);
  };
  return { inbox, arrive, delivered, failures, fetches };
}

describe("an inbox", () => {
  it("holds what comes until it is released", () => {
    const { inbox, arrive, delivered } = open();
    arrive("a");
    expect(delivered).toEqual([]);
    inbox.release();
    arrive("b");
    expect([delivered, inbox.length]).toEqual([["a", "b"], 0]);
  });

  it("keeps the order when something has to be fetched", async () => {
    const { inbox, arrive, delivered, fetches } = open();
    inbox.release();
    arrive("a", ["1"]);
    arrive("b");
    arrive("c", ["3", "4"]);
    expect(delivered).toEqual([]);
    await fetches[0]!.answer(7);
    expect(delivered).toEqual(["a 7", "b"]);
    expect(fetches[1]!.keys).toEqual(["3", "4"]);
    await fetches[1]!.answer(8);
    expect(delivered.slice(2)).toEqual(["c 8 8"]);
    expect(inbox.length).toBe(0);
  });

  it("fetches at once what fits", async () => {
    const { inbox, arrive, fetches } = open();
    for (const key of ["1", "2", "3"]) arrive(key, [key], { size: 3_000_000 });
    inbox.release();
    expect(fetches[0]!.keys).toEqual(["1", "2"]);
    await fetches[0]!.answer(1);
    expect(fetches[1]!.keys).toEqual(["3"]);
  });

  it("delivers what is gone as nothing", async () => {
    const { inbox, arrive, delivered, fetches } = open();
    inbox.release();
    arrive("a", ["1"]);
    await fetches[0]!.answer();
    expect(delivered).toEqual(["a "]);
  });

  it("fails when it cannot fetch, and when too much waits", async () => {
    const { inbox, arrive, failures, fetches } = open(100);
    inbox.release();
    arrive("a", ["1"], { bytes: 60 });
    arrive("b", [], { bytes: 60 });
    expect(failures).toMatchObject([{ code: "ERR_SOCKEYE_POSTGRES_CONNECTION" }]);
    await fetches[0]!.fail();
    expect(failures).toHaveLength(2);
  });

  it("forgets what it held, and what is fetched too late", async () => {
    const { inbox, arrive, delivered, failures, fetches } = open();
    inbox.release();
    arrive("a", ["1"]);
    arrive("b", ["2"]);
    inbox.hold();
    arrive("c");
    await fetches[0]!.answer(1);
    inbox.release();
    expect(delivered).toEqual(["c"]);
    arrive("d", ["4"]);
    inbox.hold();
    await fetches[1]!.fail();
    expect(failures).toEqual([]);
  });

  it("may be held by what it delivers", () => {
    const { inbox, arrive, delivered } = open();
    inbox.receive({ bytes: 10, wanted: [], deliver: () => inbox.hold() });
    arrive("a");
    inbox.release();
    inbox.release();
    expect([delivered, inbox.length]).toEqual([[], 0]);
  });
});
