import type { Channel } from "@sockeye/adapter-base";
import { beforeEach, describe, expect, it } from "vitest";
import type { Reply } from "../src/clients/contract.js";
import { Outbox, type OutboxLimits, type Parcel } from "../src/outbox.js";

const CLUSTER: Channel = { kind: "cluster" };
const limits: OutboxLimits = {
  maxQueued: 5,
  maxQueuedBytes: 1000,
  queuePolicy: "drop-oldest",
  publishTimeout: 1000,
  commandTimeout: 500,
};

const way = (target: string) => ({ target, route: "" });

interface Written {
  readonly parcel: Parcel;
  settle(error?: Error, reply?: Reply): void;
}

class World {
  readonly states: string[] = [];
  readonly dropped: string[] = [];
  readonly written: Written[] = [];
  readonly outcomes: string[] = [];
  readonly outbox: Outbox;
  /** When it asked to be called back since the last turn. */
  readonly asked: ("soon" | "later")[] = [];
  isReady = true;
  time = 0;
  #turn: (() => void)[] = [];

  constructor(changes: Partial<OutboxLimits> = {}) {
    this.outbox = new Outbox(
      {
        ready: () => this.isReady,
        write: (parcels) => parcels.map((parcel) => this.#write(parcel)),
        state: (way) => {
          if (this.states.at(-1) !== way) this.states.push(way);
        },
        dropped: (channels) => this.dropped.push(channels.map(({ kind }) => kind).join()),
        soon: (callback) => this.#callBack("soon", callback),
        later: (callback) => this.#callBack("later", callback),
        now: () => this.time,
      },
      { ...limits, ...changes },
    );
  }

  /** Publishes one envelope of one byte, and notes what becomes of it. */
  publish(n: number, target = "a"): void {
    this.outbox.publish(CLUSTER, way(target), Uint8Array.of(n)).then(
      () => this.outcomes.push(`${n}`),
      (error) => this.outcomes.push(`${n} ${error.code.slice("ERR_SOCKEYE_CLUSTER_".length)}`),
    );
  }

  #callBack(when: "soon" | "later", callback: () => void): void {
    this.asked.push(when);
    this.#turn.push(callback);
  }

  async turn(): Promise<void> {
    for (const callback of this.#turn.splice(0)) callback();
    for (let i = 0; i < 10; i++) await undefined;
  }

  async later(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    this.outbox.sweep();
    await this.turn();
  }

  /** Calls, and notes what becomes of it. */
  call(name: string, target = "a"): void {
    this.outbox.call(way(target), [name], 1).then(
      (reply) => this.outcomes.push(`${name} ${reply}`),
      (error) => this.outcomes.push(`${name} ${error.code.slice("ERR_SOCKEYE_CLUSTER_".length)}`),
    );
  }

  /** Everything written since the last call: `target:numbers`, or names of commands. */
  wrote(): string[] {
    return this.written.splice(0).map(({ parcel }) => {
      if (parcel.kind === "call") return parcel.command.join(" ");
      return `${parcel.target}:${parcel.envelopes.map(([n]) => n).join()}`;
    });
  }

  #write(parcel: Parcel): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.written.push({ parcel, settle: (error, reply = null) => (error ? reject(error) : resolve(reply)) });
    });
  }
}

const broken = () => new Error("Socket closed unexpectedly");

let world: World;
beforeEach(() => {
  world = new World();
});

describe("what is published in one turn", () => {
  it("writes soon what is alone under way, and the rest together at the end of the turn", async () => {
    const world = new World();
    world.publish(1);
    world.publish(2);
    expect(world.asked.splice(0)).toEqual(["soon"]);
    await world.turn();
    const [first] = world.written.splice(0);
    world.publish(3);
    world.publish(4);
    expect(world.asked.splice(0)).toEqual(["later"]);
    first?.settle();
    await world.turn();
    expect(world.wrote()).toEqual(["a:3,4"]);
  });

  it("is written together, neighbours of one target as one run, in order", async () => {
    for (const [n, target] of ["a", "a", "b", "a", "a"].entries()) world.publish(n, target);
    expect(world.wrote()).toEqual([]);
    await world.turn();
    expect(world.wrote()).toEqual(["a:0,1", "b:2", "a:3,4"]);
  });

  it("is taken when Redis says so", async () => {
    world.publish(1);
    world.publish(2, "b");
    await world.turn();
    const [one, two] = world.written;
    two!.settle();
    await world.turn();
    expect(world.outcomes).toEqual(["2"]);
    one!.settle();
    await world.turn();
    expect([world.outcomes, world.outbox.size, world.outbox.bytes, world.states]).toEqual([["2", "1"], 0, 0, ["up"]]);
  });

  it("is refused when Redis refuses it, and only that", async () => {
    world.publish(1);
    world.publish(2, "b");
    await world.turn();
    world.written[0]!.settle(new Error("NOPERM no permissions"));
    world.written[1]!.settle();
    await world.turn();
    expect(world.outcomes).toEqual(["1 PUBLISH", "2"]);
    expect(world.states).toEqual(["up"]);
  });
});

