import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "@sockeye/adapter-base/conformance";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";
import { ALL, type Listener, numbered, Stage } from "../../src/postgres/stage.js";

let server: PostgresServer;
let stage: Stage;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterEach(() => stage.close());
afterAll(() => server.stop());

const NONE = { missing: [], late: [] };

/** Publishes numbers, one a turn or so, until it is told to stop. */
class Talker {
  said = 0;
  readonly refused: unknown[] = [];
  #isTalking = true;
  readonly #done: Promise<void>;

  constructor(
    readonly node: Listener,
    size: (n: number) => number = () => 4,
  ) {
    this.#done = this.#talk(size);
  }

  async stop(): Promise<void> {
    this.#isTalking = false;
    await this.#done;
  }

  async #talk(size: (n: number) => number): Promise<void> {
    while (this.#isTalking) {
      const n = ++this.said;
      this.node.driver.publish(ALL, numbered(n, size(n))).catch((error) => this.refused.push(error));
      await sleep(2);
    }
  }
}

async function until(state: string, ...nodes: Listener[]): Promise<number> {
  const begin = performance.now();
  for (const { states } of nodes) await eventually(() => expect(states.at(-1)).toBe(state), 10_000);
  return performance.now() - begin;
}

describe("when the server ends a connection (pg_terminate_backend)", () => {
  it("nothing is lost, doubled or reordered, large messages included, and nobody is told of a gap", async () => {
    stage = await Stage.open(server);
    const [speaker, ...listeners] = [await stage.node([]), await stage.node(), await stage.node()];
    const talker = new Talker(speaker!, (n) => (n % 10 === 0 ? 20_000 : 4));
    for (let i = 0; i < 5; i++) {
      await sleep(100);
      expect(await stage.terminateListeners()).toBeGreaterThan(0);
      await until("down/down", ...listeners);
      await until("up/up", ...listeners);
    }
    await talker.stop();
    for (const listener of listeners) {
      await eventually(() => expect(listener.faults(talker.said)).toEqual(NONE), 5_000);
      expect(listener.gaps).toEqual([]);
      expect(
        listener.errors.every((error) => "code" in error && error.code === "ERR_SOCKEYE_POSTGRES_CONNECTION"),
      ).toBe(true);
    }
    expect(talker.refused).toEqual([]);
  });

  it("a message that was missed comes from the table, once", async () => {
    stage = await Stage.open(server);
    const [one, two] = [await stage.node([]), await stage.node([ALL], { reconnectionDelay: 1_000 })];
    await one.driver.publish(ALL, numbered(1));
    await eventually(() => expect(two.numbers).toEqual([1]));
    await stage.terminateListeners();
    await until("down/down", two);
    await one.driver.publish(ALL, numbered(2));
    expect(two.numbers).toEqual([1]);
    await eventually(() => expect(two.numbers).toEqual([1, 2]), 5_000);
    await one.driver.publish(ALL, numbered(3));
    await eventually(() => expect(two.numbers).toEqual([1, 2, 3]));
    expect(two.gaps).toEqual([]);
  });

  it("what was removed from the table meanwhile is reported as a gap", async () => {
    stage = await Stage.open(server);
    const one = await stage.node([{ kind: "cluster" }], { replayWindow: 50, cleanupInterval: 100 });
    const two = await stage.node([ALL], { reconnectionDelay: 3_000, reconnectionDelayMax: 3_000 });
    await stage.terminateListeners();
    await until("down/down", two);
    await one.driver.publish(ALL, numbered(1));
    // The floor moves with what is said later.
    for (let i = 0; i < 3; i++) {
      await sleep(150);
      await one.driver.publish({ kind: "cluster" }, numbered(0));
    }
    await vi.waitFor(async () => expect(await stage.rows()).toBe(0), 2_000);
    await eventually(() => expect(two.gaps).toEqual([undefined]), 6_000);
    expect(two.numbers).toEqual([]);
  });
});

describe("when the server is stopped and started again", () => {
  it("in an orderly way, nothing is lost, and nobody is told of a gap", async () => {
    stage = await Stage.open(server);
    const [speaker, ...listeners] = [await stage.node([]), await stage.node(), await stage.node()];
    const talker = new Talker(speaker!);
    await sleep(100);
    await server.shutDown();
    await until("down/down", speaker!, ...listeners);
    await sleep(300);
    await server.restart();
    console.log(`back ${(await until("up/up", speaker!, ...listeners)).toFixed()} ms after the server`);
    await talker.stop();
    for (const listener of listeners) {
      await eventually(() => expect(listener.faults(talker.said)).toEqual(NONE), 5_000);
      expect(listener.gaps).toEqual([]);
    }
    expect(talker.refused).toEqual([]);
  });

  it("by a crash, a gap is reported, and all that is said from then on arrives", async () => {
    stage = await Stage.open(server);
    const [speaker, ...listeners] = [await stage.node([]), await stage.node(), await stage.node()];
    const talker = new Talker(speaker!);
    await sleep(100);
    await server.kill();
    await until("down/down", speaker!, ...listeners);
    await server.restart();
    await until("up/up", speaker!, ...listeners);
    const back = talker.said;
    await sleep(100);
    await talker.stop();
    for (const listener of listeners) {
      await eventually(() => expect(listener.distinct.at(-1)).toBe(talker.said), 5_000);
      expect(listener.gaps).toEqual([undefined]);
      expect(listener.distinct).toEqual([...listener.distinct].sort((a, b) => a - b));
      expect(listener.distinct.filter((n) => n > back)).toHaveLength(talker.said - back);
    }
  });

  it.each([1, 2, 3])("by a crash, nothing is lost where the tables are durable (%i)", async () => {
    stage = await Stage.open(server, { durable: true });
    const [speaker, ...listeners] = [await stage.node([]), await stage.node(), await stage.node()];
    const talker = new Talker(speaker!, (n) => (n % 10 === 0 ? 20_000 : 4));
    await sleep(150);
    await server.kill();
    await until("down/down", speaker!, ...listeners);
    await sleep(200);
    await server.restart();
    await until("up/up", speaker!, ...listeners);
    await sleep(100);
    await talker.stop();
    for (const listener of listeners) {
      await eventually(() => expect(listener.faults(talker.said)).toEqual(NONE), 5_000);
      expect(listener.gaps).toEqual([]);
    }
    expect(talker.refused).toEqual([]);
  });

  it("what was dropped by its sender meanwhile is reported to those it was for", async () => {
    stage = await Stage.open(server);
    const other = { kind: "all", namespace: "/other" } as const;
    const speaker = await stage.node([], { maxQueueTime: 100, statementTimeout: 100 });
    const [listener, bystander] = [await stage.node(), await stage.node([other])];
    await server.shutDown();
    await expect(speaker.driver.publish(ALL, numbered(1))).rejects.toMatchObject({
      code: "ERR_SOCKEYE_CLUSTER_PUBLISH",
    });
    await server.restart();
    await eventually(() => expect(listener.gaps).toEqual([[ALL]]), 5_000);
    expect(bystander.gaps).toEqual([]);
  });
});
