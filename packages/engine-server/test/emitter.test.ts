import { EventEmitter, once } from "node:events";
import { describe, expect, it } from "vitest";
import { Emitter } from "../src/emitter.js";

class Fresh extends Emitter<{ known: [value: number] }> {}

/** Calls every method there is on an emitter that nobody has listened to. */
const calls: Array<[name: string, call: (emitter: EventEmitter) => unknown]> = [
  ["emit", (emitter) => emitter.emit("x", 1)],
  ["listenerCount", (emitter) => emitter.listenerCount("x")],
  ["listeners", (emitter) => emitter.listeners("x")],
  ["rawListeners", (emitter) => emitter.rawListeners("x")],
  ["eventNames", (emitter) => emitter.eventNames()],
  ["getMaxListeners", (emitter) => emitter.getMaxListeners()],
  ["off", (emitter) => emitter.off("x", () => undefined) === emitter],
  ["removeListener", (emitter) => emitter.removeListener("x", () => undefined) === emitter],
  ["removeAllListeners", (emitter) => emitter.removeAllListeners() === emitter],
  ["removeAllListeners of one", (emitter) => emitter.removeAllListeners("x") === emitter],
  ["setMaxListeners", (emitter) => emitter.setMaxListeners(3).getMaxListeners()],
];

describe("an emitter without listeners", () => {
  it.each(calls)("answers to %s as EventEmitter does", (_name, call) => {
    expect(call(new Fresh())).toEqual(call(new EventEmitter()));
  });

  it("throws an error that nobody listens to", () => {
    expect(() => new Fresh().emit("error", new TypeError("unheard"))).toThrow("unheard");
  });

  it("is an EventEmitter, and holds nothing", () => {
    const emitter = new Fresh();
    expect(emitter).toBeInstanceOf(EventEmitter);
    expect(Object.keys(emitter)).toEqual([]);
  });
});

describe("an emitter", () => {
  it.each(["on", "once", "addListener", "prependListener", "prependOnceListener"] as const)(
    "can get its first listener by %s",
    (method) => {
      const emitter = new Fresh();
      const got: unknown[] = [];
      (emitter as EventEmitter)[method]("known", function (this: unknown, value: number) {
        got.push(this === emitter, value);
      });
      expect(emitter.listenerCount("known")).toBe(1);
      emitter.emit("known", 5);
      expect(got).toEqual([true, 5]);
      emitter.removeAllListeners();
      expect(emitter.emit("known", 6)).toBe(false);
    },
  );

  it("does not share its listeners with others", () => {
    const [one, other] = [new Fresh(), new Fresh()];
    one.on("known", () => undefined);
    expect([one.listenerCount("known"), other.listenerCount("known")]).toEqual([1, 0]);
  });

  it("can be awaited", async () => {
    const emitter = new Fresh();
    const event = once(emitter, "known");
    emitter.emit("known", 7);
    expect(await event).toEqual([7]);
  });
});
