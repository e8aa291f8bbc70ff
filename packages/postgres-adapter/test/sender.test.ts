import { beforeEach, describe, expect, it } from "vitest";
import type { Outgoing } from "../src/outbox.js";
import { Sender } from "../src/sender.js";
import { FakeLink, turn, withCode } from "./support.js";

const LIMITS = {
  payloadThreshold: 7_800,
  maxQueuedBytes: 10_000,
  maxEnvelopeBytes: 5_000,
  maxQueueTime: 1_000,
  statementTimeout: 500,
};
const item = (byte: number, channel = "c"): Outgoing => ({ channel, bytes: Uint8Array.of(byte), isKept: true });
const PUBLISH = "ERR_SOCKEYE_CLUSTER_PUBLISH";

describe("a sender", () => {
  let link: FakeLink | undefined;
  let failures: Error[];
  let rowsLeft: number[];
  let sender: Sender;
  const heard = new Set<string>();

  beforeEach(() => {
    link = new FakeLink();
    failures = [];
    rowsLeft = [];
    heard.clear();
    sender = new Sender({ name: "publish", text: "" }, "everyone", LIMITS, {
      link: () => link,
      linkFailed(error) {
        failures.push(error);
        link = undefined;
        sender.linkDown();
      },
      isHeard: (channel) => heard.has(channel),
      leftRows: (xid) => rowsLeft.push(xid),
    });
    sender.start("node", "own");
  });

  /** Bodies of the notifications of a statement. */
  const bodies = (index: number, from = link!) => from.asked[index]?.values[7];

  it("sends what is published in a turn with one statement", async () => {
    const settled = [sender.send(item(1)), sender.send(item(2, "d")), sender.send(item(3, "d"))];
    await turn();
    expect(link!.asked).toHaveLength(1);
    expect(bodies(0)).toBe('{"1;AQ==","2;Ag==,Aw=="}');
    await link!.asked[0]!.answer([{ xid: "77" }]);
    await Promise.all(settled);
    expect(rowsLeft).toEqual([77]);
  });

  it("sends one statement at a time, with all that has gathered meanwhile", async () => {
    void sender.send(item(1));
    await turn();
    for (const byte of [2, 3]) {
      void sender.send(item(byte));
      await turn();
    }
    expect(link!.asked).toHaveLength(1);
    await link!.asked[0]!.answer();
    expect(link!.asked).toHaveLength(2);
    expect(bodies(1)).toBe('{"1;Ag==,Aw=="}');
  });

  it("waits for a link, and sends again what may have been lost with the last one", async () => {
    const first = sender.send(item(1));
    await turn();
    const lost = link!;
    await lost.asked[0]!.fail(new Error("cut"));
    expect(failures).toHaveLength(1);
    const second = sender.send(item(2));
    await turn();
    link = new FakeLink();
    sender.linkUp();
    expect(bodies(0)).toBe('{"1;AQ==,Ag=="}');
    await link.asked[0]!.answer();
    await Promise.all([first, second]);
  });

  it("does not care for answers of a link that was given up", async () => {
    void sender.send(item(1));
    await turn();
    const late = link!;
    sender.linkDown();
    link = new FakeLink();
    sender.linkUp();
    await late.asked[0]!.answer();
    await late.asked[0]!.fail(new Error("late"));
    expect(failures).toEqual([]);
    expect(link.asked).toHaveLength(1);
  });

  it("rejects what the database refuses, and goes on", async () => {
    const refused = expect(sender.send(item(1))).rejects.toMatchObject({ code: PUBLISH });
    await turn();
    await link!.asked[0]!.fail(withCode("42P01"));
    await refused;
    expect(failures).toEqual([]);
    void sender.send(item(2));
    await turn();
    // Receivers are told that something is missing.
    expect(bodies(1)).toBe('{"1;!,Ag=="}');
  });

  it("tells receivers once of what it dropped while there was no way", async () => {
    link = undefined;
    const dropped = expect(sender.send(item(1))).rejects.toMatchObject({ code: PUBLISH });
    sender.check(performance.now() + 1_001);
    await dropped;
    link = new FakeLink();
    sender.linkUp();
    expect([link.asked[0]!.values[6], bodies(0)]).toEqual(['{"c"}', '{"1;!"}']);
    await link.asked[0]!.answer();
    void sender.send(item(2));
    await turn();
    expect(bodies(1)).toBe('{"1;Ag=="}');
  });

  it("does not speak of dropped signs of life", async () => {
    link = undefined;
    sender.send({ ...item(1), isKept: false }).catch(() => undefined);
    sender.check(performance.now() + 1_001);
    link = new FakeLink();
    sender.linkUp();
    expect(link.asked).toEqual([]);
  });

  it("says 'everything' when it has dropped on too many channels", async () => {
    link = undefined;
    for (let i = 0; i < 300; i++) {
      sender.send(item(1, `c${i}`)).catch(() => undefined);
      sender.check(performance.now() + 1_001);
    }
    link = new FakeLink();
    sender.linkUp();
    expect(link.asked[0]!.values[6]).toMatch(/^\{"everyone",("c\d+",?){43}\}$/);
  });

  it("bounds what waits", async () => {
    link = undefined;
    const large: Outgoing = { channel: "c", bytes: new Uint8Array(5_000), isKept: true };
    void sender.send(large);
    await expect(sender.send(large)).rejects.toMatchObject({ code: PUBLISH });
    expect(sender.queuedBytes).toBeLessThan(LIMITS.maxQueuedBytes);
  });

  it("refuses what is too large, and everything once it is closed", async () => {
    const large: Outgoing = { channel: "c", bytes: new Uint8Array(5_001), isKept: true };
    await expect(sender.send(large)).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_TOO_LARGE" });
    link = undefined;
    const waiting = expect(sender.send(item(1))).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_CLOSED" });
    sender.close();
    await waiting;
    await expect(sender.send(item(1))).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_CLOSED" });
  });

  it("gives up a link that does not answer", async () => {
    void sender.send(item(1));
    await turn();
    sender.check(performance.now() + 400);
    expect(failures).toEqual([]);
    sender.check(performance.now() + 501);
    expect(failures).toHaveLength(1);
  });

  it("gives up a link that answers, but brings nothing back", async () => {
    heard.add("c");
    void sender.send(item(1));
    await turn();
    await link!.asked[0]!.answer();
    sender.heardItself(performance.now());
    sender.check(performance.now() + 501);
    expect(failures).toEqual([]);
    void sender.send(item(2));
    await turn();
    await link!.asked[1]!.answer();
    sender.check(performance.now() + 501);
    expect(failures).toHaveLength(1);
  });

  it("is not suspicious when it was heard before the answer came", async () => {
    heard.add("c");
    void sender.send(item(1));
    await turn();
    sender.heardItself(performance.now() + 1);
    await link!.asked[0]!.answer();
    sender.check(performance.now() + 5_000);
    expect(failures).toEqual([]);
  });

  it("asks a link that was not used for a while for a sign of life", async () => {
    sender.linkUp();
    sender.check(performance.now() + 900);
    expect(link!.asked).toEqual([]);
    sender.check(performance.now() + 1_100);
    sender.check(performance.now());
    expect(link!.asked.map(({ values }) => values.slice(6))).toEqual([['{"own"}', '{"1;"}']]);
    await link!.asked[0]!.answer([{ xid: "5" }]);
    expect(rowsLeft).toEqual([]);
    sender.check(performance.now() + 501);
    expect(failures).toHaveLength(1);
  });

  it("says when everything is sent", async () => {
    void sender.send(item(1));
    await turn();
    let isDrained = false;
    const drained = sender.drained().then(() => {
      isDrained = true;
    });
    await turn();
    expect(isDrained).toBe(false);
    await link!.asked[0]!.answer();
    await drained;
    link = undefined;
    sender.send(item(2)).catch(() => undefined);
    await sender.drained();
  });
});
