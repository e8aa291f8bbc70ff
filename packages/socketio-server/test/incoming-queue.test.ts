import type { EventPacket } from "@sockeye/socketio-parser";
import { beforeEach, describe, expect, it } from "vitest";
import { IncomingQueue } from "../src/incoming-queue.js";
import { type ConnectionMember, DISPATCH } from "../src/ports.js";
import { turn } from "./support/memory.js";

const packet = (n: number): EventPacket => ({ type: 2, nsp: "/", data: ["n", n] });
const tick = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe("the queue of incoming events", () => {
  let log: unknown[];
  let failed: Error[];
  let queue: IncomingQueue;
  let heard: (n: unknown) => void;
  const receiver = {
    [DISPATCH]: ({ data }: EventPacket) => {
      log.push(data[1]);
      heard(data[1]);
    },
  } as unknown as ConnectionMember;
  const push = (n: number, patient: boolean) => queue.push(receiver, packet(n), patient);

  beforeEach(() => {
    log = [];
    failed = [];
    queue = new IncomingQueue((error) => failed.push(error));
    heard = () => {};
  });

  it.each([true, false])("hands over in order, what comes meanwhile comes after (patient: %s)", async (patient) => {
    heard = (n) => {
      if (n === 1) push(9, patient);
      if (n === 2) throw new Error("two");
    };
    for (const n of [1, 2, 3]) push(n, patient);
    expect(log).toEqual([]);
    await turn();
    await turn();
    expect(log).toEqual([1, 2, 3, 9]);
    expect(failed.map((error) => error.message)).toEqual(["two"]);
    push(4, patient);
    await turn();
    expect(log.at(-1)).toBe(4);
  });

  it("waits for the tick with engines it knows nothing about, for the turn with others, once the first was heard", async () => {
    push(1, true);
    push(2, true);
    expect(log).toEqual([]);
    await tick();
    expect(log).toEqual([1, 2]);
    push(3, true);
    await tick();
    expect(log).toEqual([1, 2]);
    push(4, false);
    await tick();
    expect(log).toEqual([1, 2, 3, 4]);
  });

  it("has a first event in every turn", async () => {
    for (const n of [1, 2]) {
      push(n, true);
      await tick();
      expect(log.at(-1)).toBe(n);
      await turn();
    }
  });

  it("does not let many wait for the end of the turn", async () => {
    for (let n = 0; n < 64; n++) push(n, true);
    await tick();
    expect(log).toHaveLength(64);
  });

  it("hands over when asked to, but not from within", async () => {
    heard = (n) => {
      if (n === 1) queue.handOver();
    };
    for (const n of [1, 2]) push(n, true);
    queue.handOver();
    expect(log).toEqual([1, 2]);
    await turn();
    expect(log).toEqual([1, 2]);
  });

  it("serves more than it keeps places for", async () => {
    for (let n = 0; n < 20_000; n++) push(n, true);
    await turn();
    push(20_000, true);
    await turn();
    expect(log).toEqual([...Array(20_001).keys()]);
  });
});
