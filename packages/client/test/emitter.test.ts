import { describe, expect, it, vi } from "vitest";
import { Emitter } from "../src/emitter.js";

interface Events {
  a: (n: number) => void;
  b: () => void;
}

class Source extends Emitter<Events> {
  send(n: number): void {
    this.dispatch("a", n);
  }
}

describe("Emitter", () => {
  it("calls listeners in order, with the emitter as this", () => {
    const source = new Source();
    const log: unknown[] = [];
    source
      .on("a", function (this: unknown, n) {
        log.push(this === source, n);
      })
      .on("a", (n) => log.push(n + 1));
    source.send(1);
    expect(log).toEqual([true, 1, 2]);
  });

  it("calls a once-listener once, even when it emits", () => {
    const source = new Source();
    const listener = vi.fn(() => source.send(2));
    source.once("a", listener);
    source.send(1);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("removes one listener, those of an event, or all", () => {
    const source = new Source();
    const one = vi.fn();
    const two = vi.fn();
    source.on("a", one).on("a", one).once("a", two).on("b", two);
    expect(source.listeners("a")).toEqual([one, one, two]);
    source.off("a", two).off("a", one).off("a", vi.fn());
    expect(source.listeners("a")).toEqual([one]);
    source.off("a");
    expect([source.hasListeners("a"), source.hasListeners("b")]).toEqual([false, true]);
    source.off();
    expect(source.hasListeners("b")).toBe(false);
  });

  it("lets listeners come and go while it calls them", () => {
    const source = new Source();
    const late = vi.fn();
    const second = vi.fn();
    source.on("a", () => source.off("a", second).on("a", late));
    source.on("a", second);
    source.send(1);
    expect(second).toHaveBeenCalledTimes(1);
    expect(late).not.toHaveBeenCalled();
  });

  it("has the names of Node's emitter", () => {
    const source = new Source();
    const listener = vi.fn();
    source.addListener("a", listener).addEventListener("a", listener);
    source.removeListener("a", listener).removeEventListener("a", listener);
    expect(source.removeAllListeners().hasListeners("a")).toBe(false);
  });

  it("reports what a listener throws or rejects with, and goes on", async () => {
    const source = new Source();
    const last = vi.fn();
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    source.on("a", () => {
      throw "thrown";
    });
    source.on("a", () => Promise.reject("rejected") as never);
    source.on("a", last);
    source.send(1);
    await Promise.resolve();
    await Promise.resolve();
    expect(told.mock.calls).toEqual([["thrown"], ["rejected"]]);
    told.mockRestore();
    expect(last).toHaveBeenCalledWith(1);
  });

  it("keeps events apart from what objects have anyway", () => {
    const source = new Emitter<object, Record<string, () => void>>();
    expect(source.hasListeners("constructor")).toBe(false);
    expect(source.listeners("__proto__")).toEqual([]);
  });
});
