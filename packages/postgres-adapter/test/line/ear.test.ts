import { beforeEach, describe, expect, it } from "vitest";
import { Ear } from "../../src/line/ear.js";
import { FakeLink, turn } from "../support.js";

const PUBLISH = { code: "ERR_SOCKEYE_CLUSTER_PUBLISH" };

describe("an ear", () => {
  let link: FakeLink | undefined;
  let failures: Error[];
  let ear: Ear;
  let heard: string[];

  beforeEach(() => {
    link = new FakeLink();
    failures = [];
    heard = [];
    ear = new Ear({
      link: () => link,
      linkFailed: (error) => failures.push(error),
      ask: (answer) => answer,
    });
  });

  const sink = (name: string) => ({ hear: (payload: string) => heard.push(`${name} ${payload}`) });

  it("listens at once to what is asked for in one turn", async () => {
    const inForce = Promise.all([ear.subscribe("a", sink("a")), ear.subscribe("b", sink("b"))]);
    await turn();
    expect([link!.asked.length, link!.listening]).toEqual([1, []]);
    expect(ear.hears("a")).toBe(false);
    await link!.asked[0]!.answer([{ snapshot: "5:5:" }]);
    await inForce;
    expect(["a", "b", "c"].filter((name) => ear.hears(name))).toEqual(["a", "b"]);
    expect(link!.listening).toEqual(["a", "b"]);
    expect([...ear.inForce()]).toEqual([
      ["a", "5:5:"],
      ["b", "5:5:"],
    ]);
    ear.hear("a", "hello");
    ear.hear("c", "nobody");
    expect(heard).toEqual(["a hello"]);
  });

  it("takes twice for once", async () => {
    const [one, two] = [ear.subscribe("a", sink("a")), ear.subscribe("a", sink("again"))];
    expect(one).toBe(two);
    await turn();
    await link!.asked[0]!.answer([{ snapshot: "1:1:" }]);
    await ear.subscribe("a", sink("again"));
    expect(link!.listening).toEqual(["a"]);
  });

  it("listens again on another link, and knows when it began", async () => {
    void ear.subscribe("a", sink("a"));
    await turn();
    await link!.asked[0]!.answer([{ snapshot: "5:5:" }]);
    const next = new FakeLink();
    const prepared = ear.prepare(next);
    await next.asked[0]!.answer([{ snapshot: "9:9:" }]);
    await prepared;
    expect(next.listening).toEqual(["a"]);
    expect([...ear.inForce()]).toEqual([["a", "5:5:"]]);
  });

  it("listens when there is a link again", async () => {
    link = undefined;
    const inForce = ear.subscribe("a", sink("a"));
    await turn();
    link = new FakeLink();
    ear.linkUp();
    await turn();
    await link.asked[0]!.answer([{ snapshot: "1:1:" }]);
    await inForce;
  });

  it("stops listening, also to what is not in force yet", async () => {
    const waiting = ear.subscribe("a", sink("a"));
    await turn();
    const stopped = ear.unsubscribe("a");
    await link!.asked[0]!.answer([{ snapshot: "1:1:" }]);
    await Promise.all([waiting, stopped, ear.unsubscribe("a")]);
    expect([ear.size, [...ear.inForce()]]).toEqual([0, []]);
    ear.hear("a", "late");
    expect(heard).toEqual([]);
  });

  it("says when it takes long, and comes into force all the same", async () => {
    const waiting = ear.subscribe("a", sink("a"));
    await turn();
    ear.expire(performance.now() + 1);
    await expect(waiting).rejects.toMatchObject(PUBLISH);
    await link!.asked[0]!.answer([{ snapshot: "1:1:" }]);
    expect([...ear.inForce()]).toHaveLength(1);
  });

  it("gives up a link on which it cannot listen", async () => {
    void ear.subscribe("a", sink("a"));
    await turn();
    await link!.asked[0]!.fail(new Error("cut"));
    expect(failures).toHaveLength(1);
  });

  it("is closed", async () => {
    link = undefined;
    const waiting = ear.subscribe("a", sink("a"));
    ear.close();
    await expect(waiting).rejects.toMatchObject(PUBLISH);
    expect(ear.size).toBe(0);
  });
});
