import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryLog } from "../../src/recovery/memory-log.js";
import type { MemoryLogOptions } from "../../src/recovery/options.js";
import { RoomIndex } from "../../src/rooms.js";
import { selectsAnyone } from "../../src/select.js";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A log, and the rooms of the adapter that owns it. */
function setup(options: Partial<MemoryLogOptions> = {}) {
  const index: RoomIndex = new RoomIndex({
    roomCreated() {},
    roomDeleted() {},
    joined: (room, id) => log.joined(room, id),
    left: (room, id) => log.left(room, id),
  });
  const log: MemoryLog = new MemoryLog({ reachesAnyone: (entry) => selectsAnyone(index, entry) }, options);
  const append = (text: string, rooms: string[] = [], except: string[] = []) =>
    log.append({ encoded: [text], rooms: new Set(rooms), except: new Set(except) });
  const open = (id: string, ...rooms: string[]) => {
    index.addAll(id, [id, ...rooms]);
    log.open({ pid: id, sid: id, rooms: index.sids.get(id)! });
    return log.head();
  };
  const end = (id: string) => {
    log.persist({ pid: id, sid: id, rooms: [...index.sids.get(id)!], data: { of: id } });
    index.delAll(id);
  };
  const missed = (id: string, offset?: string) => {
    const result = log.resume(id, offset);
    return result.ok ? result.missed.map(({ encoded }) => encoded[0]) : result.reason;
  };
  return { log, index, append, open, end, missed };
}