describe("while Redis is away", () => {
  it("waits, and goes out in order when it is back", async () => {
    world.isReady = false;
    for (const n of [1, 2]) world.publish(n);
    await world.turn();
    expect([world.wrote(), world.states]).toEqual([[], ["down"]]);
    world.isReady = true;
    world.outbox.retryNow();
    await world.turn();
    expect(world.wrote()).toEqual(["a:1,2"]);
  });

  it("drops the oldest beyond the limit, and tells when it is back", async () => {
    world.isReady = false;
    for (const n of [1, 2, 3, 4, 5, 6, 7]) world.publish(n);
    await world.turn();
    expect(world.outcomes).toEqual(["1 PUBLISH", "2 PUBLISH"]);
    expect([world.outbox.size, world.dropped]).toEqual([5, []]);
    world.isReady = true;
    await world.later(1);
    world.written[0]!.settle();
    await world.turn();
    expect(world.dropped).toEqual(["cluster"]);
    expect(world.outcomes.slice(2)).toEqual(["3", "4", "5", "6", "7"]);
  });

  it("refuses the newest beyond the limit, if that is the policy", async () => {
    world = new World({ queuePolicy: "reject" });
    world.isReady = false;
    for (const n of [1, 2, 3, 4, 5, 6]) world.publish(n);
    await world.turn();
    expect(world.outcomes).toEqual(["6 PUBLISH"]);
  });

  it("counts bytes as well", async () => {
    world = new World({ maxQueuedBytes: 10 });
    world.isReady = false;
    const big = world.outbox.publish(CLUSTER, way("a"), new Uint8Array(8));
    const bigger = world.outbox.publish(CLUSTER, way("a"), new Uint8Array(9));
    await expect(big).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
    expect(world.outbox.bytes).toBe(9);
    world.outbox.close();
    await expect(bigger).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_CLOSED" });
  });

  it("gives up what waited too long, and nothing younger", async () => {
    world.isReady = false;
    world.publish(1);
    await world.later(600);
    world.publish(2);
    await world.later(500);
    expect(world.outcomes).toEqual(["1 PUBLISH"]);
    await world.later(500);
    expect(world.outcomes).toEqual(["1 PUBLISH", "2 PUBLISH"]);
  });

  it("gives up what the client took and never answered for", async () => {
    world.publish(1);
    await world.turn();
    await world.later(1001);
    expect([world.outcomes, world.outbox.size, world.states]).toEqual([["1 PUBLISH"], 0, ["down"]]);
    world.written[0]!.settle();
    await world.turn();
    expect(world.outcomes).toEqual(["1 PUBLISH"]);
  });
});

describe("when the connection breaks", () => {
  it("writes again what was not answered, before what came later", async () => {
    world.publish(1);
    await world.turn();
    world.publish(2);
    await world.turn();
    const [one, two] = world.written.splice(0);
    one!.settle(broken());
    await world.turn();
    world.publish(3);
    await world.later(200);
    expect(world.wrote(), "not before all is known").toEqual([]);
    two!.settle(broken());
    await world.turn();
    await world.later(200);
    expect(world.wrote()).toEqual(["a:1,2,3"]);
    expect(world.states).toEqual(["down"]);
  });

  it("does not write what later envelopes of the channel have overtaken", async () => {
    world.publish(1, "a");
    world.publish(2, "b");
    world.publish(3, "a");
    await world.turn();
    const [one, two, three] = world.written.splice(0);
    one!.settle(broken());
    two!.settle(broken());
    three!.settle();
    await world.turn();
    await world.later(200);
    expect(world.wrote()).toEqual(["b:2"]);
    expect(world.outcomes).toEqual(["3", "1 PUBLISH"]);
  });

  it("waits a little before it tries again, or until it is told to", async () => {
    world.publish(1);
    await world.turn();
    world.written.splice(0)[0]!.settle(broken());
    await world.turn();
    await world.later(50);
    expect(world.wrote()).toEqual([]);
    world.outbox.retryNow();
    await world.turn();
    expect(world.wrote()).toEqual(["a:1"]);
  });

  it("takes a Redis that is loading for one that is away", async () => {
    world.publish(1);
    await world.turn();
    world.written.splice(0)[0]!.settle(new Error("LOADING Redis is loading the dataset in memory"));
    await world.turn();
    await world.later(200);
    expect([world.wrote(), world.outcomes]).toEqual([["a:1"], []]);
  });
});

