import { beforeEach, describe, expect, it } from "vitest";
import type { Parcel } from "../../src/line/outbox.js";
import { Sender } from "../../src/line/sender.js";
import { FakeLink, turn, withCode } from "../support.js";

interface Item extends Parcel {
  readonly text: string;
  readonly isQuiet?: boolean;
}

const LIMITS = { maxQueuedBytes: 10_000, maxQueueTime: 1_000, statementTimeout: 500, sendsAgain: true };
const item = (text: string, channel = "c", size = 1): Item => ({ channel, size, text });
const PUBLISH = "ERR_SOCKEYE_CLUSTER_PUBLISH";

describe("a sender", () => {
  let link: FakeLink | undefined;
  let failures: Error[];
  let sent: string[];
  let sender: Sender<Item>;

  function create(limits = LIMITS): void {
    link = new FakeLink();
    failures = [];
    sent = [];
    sender = new Sender<Item>(limits, {
      link: () => link,
      linkFailed(error) {
        failures.push(error);
        link = undefined;
        sender.linkDown();
      },
      async run(to, items, onAnswer) {
        const texts = items.map(({ text }) => text);
        await to.query({ name: "s", text: "" }, texts);
        onAnswer();
        sent.push(texts.join());
      },
      gapFor: ({ channel, isQuiet }) => (isQuiet ? undefined : item(`gap in ${channel}`, channel)),
      gapForAll: () => item("gap everywhere", "everyone"),
    });
  }

  beforeEach(() => create());

  const said = () => link!.asked.map(({ values }) => values.join());

  it("sends what is published in a turn with one statement", async () => {
    const settled = [sender.send(item("1")), sender.send(item("2", "d")), sender.send(item("3", "d"))];
    await turn();
    expect(said()).toEqual(["1,2,3"]);
    await link!.asked[0]!.answer();
    await Promise.all(settled);
    expect(sent).toEqual(["1,2,3"]);
  });

  it("sends one statement at a time, with all that has gathered meanwhile", async () => {
    void sender.send(item("1"));
    await turn();
    for (const text of ["2", "3"]) {
      void sender.send(item(text));
      await turn();
    }
    expect(said()).toEqual(["1"]);
    await link!.asked[0]!.answer();
    expect(said()).toEqual(["1", "2,3"]);
  });

  it("waits for a link, and sends again what may have been lost with the last one", async () => {
    const first = sender.send(item("1"));
    await turn();
    const lost = link!;
    await lost.asked[0]!.fail(new Error("cut"));
    expect(failures).toHaveLength(1);
    const second = sender.send(item("2"));
    await turn();
    link = new FakeLink();
    sender.linkUp();
    expect(said()).toEqual(["1,2"]);
    await link.asked[0]!.answer();
    await Promise.all([first, second]);
  });

  it("does not send again where receivers could not tell", async () => {
    create({ ...LIMITS, sendsAgain: false });
    const refused = expect(sender.send(item("1"))).rejects.toMatchObject({ code: PUBLISH });
    await turn();
    await link!.asked[0]!.fail(new Error("cut"));
    await refused;
    link = new FakeLink();
    sender.linkUp();
    expect(said()).toEqual(["gap in c"]);
  });

  it("does not care for answers of a link that was given up", async () => {
    void sender.send(item("1"));
    await turn();
    const late = link!;
    sender.linkDown();
    link = new FakeLink();
    sender.linkUp();
    await late.asked[0]!.answer();
    await late.asked[0]!.fail(new Error("late"));
    expect([failures, said()]).toEqual([[], ["1"]]);
    // It is still under way on the new link.
    void sender.send(item("2"));
    await turn();
    expect(said()).toEqual(["1"]);
  });

  it("rejects what the database refuses, and goes on", async () => {
    const refused = expect(sender.send(item("1"))).rejects.toMatchObject({ code: PUBLISH });
    await turn();
    await link!.asked[0]!.fail(withCode("42P01"));
    await refused;
    expect(failures).toEqual([]);
    void sender.send(item("2"));
    await turn();
    expect(said()).toEqual(["1", "gap in c,2"]);
  });

  it("tells receivers once of what it dropped while there was no way", async () => {
    link = undefined;
    const dropped = expect(sender.send(item("1"))).rejects.toMatchObject({ code: PUBLISH });
    sender.check(performance.now() + 1_001);
    await dropped;
    link = new FakeLink();
    sender.linkUp();
    expect(said()).toEqual(["gap in c"]);
    await link.asked[0]!.answer();
    void sender.send(item("2"));
    await turn();
    expect(said()).toEqual(["gap in c", "2"]);
  });

  it("does not speak of what nobody needs to know", async () => {
    link = undefined;
    sender.send({ ...item("1"), isQuiet: true }).catch(() => undefined);
    sender.check(performance.now() + 1_001);
    link = new FakeLink();
    sender.linkUp();
    expect(said()).toEqual([]);
  });

  it("says 'everything' when it has dropped on too many channels", async () => {
    link = undefined;
    for (let i = 0; i < 300; i++) {
      sender.send(item("1", `c${i}`)).catch(() => undefined);
      sender.check(performance.now() + 1_001);
    }
    link = new FakeLink();
    sender.linkUp();
    expect(said()[0]).toMatch(/^gap everywhere(,gap in c\d+){43}$/);
  });

  it("bounds what waits", async () => {
    link = undefined;
    void sender.send(item("1", "c", 5_000));
    await expect(sender.send(item("2", "c", 5_000))).rejects.toMatchObject({ code: PUBLISH });
    expect(sender.queuedBytes).toBeLessThan(LIMITS.maxQueuedBytes);
  });

  it("refuses everything once it is closed", async () => {
    link = undefined;
    const waiting = expect(sender.send(item("1"))).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_CLOSED" });
    sender.close();
    await waiting;
    await expect(sender.send(item("1"))).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_CLOSED" });
  });

  it("gives up a link that does not answer", async () => {
    void sender.send(item("1"));
    await turn();
    sender.check(performance.now() + 400);
    expect(failures).toEqual([]);
    sender.check(performance.now() + 501);
    expect(failures).toMatchObject([{ code: "ERR_SOCKEYE_POSTGRES_CONNECTION" }]);
  });

  it("fails what cannot wait when there is no link, or when it is lost, and keeps the rest", async () => {
    const errors: Error[] = [];
    const question = (text: string): Item => ({ ...item(text), fail: (error) => errors.push(error) });
    link = undefined;
    await expect(sender.send(question("0"))).rejects.toMatchObject({ code: PUBLISH });
    link = new FakeLink();
    void sender.send(question("1"));
    const message = sender.send(item("2"));
    await turn();
    void sender.send(question("3"));
    await turn();
    await link.asked[0]!.fail(new Error("cut"));
    expect(errors).toMatchObject([{ code: PUBLISH }, { code: PUBLISH }]);
    link = new FakeLink();
    sender.linkUp();
    expect(said()).toEqual(["2"]);
    await link.asked[0]!.answer();
    await message;
  });

  it("says when everything is sent", async () => {
    void sender.send(item("1"));
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
    sender.send(item("2")).catch(() => undefined);
    await sender.drained();
  });
});
