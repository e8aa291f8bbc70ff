import { describe, expect, it } from "vitest";
import { AdapterEvents } from "../src/events.js";

function recorded() {
  const calls: string[] = [];
  return { calls, events: new AdapterEvents(), listener: (name: string) => () => calls.push(name) };
}

describe("AdapterEvents", () => {
  it("calls listeners in order and says whether there were any", () => {
    const { events, calls, listener } = recorded();
    events.on("x", listener("one")).addListener("x", listener("two"));
    expect(events.emit("x")).toBe(true);
    expect(events.emit("y")).toBe(false);
    expect(calls).toEqual(["one", "two"]);
  });

  it("hands over the arguments", () => {
    const { events } = recorded();
    let heard: unknown[] = [];
    events.on("x", (...args: unknown[]) => {
      heard = args;
    });
    events.emit("x", 1, "two");
    expect(heard).toEqual([1, "two"]);
  });

  it("calls a once listener once, and can take it back before", () => {
    const { events, calls, listener } = recorded();
    const never = listener("never");
    events.once("x", listener("once")).once("x", never).off("x", never);
    events.emit("x");
    events.emit("x");
    expect(calls).toEqual(["once"]);
    expect(events.listenerCount("x")).toBe(0);
  });

  it("removes the last of equal listeners, and ignores unknown ones", () => {
    const { events, listener } = recorded();
    const twice = listener("twice");
    events.on("x", twice).on("x", twice).removeListener("x", twice).off("x", listener("other")).off("y", twice);
    expect(events.listenerCount("x")).toBe(1);
  });

  it("finishes a round with the listeners it began with", () => {
    const { events, calls, listener } = recorded();
    const second = listener("second");
    events.on("x", () => events.off("x", second).on("x", listener("late")));
    events.on("x", second);
    events.emit("x");
    expect(calls).toEqual(["second"]);
  });

  it("forgets one event or all", () => {
    const { events, listener } = recorded();
    events.on("x", listener("x")).on("y", listener("y"));
    events.removeAllListeners("x");
    expect([events.listenerCount("x"), events.listenerCount("y")]).toEqual([0, 1]);
    events.removeAllListeners();
    expect(events.listenerCount("y")).toBe(0);
  });

  it("does not throw an error event without listeners", () => {
    expect(new AdapterEvents().emit("error", new TypeError("unheard"))).toBe(false);
  });
});
