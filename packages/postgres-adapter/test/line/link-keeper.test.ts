import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Link } from "../../src/database/contract.js";
import { PostgresAdapterError } from "../../src/errors.js";
import { Backoff } from "../../src/line/backoff.js";
import { LinkKeeper } from "../../src/line/link-keeper.js";
import { FakeDatabase, withCode } from "../support.js";

describe("a keeper of links", () => {
  let database: FakeDatabase;
  let keeper: LinkKeeper;
  let log: string[];
  let prepare: (link: Link) => Promise<void>;

  beforeEach(() => {
    vi.useFakeTimers();
    database = new FakeDatabase();
    log = [];
    prepare = async () => undefined;
    keeper = new LinkKeeper(database, new Backoff(100, 400, () => 1), {
      onNotification: (channel) => log.push(`heard ${channel}`),
      prepare: (link) => prepare(link),
      onUp: () => log.push("up"),
      onDown: (error) => log.push(`down ${(error as { code?: string }).code}`),
    });
  });

  afterEach(() => {
    keeper.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const DOWN = "down ERR_SOCKEYE_POSTGRES_CONNECTION";

  it("makes a link, and makes it ready", async () => {
    prepare = async () => {
      expect(keeper.link).toBeUndefined();
      log.push("prepare");
    };
    await keeper.start();
    expect(log).toEqual(["prepare", "up"]);
    expect(keeper.link).toBe(database.links[0]);
    database.links[0]!.listener!.onNotification("c", "");
    expect(log.at(-1)).toBe("heard c");
  });

  it("tries again at the start while the database cannot be reached", async () => {
    database.refusal = withCode("ECONNREFUSED");
    const started = keeper.start();
    await vi.advanceTimersByTimeAsync(299);
    expect(database.tries).toBe(2);
    database.refusal = undefined;
    await vi.advanceTimersByTimeAsync(1);
    await started;
    expect(log).toEqual([DOWN, DOWN, "up"]);
  });

  it.each(["28P01", "3D000", "42501"])("does not try again at the start when it will not help: %s", async (code) => {
    database.refusal = withCode(code);
    await expect(keeper.start()).rejects.toMatchObject({ code: "ERR_SOCKEYE_POSTGRES_CONNECTION" });
  });

  it("rejects with what preparing found wrong with the setup", async () => {
    prepare = async () => {
      throw new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_SCHEMA", "no tables");
    };
    await expect(keeper.start()).rejects.toMatchObject({ code: "ERR_SOCKEYE_POSTGRES_SCHEMA" });
    expect(database.links[0]!.isClosed).toBe(true);
  });

  it("replaces a lost link, with waits that grow, whatever stands in the way", async () => {
    await keeper.start();
    database.refusal = withCode("3D000");
    database.links[0]!.listener!.onLost(new Error("cut"));
    expect(keeper.link).toBeUndefined();
    expect(log).toEqual(["up", DOWN]);
    await vi.advanceTimersByTimeAsync(100 + 200 + 400 + 400);
    expect(database.tries).toBe(5);
    database.refusal = undefined;
    await vi.advanceTimersByTimeAsync(400);
    expect(log).toEqual(["up", DOWN, "up"]);
    expect(keeper.link).toBe(database.links[1]);
  });

  it("gives up a link that was found wanting, once", async () => {
    await keeper.start();
    keeper.fail(new Error("deaf"));
    keeper.fail(new Error("deaf"));
    expect(database.links[0]!.isClosed).toBe(true);
    expect(log).toEqual(["up", DOWN]);
    await vi.advanceTimersByTimeAsync(100);
    expect(log).toEqual(["up", DOWN, "up"]);
  });

  it("notices a link that is lost while it is made ready", async () => {
    prepare = () => new Promise(() => undefined);
    const started = keeper.start();
    await vi.advanceTimersByTimeAsync(0);
    prepare = async () => undefined;
    database.links[0]!.listener!.onLost(new Error("cut"));
    await vi.advanceTimersByTimeAsync(100);
    await started;
    expect(keeper.link).toBe(database.links[1]);
  });

  it("does not care for links of the past", async () => {
    await keeper.start();
    keeper.fail(new Error("deaf"));
    await vi.advanceTimersByTimeAsync(100);
    database.links[0]!.listener!.onLost(new Error("late"));
    expect(keeper.link).toBe(database.links[1]);
  });

  it("leaves nothing when it is closed, at any time", async () => {
    prepare = () => new Promise(() => undefined);
    void keeper.start().catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    keeper.close();
    expect(database.links[0]!.isClosed).toBe(true);
    database.links[0]!.listener!.onLost(new Error("late"));
    expect(log).toEqual([]);
  });
});
