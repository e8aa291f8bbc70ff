import { describe, expect, it } from "vitest";
import { Interest, partitionOf } from "../../src/cluster/interest.js";

function setup(options: { linger?: number; fail?: boolean } = {}) {
  const calls: string[] = [];
  const confirmations: (() => void)[] = [];
  const errors: unknown[] = [];
  const interest = new Interest({
    partitions: 1,
    linger: options.linger ?? 100,
    subscribe(partition) {
      calls.push(`subscribe ${partition}`);
      if (options.fail) return Promise.reject(new RangeError("refused"));
      return new Promise((resolve) => confirmations.push(resolve));
    },
    async unsubscribe(partition) {
      calls.push(`unsubscribe ${partition}`);
      if (options.fail) throw new RangeError("refused");
    },
    onError: (error) => errors.push(error),
  });
  return { interest, calls, confirmations, errors };
}

describe("partitionOf", () => {
  it("is the same everywhere and for ever", () => {
    expect(["", "room", "日本語", "__proto__"].map((room) => partitionOf(room, 64))).toMatchInlineSnapshot(`
      [
        5,
        58,
        14,
        61,
      ]
    `);
  });

  it("spreads rooms", () => {
    const used = new Set(Array.from({ length: 1000 }, (_, i) => partitionOf(`room ${i}`, 64)));
    expect(used.size).toBe(64);
  });

  it("has no partition for what looks like a socket id", () => {
    expect(partitionOf("Qi7PMscvm0NIcYVPAAAA", 64)).toBeUndefined();
    expect(partitionOf("Qi7PMscvm0NIcYVPAAA", 64)).toBeTypeOf("number");
    expect(partitionOf("Qi7PMscvm0NIcYVPAA A", 64)).toBeTypeOf("number");
  });
});

describe("Interest", () => {
  it("subscribes with the first room of a partition and confirms joins once it is in force", async () => {
    const { interest, calls, confirmations } = setup();
    interest.roomCreated("x");
    interest.roomCreated("y");
    expect(calls).toEqual(["subscribe 0"]);
    const confirmed = interest.confirmed(["x", "y"]);
    confirmations[0]!();
    await confirmed;
    expect(interest.confirmed(["x"])).toBeUndefined();
    expect(interest.confirmed(["Qi7PMscvm0NIcYVPAAAA"])).toBeUndefined();
  });

  it("lets go when no room is left for long enough", () => {
    const { interest, calls } = setup({ linger: 100 });
    interest.roomCreated("x");
    interest.roomCreated("y");
    interest.roomDeleted("x", 0);
    interest.sweep(1000);
    interest.roomDeleted("y", 1000);
    interest.sweep(1099);
    expect(interest.size).toBe(1);
    interest.roomCreated("x");
    interest.sweep(2000);
    interest.roomDeleted("x", 2000);
    interest.sweep(2100);
    expect(calls).toEqual(["subscribe 0", "unsubscribe 0"]);
    interest.roomCreated("x");
    interest.close();
    expect(calls.slice(2)).toEqual(["subscribe 0", "unsubscribe 0"]);
  });

  it("reports a driver that refuses, and joins do not wait for it", async () => {
    const { interest, errors } = setup({ fail: true });
    interest.roomCreated("x");
    await interest.confirmed(["x"]);
    interest.close();
    await Promise.resolve();
    expect(errors).toHaveLength(2);
  });
});