describe("a call", () => {
  it("is written in its place, and answered", async () => {
    world.publish(1);
    world.call("X");
    world.publish(2);
    world.publish(3);
    await world.turn();
    world.written[1]!.settle(undefined, "reply");
    await world.turn();
    expect(world.outcomes).toEqual(["X reply"]);
    expect(world.wrote()).toEqual(["a:1", "X", "a:2,3"]);
  });

  it("fails at once when Redis is away", async () => {
    world.isReady = false;
    world.call("X");
    await world.turn();
    expect(world.outcomes).toEqual(["X PUBLISH"]);
  });

  it("is not written a second time: what came of the first is not known", async () => {
    world.call("X");
    await world.turn();
    world.written.splice(0)[0]!.settle(broken());
    await world.turn();
    world.call("Y");
    await world.turn();
    expect(world.outcomes).toEqual(["X PUBLISH", "Y PUBLISH"]);
    await world.later(200);
    expect(world.wrote()).toEqual([]);
    world.call("again");
    await world.turn();
    expect(world.wrote()).toEqual(["again"]);
  });

  it("is given up when its client says that the connection broke", async () => {
    world.call("X");
    world.publish(1);
    await world.turn();
    world.outbox.broke();
    await world.turn();
    expect(world.outcomes).toEqual(["X PUBLISH"]);
    expect(world.outbox.size).toBe(1);
  });

  it("does not wait longer than calls may", async () => {
    world.call("X");
    world.publish(1);
    await world.turn();
    await world.later(501);
    expect(world.outcomes).toEqual(["X PUBLISH"]);
  });

  it("fails with what Redis says", async () => {
    const called = world.outbox.call(way("a"), ["X"], 1);
    await world.turn();
    const cause = new Error("ERR Error running script");
    world.written[0]!.settle(cause);
    await expect(called).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH", cause });
  });

  it("fails when the connection goes before it is written", async () => {
    world.call("X");
    world.isReady = false;
    await world.turn();
    expect(world.outcomes).toEqual(["X PUBLISH"]);
  });
});

describe("the window", () => {
  it("holds back what the client would have to keep", async () => {
    world = new World({ maxQueued: 100, maxQueuedBytes: 100 * 1024 * 1024 });
    for (let i = 0; i < 5; i++) void world.outbox.publish(CLUSTER, way("a"), new Uint8Array(1024 * 1024));
    await world.turn();
    expect(world.written).toHaveLength(4);
    world.written[0]!.settle();
    await world.turn();
    await world.turn();
    expect(world.written).toHaveLength(5);
  });

  it("lets one envelope through that is larger than itself", async () => {
    world = new World({ maxQueuedBytes: 100 * 1024 * 1024 });
    void world.outbox.publish(CLUSTER, way("a"), new Uint8Array(8 * 1024 * 1024));
    await world.turn();
    expect(world.written).toHaveLength(1);
  });

  it("goes on after ten thousand envelopes without keeping them", async () => {
    world = new World({ maxQueued: 100_000 });
    for (let round = 0; round < 100; round++) {
      for (let n = 0; n < 100; n++) world.publish(n);
      await world.turn();
      for (const run of world.written.splice(0)) run.settle();
      await world.turn();
    }
    expect([world.outcomes.length, world.outbox.size]).toEqual([10_000, 0]);
  });
});

describe("at the end", () => {
  it("drains what was published", async () => {
    world.publish(1);
    let drained = false;
    void world.outbox.drained().then(() => {
      drained = true;
    });
    expect(world.written).toHaveLength(1);
    await world.turn();
    expect(drained).toBe(false);
    world.written[0]!.settle();
    await world.turn();
    expect(drained).toBe(true);
    await world.outbox.drained();
  });

  it("refuses everything", async () => {
    world.publish(1);
    world.outbox.close();
    world.publish(2);
    await world.turn();
    await world.later(5000);
    expect(world.outcomes.sort()).toEqual(["1 CLOSED", "2 CLOSED"]);
    expect(world.wrote()).toEqual([]);
  });
});
