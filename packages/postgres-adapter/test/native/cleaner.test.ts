import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Cleaner } from "../../src/native/cleaner.js";
import { FakeDatabase, withCode } from "../support.js";

describe("a cleaner", () => {
  let database: FakeDatabase;
  let cleaner: Cleaner;
  let xid: number;
  let reports: Error[];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    database = new FakeDatabase();
    database.rows = [{ ok: true, removed: 0 }];
    xid = 100;
    reports = [];
    cleaner = new Cleaner(
      database,
      { name: "clean", text: "" },
      { replayWindow: 3_000, cleanupInterval: 1_000 },
      { floor: () => ({ life: 1, xid }), report: (error) => reports.push(error) },
    );
  });

  afterEach(() => {
    cleaner.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  const removedBefore = () => database.asked.map(({ values }) => values[1]);

  it("asks for nothing while nothing is said", async () => {
    await vi.advanceTimersByTimeAsync(60_000);
    expect([database.asked, cleaner.isIdle]).toEqual([[], true]);
  });

  it("removes what is older than the window, and then rests", async () => {
    cleaner.sawRows(xid);
    for (let i = 0; i < 20; i++) {
      await vi.advanceTimersByTimeAsync(1_000);
      xid++;
    }
    // The first mark is taken after one interval, when 100 is still the latest, and is old enough three seconds later.
    expect(removedBefore()).toEqual([100, 101]);
    expect(cleaner.isIdle).toBe(true);
  });

  it("goes on while there is something said", async () => {
    for (let i = 0; i < 10; i++) {
      cleaner.sawRows(xid);
      await vi.advanceTimersByTimeAsync(1_000);
      xid++;
    }
    expect(removedBefore()).toEqual([100, 101, 102, 103, 104, 105, 106]);
    expect(cleaner.isIdle).toBe(false);
  });

  it("removes much in parts", async () => {
    cleaner.sawRows(99);
    const query = vi.spyOn(database, "query");
    query.mockResolvedValueOnce([{ ok: true, removed: 5_000 }]).mockResolvedValueOnce([{ ok: true, removed: 7 }]);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(query).toHaveBeenCalledTimes(2);
  });

  it("reports when it cannot, and tries again", async () => {
    database.refusal = withCode("42501");
    cleaner.sawRows(99);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(reports).toMatchObject([{ code: "ERR_SOCKEYE_POSTGRES_CLEANUP" }]);
    expect(cleaner.isIdle).toBe(false);
    database.refusal = undefined;
    await vi.advanceTimersByTimeAsync(1_000);
    expect([database.asked.length, cleaner.isIdle]).toEqual([2, true]);
  });

  it("leaves it to others to tell of an outage", async () => {
    database.refusal = withCode("ECONNREFUSED");
    cleaner.sawRows(99);
    await vi.advanceTimersByTimeAsync(4_000);
    expect([database.asked.length, reports, cleaner.isIdle]).toEqual([1, [], false]);
  });

  it("does not take for done what another node is doing", async () => {
    database.rows = [{ ok: false, removed: 0 }];
    cleaner.sawRows(99);
    await vi.advanceTimersByTimeAsync(4_000);
    expect([database.asked.length, cleaner.isIdle]).toEqual([1, false]);
  });
});
