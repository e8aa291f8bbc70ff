import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Engine, EngineOptions, Socket } from "@sockeye/engine-server";
import { afterEach, describe, expect, it } from "vitest";
import { type EngineStack, engineStacks, type RunningEngine } from "../src/engines.js";
import { openPausedReader } from "../src/paused-reader.js";
import { until } from "../src/signals.js";
import { visits } from "../src/visits.js";

// What a server lives through in a year: visitors that leave at every step of the protocol, and one that does not read.

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Of each visit: first until caches and pools are as large as they get, then until it is 10,000 visits in all. */
const WARM_UP = 100;
const ROUNDS = 460;
const AT_ONCE = 40;
const MEGABYTE = 1024 * 1024;

let running: RunningEngine;
afterEach(() => running.stop());

async function start(stack: EngineStack, options: EngineOptions): Promise<RunningEngine> {
  running = await engineStacks[stack](options);
  return running;
}

/** Bytes that are still held when all that can be freed is freed. */
async function heldBytes(): Promise<number> {
  for (let n = 0; n < 4; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function sizes(engine: Engine) {
  const { sessions, upgrading, silent, addresses, outbox, inFlight, ...rest } = engine.inspect();
  const { openResponses, pendingHandshakes, unfinishedBytes, deadlines, dirty } = rest;
  const tables = { sessions, upgrading, silent, addresses, inFlight, openResponses, pendingHandshakes };
  return { ...tables, ...outbox, unfinishedBytes, deadlines, dirty };
}

const NOTHING = {
  sessions: 0,
  upgrading: 0,
  silent: 0,
  addresses: 0,
  inFlight: 0,
  openResponses: 0,
  pendingHandshakes: 0,
  packets: 0,
  bytes: 0,
  unfinishedBytes: 0,
  deadlines: 0,
  dirty: 0,
};

/** Every visit, `rounds` times, some at once. */
async function receiveVisitors(port: number, rounds: number): Promise<number> {
  let count = 0;
  for (const visit of Object.values(visits)) {
    for (let round = 0; round < rounds; round += AT_ONCE) {
      const size = Math.min(AT_ONCE, rounds - round);
      await Promise.allSettled(Array.from({ length: size }, () => visit(port)));
      count += size;
    }
  }
  return count;
}

for (const stack of Object.keys(engineStacks) as EngineStack[]) {
  describe(`an engine on ${stack} that is visited 10,000 times`, () => {
    it("holds nothing of its visitors, whatever step they left at", { timeout: 240_000 }, async () => {
      // A client that vanishes between two polls is only noticed by its heartbeat: short, so that the test is.
      const { engine, port } = await start(stack, {
        pingInterval: 200,
        pingTimeout: 200,
        upgradeTimeout: 200,
        closeTimeout: 100,
      });
      engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
      let visitors = 0;
      const heldAfter = async (rounds: number) => {
        visitors += await receiveVisitors(port, rounds);
        await until(() => engine.clientsCount === 0 && engine.inspect().deadlines === 0);
        expect(sizes(engine)).toEqual(NOTHING);
        return heldBytes();
      };
      const warm = await heldAfter(WARM_UP);
      const middle = await heldAfter(ROUNDS / 2);
      const end = await heldAfter(ROUNDS / 2);
      expect(visitors).toBeGreaterThanOrEqual(10_000);
      // Code that becomes hot is compiled once, at some moment; what visitors leave behind grows with each of them. In the
      // half that grew less each can have left at most 126 bytes: less than any object of a session.
      expect(Math.min(middle - warm, end - middle)).toBeLessThan(MEGABYTE / 2);
    });
  });

  describe(`a client of an engine on ${stack} that does not read`, () => {
    it("and is sent 20,000 messages of 10 kB costs no more than its budget", { timeout: 60_000 }, async () => {
      const budget = 4 * MEGABYTE;
      const { engine, port } = await start(stack, { maxOutboxBytes: budget });
      const session = new Promise<Socket>((resolve) => engine.on("connection", resolve));
      const reader = await openPausedReader(port);
      const socket = await session;
      const ended = new Promise((resolve) => socket.on("close", resolve));
      const before = await heldBytes();
      let most = 0;
      for (let n = 0; n < 20_000; n++) {
        // A message of its own each time: shared bytes would hide what is held.
        socket.send(`${n}`.padEnd(10_000, "x"));
        if (n % 500 !== 0) continue;
        await new Promise(setImmediate);
        most = Math.max(most, socket.bufferedAmount);
      }
      expect(await ended).toBe("slow consumer");
      expect(most).toBeLessThanOrEqual(budget + 10_000);
      expect((await heldBytes()) - before).toBeLessThan(budget);
      reader.destroy();
      await until(() => engine.clientsCount === 0);
      expect(sizes(engine)).toEqual(NOTHING);
    });
  });
}
