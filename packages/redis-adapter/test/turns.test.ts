import { describe, expect, it } from "vitest";
import { Turns } from "../src/turns.js";

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("Turns", () => {
  it("let the first go at once when the code that runs is done, and what follows at the end of the turn", async () => {
    const turns = new Turns();
    const done: number[] = [];
    turns.soon(() => done.push(1));
    expect(done).toEqual([]);
    await undefined;
    expect(done).toEqual([1]);
    turns.soon(() => done.push(2));
    await undefined;
    expect(done).toEqual([1]);
    await endOfTurn();
    expect(done).toEqual([1, 2]);
    turns.soon(() => done.push(3));
    await undefined;
    expect(done).toEqual([1, 2, 3]);
  });
});
