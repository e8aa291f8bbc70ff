import { describe, expect, it } from "vitest";
import { Turnstile, type Waiting } from "../../../src/cluster/recovery/turnstile.js";

const waiting = (sequence: number): Waiting => ({ sequence, since: sequence });

describe("Turnstile", () => {
  it("does operations in order, and stops at a broadcast that waits", () => {
    const turnstile = new Turnstile<Waiting>();
    const done: string[] = [];
    turnstile.after(() => done.push("before"));
    turnstile.wait(waiting(1));
    turnstile.after(() => done.push("behind"));
    while (turnstile.runOperation());
    expect([done, turnstile.front?.sequence, turnstile.oldest?.sequence]).toEqual([["before"], 1, 1]);
    turnstile.shiftBroadcast();
    while (turnstile.runOperation());
    expect([done, turnstile.size, turnstile.oldest]).toEqual([["before", "behind"], 0, undefined]);
  });

  it("finds a broadcast by its number, while it waits", () => {
    const turnstile = new Turnstile<Waiting>();
    turnstile.wait(waiting(4));
    turnstile.wait(waiting(7));
    expect([turnstile.waiting(7)?.sequence, turnstile.waiting(5)]).toEqual([7, undefined]);
    turnstile.shiftBroadcast();
    expect([turnstile.waiting(4), [...turnstile.allWaiting()].map(({ sequence }) => sequence)]).toEqual([
      undefined,
      [7],
    ]);
  });

  it("does before its turn what concerns one socket, and not once more", () => {
    const turnstile = new Turnstile<Waiting>();
    const done: string[] = [];
    turnstile.wait(waiting(1));
    turnstile.after(() => done.push("of a"), "a");
    turnstile.after(() => done.push("of b"), "b");
    turnstile.after(() => done.push("of many"));
    turnstile.wait(waiting(2));
    turnstile.expedite("a", ({ sequence }) => done.push(`broadcast ${sequence}`));
    expect(done).toEqual(["broadcast 1", "of a", "broadcast 2"]);
    turnstile.shiftBroadcast();
    while (turnstile.runOperation());
    expect(done.slice(3)).toEqual(["of b", "of many"]);
  });

  it("does not grow with what is past", () => {
    const turnstile = new Turnstile<Waiting>();
    let done = 0;
    for (let n = 0; n < 1000; n++) {
      turnstile.wait(waiting(n));
      turnstile.after(() => done++);
      if (n < 10) continue;
      turnstile.shiftBroadcast();
      turnstile.runOperation();
    }
    expect([turnstile.size, done]).toEqual([20, 990]);
  });
});
