import type { EventPacket } from "@sockeye/socketio-parser";
import { describe, expect, it } from "vitest";
import { IncomingQueue } from "../src/incoming-queue.js";
import { type ConnectionMember, DISPATCH } from "../src/ports.js";
import { turn } from "./support/memory.js";

const packet = (n: number): EventPacket => ({ type: 2, nsp: "/", data: ["n", n] });

describe("the queue of incoming events", () => {
  it("hands over after the current turn, in order; what comes meanwhile comes after", async () => {
    const log: unknown[] = [];
    const failed: Error[] = [];
    const queue = new IncomingQueue((error) => failed.push(error));
    const receiver = {
      [DISPATCH]: ({ data }: EventPacket) => {
        log.push(data[1]);
        if (data[1] === 1) queue.push(receiver, packet(9));
        if (data[1] === 2) throw new Error("two");
      },
    } as unknown as ConnectionMember;
    for (const n of [1, 2, 3]) queue.push(receiver, packet(n));
    expect(log).toEqual([]);
    await turn();
    expect(log).toEqual([1, 2, 3, 9]);
    expect(failed.map((error) => error.message)).toEqual(["two"]);
    queue.push(receiver, packet(4));
    await turn();
    expect(log.at(-1)).toBe(4);
  });
});
