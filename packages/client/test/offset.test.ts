import { describe, expect, it } from "vitest";
import { type Stream, startStream, trackOffset } from "../src/offset.js";

const fresh = (): Stream => ({ _lastOffset: undefined, offsetTag: undefined, offsetsKnown: false });

const track = (stream: Stream, ...data: unknown[]) => {
  trackOffset(stream, data);
  return data;
};

describe("offsets of a server that marks them", () => {
  it("are taken and removed, and nothing else is", () => {
    const stream = fresh();
    startStream(stream, "~ab", "~ab0", false);
    expect(stream._lastOffset).toBe("~ab0");
    expect(track(stream, "event", 1, "~ab1")).toEqual(["event", 1]);
    expect(stream._lastOffset).toBe("~ab1");
    expect(track(stream, "volatile", "some text")).toEqual(["volatile", "some text"]);
    expect(track(stream, "~ab9")).toEqual(["~ab9"]);
    expect(track(stream, "event", { last: "~ab2" })).toEqual(["event", { last: "~ab2" }]);
    expect(stream._lastOffset).toBe("~ab1");
  });

  it("stay on resuming, and start again otherwise", () => {
    const stream = fresh();
    startStream(stream, "~ab", "~ab0", false);
    track(stream, "event", "~ab5");
    startStream(stream, "~ab", undefined, true);
    expect(stream._lastOffset).toBe("~ab5");
    startStream(stream, "~ab", undefined, false);
    expect(stream._lastOffset).toBe(undefined);
  });
});

describe("offsets of any other server", () => {
  it.each(["QAzRk3f", "QAzRk3f.1", "1767225600000-0", "507f1f77bcf86cd799439011"])(
    "are known by form: %s",
    (offset) => {
      const stream = fresh();
      startStream(stream, undefined, undefined, false);
      expect(track(stream, "event", 1, offset)).toEqual(["event", 1, offset]);
      track(stream, "volatile", "plain text");
      track(stream, "volatile");
      track(stream, "volatile", 5);
      expect(stream._lastOffset).toBe(offset);
    },
  );

  it("are any trailing string until we know better", () => {
    const stream = fresh();
    startStream(stream, undefined, undefined, false);
    track(stream, "event", "my-own-offset-1");
    expect(stream._lastOffset).toBe("my-own-offset-1");
    track(stream, "event", "my-own-offset-2");
    expect(stream._lastOffset).toBe("my-own-offset-2");
  });
});
