import { describe, expect, it } from "vitest";
import { OffsetTracker } from "../src/offset.js";

const track = (tracker: OffsetTracker, ...data: unknown[]) => {
  tracker.track(data);
  return data;
};

describe("OffsetTracker with a server that marks its offsets", () => {
  it("takes and removes marked ones, and nothing else", () => {
    const tracker = new OffsetTracker();
    tracker.start("~ab", "~ab0", false);
    expect(tracker.place).toBe("~ab0");
    expect(track(tracker, "event", 1, "~ab1")).toEqual(["event", 1]);
    expect(tracker.place).toBe("~ab1");
    expect(track(tracker, "volatile", "some text")).toEqual(["volatile", "some text"]);
    expect(track(tracker, "~ab9")).toEqual(["~ab9"]);
    expect(track(tracker, "event", { last: "~ab2" })).toEqual(["event", { last: "~ab2" }]);
    expect(tracker.place).toBe("~ab1");
  });

  it("keeps its place on resuming, and starts again otherwise", () => {
    const tracker = new OffsetTracker();
    tracker.start("~ab", "~ab0", false);
    track(tracker, "event", "~ab5");
    tracker.start("~ab", undefined, true);
    expect(tracker.place).toBe("~ab5");
    tracker.start("~ab", undefined, false);
    expect(tracker.place).toBe(undefined);
  });
});

describe("OffsetTracker with any other server", () => {
  it.each(["QAzRk3f", "QAzRk3f.1", "1767225600000-0", "507f1f77bcf86cd799439011"])(
    "knows %s for an offset",
    (offset) => {
      const tracker = new OffsetTracker();
      tracker.start(undefined, undefined, false);
      expect(track(tracker, "event", 1, offset)).toEqual(["event", 1, offset]);
      track(tracker, "volatile", "plain text");
      track(tracker, "volatile");
      track(tracker, "volatile", 5);
      expect(tracker.place).toBe(offset);
    },
  );

  it("takes any trailing string until it knows better", () => {
    const tracker = new OffsetTracker();
    tracker.start(undefined, undefined, false);
    track(tracker, "event", "my-own-offset-1");
    expect(tracker.place).toBe("my-own-offset-1");
    track(tracker, "event", "my-own-offset-2");
    expect(tracker.place).toBe("my-own-offset-2");
  });
});