describe("MemoryLog", () => {
  describe("offsets", () => {
    it("start with the log's tag and grow with the log", () => {
      const { log, append, open } = setup();
      expect(log.tag).toMatch(/^~[\w-]{6}$/);
      expect(open("a")).toBe(`${log.tag}0`);
      expect(append("one")).toBe(`${log.tag}1`);
      expect(log.appendPrivate("a", ["mine"])).toBe(`${log.tag}1~1`);
      expect(log.head()).toBe(`${log.tag}1`);
    });

    it("say where a session is, for what is sent without a place of its own", () => {
      const { log, append, open } = setup();
      open("a");
      append("one");
      expect(log.position("a")).toBe(`${log.tag}1`);
      log.appendPrivate("a", ["mine"]);
      append("two");
      expect(log.position("a")).toBe(`${log.tag}2~1`);
      expect(log.position("nobody")).toBeUndefined();
    });
  });

  describe("resume", () => {
    it("hands back the session and what it missed, in order", () => {
      const { log, append, open, end } = setup();
      open("a", "x");
      const offset = append("before", ["x"]);
      log.appendPrivate("a", ["mine 1"]);
      append("all");
      append("elsewhere", ["y"]);
      log.appendPrivate("a", ["mine 2"]);
      end("a");
      append("x while asleep", ["x"]);
      log.appendPrivate("a", ["mine while asleep"]);
      append("not for a", ["x"], ["a"]);
      const result = log.resume("a", offset);
      expect(result).toEqual({
        ok: true,
        session: { pid: "a", sid: "a", rooms: ["a", "x"], data: { of: "a" } },
        missed: [
          { encoded: ["mine 1"], offset: `${log.tag}1~1` },
          { encoded: ["all"], offset: `${log.tag}2` },
          { encoded: ["mine 2"], offset: `${log.tag}2~2` },
          { encoded: ["x while asleep"], offset: `${log.tag}3` },
          { encoded: ["mine while asleep"], offset: `${log.tag}3~3` },
        ],
      });
    });

    it("continues after a private event", () => {
      const { log, append, open, end, missed } = setup();
      open("a");
      append("one");
      const offset = log.appendPrivate("a", ["mine 1"]);
      log.appendPrivate("a", ["mine 2"]);
      append("two");
      end("a");
      expect(missed("a", offset)).toEqual(["mine 2", "two"]);
    });

    it("starts at the beginning of the session for a peer that received nothing", () => {
      const { log, append, open, end, missed } = setup();
      open("old");
      append("before a came");
      open("a");
      append("one");
      log.appendPrivate("a", ["mine"]);
      end("a");
      expect(missed("a")).toEqual(["one", "mine"]);
    });

    it("asks who was in the room when it was said", () => {
      const { index, append, open, end, missed } = setup();
      const offset = open("a");
      append("x before the join", ["x"]);
      open("b", "x", "y");
      append("first");
      index.addAll("a", ["x"]);
      append("x while in", ["x"]);
      append("all but x", [], ["x"]);
      index.del("a", "x");
      append("x after the leave", ["x"]);
      append("all but x again", [], ["x"]);
      end("a");
      expect(missed("a", offset)).toEqual(["first", "x while in", "all but x again"]);
    });

    it("consumes a session, which can be opened and end again", () => {
      const { log, append, open, end, missed } = setup();
      const offset = open("a");
      append("one");
      end("a");
      expect(missed("a", offset)).toEqual(["one"]);
      expect(missed("a", offset)).toBe("unknown");
      open("a");
      append("two");
      end("a");
      expect(log.inspect()).toMatchObject({ sessions: 1, sleeping: 1 });
      expect(missed("a", offset)).toEqual(["one", "two"]);
    });

    it("does not know a session that is live, never was, or was forgotten", () => {
      const { log, open, end, missed } = setup();
      const offset = open("a");
      expect(missed("a", offset)).toBe("unknown");
      expect(missed("b", offset)).toBe("unknown");
      end("a");
      log.forget("a");
      expect(missed("a", offset)).toBe("unknown");
      expect(log.appendPrivate("a", ["late"])).toBeUndefined();
    });

    it.each([
      ["another tag", () => "~other11"],
      ["a string of the application's", () => "hello"],
      ["no number", (tag: string) => tag],
      ["rubbish after the number", (tag: string) => `${tag}1~1~1`],
      ["a number too large", (tag: string) => `${tag}zzzzzzzzzzz`],
      ["a broadcast yet to come", (tag: string) => `${tag}3`],
      ["a private event yet to come", (tag: string) => `${tag}2~1`],
      ["a time before the session", (tag: string) => `${tag}0`],
    ])("refuses an offset that is %s, and the session is gone", (_, forge) => {
      const { log, append, open, end, missed } = setup();
      open("old");
      append("one");
      open("a");
      append("two");
      end("a");
      expect(missed("a", forge(log.tag))).toBe("invalid-offset");
      expect(log.inspect().sleeping).toBe(0);
    });
  });

  describe("keeps nothing that nobody could ask for", () => {
    it.each([
      ["an empty namespace", [], []],
      ["an empty room", ["nowhere"], []],
      ["a room whose only member is excepted", ["x"], ["a"]],
    ])("%s", (_, rooms, except) => {
      const { log, append, open } = setup();
      if (rooms[0] === "x") open("a", "x");
      expect(append("unheard", rooms, except)).toBeUndefined();
      expect(log.inspect().entries).toBe(0);
    });

    it("but what somebody asleep may ask for", () => {
      const { append, open, end } = setup();
      open("a", "x");
      end("a");
      expect(append("for x", ["x"])).toBeDefined();
      expect(append("for all")).toBeDefined();
      expect(append("for y", ["y"])).toBeUndefined();
    });
  });

  describe("limits", () => {
    it("maxDisconnectionDuration: a session expires, and its peer hears so once", () => {
      const { log, append, open, end, missed } = setup({ maxDisconnectionDuration: 1000 });
      const offset = open("a");
      open("b");
      append("one");
      end("a");
      vi.advanceTimersByTime(999);
      end("b");
      vi.advanceTimersByTime(1);
      expect(missed("a", offset)).toBe("expired");
      expect(missed("a", offset)).toBe("unknown");
      expect(missed("b")).toEqual(["one"]);
      expect(log.maxDisconnectionDuration).toBe(1000);
    });

    it("maxSessions: the one asleep for longest is expired", () => {
      const { open, end, missed } = setup({ maxSessions: 2 });
      for (const id of ["a", "b", "c"]) {
        open(id);
        end(id);
      }
      expect(missed("a")).toBe("expired");
      expect(missed("b")).toEqual([]);
    });

    it.each<[string, Partial<MemoryLogOptions>]>([
      ["maxEntries", { maxEntries: 2 }],
      ["maxBytes", { maxBytes: 7 }],
    ])("%s: never a part of what was missed", (_, options) => {
      const { log, append, open, end, missed } = setup(options);
      const offset = open("a");
      open("b");
      const second = append("one");
      end("a");
      end("b");
      append("two");
      append("three"); // "one" is pushed out; with 7 characters "two" as well
      expect(log.inspect().entries).toBeLessThanOrEqual(2);
      expect(log.inspect().bytes).toBeLessThanOrEqual(8);
      expect(missed("a", offset)).toBe("trimmed");
      expect(missed("b", second)).toEqual(options.maxEntries ? ["two", "three"] : "trimmed");
    });

    it("what was dropped long before the end had been received", () => {
      const { append, open, end, missed } = setup({ maxEntries: 1, cutNoticedWithin: 1000 });
      const offset = open("a");
      append("one");
      append("two");
      vi.advanceTimersByTime(1001);
      end("a");
      append("three", ["elsewhere"]);
      expect(missed("a", offset)).toEqual(["two"]);
    });

    it.each<[string, Partial<MemoryLogOptions>]>([
      ["maxPrivateEntries", { maxPrivateEntries: 1 }],
      ["maxPrivateBytes", { maxPrivateBytes: 5 }],
      ["maxTotalPrivateBytes", { maxTotalPrivateBytes: 5 }],
    ])("%s: bounds what was sent to one session", (_, options) => {
      const { log, append, open, end, missed } = setup(options);
      const offset = open("a");
      append("all");
      const first = log.appendPrivate("a", ["one"]);
      log.appendPrivate("a", ["two"]);
      expect(log.inspect()).toMatchObject({ entries: 2, bytes: 6 });
      end("a");
      expect(missed("a", first)).toEqual(["two"]);
      open("a");
      end("a");
      expect(missed("a", offset)).toBe("trimmed");
      expect(log.inspect()).toMatchObject({ entries: 1, bytes: 3 });
    });

    it("maxTotalPrivateBytes: a quiet session keeps its part", () => {
      const { log, open } = setup({ maxTotalPrivateBytes: 10 });
      open("quiet");
      open("loud");
      log.appendPrivate("quiet", ["mine"]);
      for (let i = 0; i < 9; i++) log.appendPrivate("loud", ["1"]);
      expect(log.inspect()).toMatchObject({ entries: 6, bytes: 9 });
    });

    it("maxRoomChanges: who was where is not guessed", () => {
      const { index, append, open, end, missed } = setup({ maxRoomChanges: 2 });
      const offset = open("a");
      const second = open("b");
      for (const room of ["x", "y", "z"]) {
        append(`before ${room}`);
        index.addAll("a", [room]);
      }
      end("a");
      end("b");
      expect(missed("a", offset)).toBe("trimmed");
      expect(missed("b", second)).toEqual(["before x", "before y", "before z"]);
    });

    it("drops what is too old for anybody, and then keeps no timer", () => {
      const { log, append, open, end } = setup({ maxDisconnectionDuration: 30_000, cutNoticedWithin: 10_000 });
      open("a");
      append("one");
      log.appendPrivate("a", ["mine"]);
      end("a");
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(60_000);
      expect(log.inspect()).toEqual({ sessions: 0, sleeping: 0, entries: 0, bytes: 0 });
      expect(vi.getTimerCount()).toBe(0);
    });

    it("refuses options that are no limits", () => {
      expect(() => setup({ maxEntries: -1 })).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_ADAPTER_OPTION" }));
      expect(() => setup({ maxBytes: "1mb" as never })).toThrow(/maxBytes/);
    });
  });

  it("can be closed at any time", () => {
    const { log, append, open, end } = setup();
    open("a");
    append("one");
    open("b");
    end("b");
    log.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(log.inspect().sessions).toBe(0);
  });
});
