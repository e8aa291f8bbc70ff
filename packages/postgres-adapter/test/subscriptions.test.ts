import { describe, expect, it } from "vitest";
import { Subscriptions } from "../src/subscriptions.js";

const all = (namespace: string) => ({ kind: "all", namespace }) as const;

describe("subscriptions", () => {
  it("come into force when they are confirmed", async () => {
    const subscriptions = new Subscriptions();
    const inForce = subscriptions.add("a", all("/"), 0);
    expect(subscriptions.takeUnheard()).toEqual(["a"]);
    expect(subscriptions.takeUnheard()).toEqual([]);
    expect(subscriptions.isInForce("a")).toBe(false);
    subscriptions.confirm(["a"], "1:1:");
    await inForce;
    expect(subscriptions.isInForce("a")).toBe(true);
    expect(subscriptions.channelOf("a")).toEqual(all("/"));
  });

  it("are one when they are asked for twice", () => {
    const subscriptions = new Subscriptions();
    expect(subscriptions.add("a", all("/"), 0)).toBe(subscriptions.add("a", all("/"), 5));
    expect(subscriptions.size).toBe(1);
  });

  it("have to be listened to again on another link, and keep when they began", () => {
    const subscriptions = new Subscriptions();
    subscriptions.add("a", all("/"), 0);
    subscriptions.takeUnheard();
    subscriptions.confirm(["a"], "5:5:");
    subscriptions.linkLost();
    expect(subscriptions.takeUnheard()).toEqual(["a"]);
    subscriptions.confirm(["a"], "9:9:");
    expect([...subscriptions.inForce()]).toEqual([["a", "5:5:"]]);
  });

  it("tell whether there is something to stop", async () => {
    const subscriptions = new Subscriptions();
    const waiting = subscriptions.add("a", all("/"), 0);
    expect(subscriptions.remove("a")).toBe(false);
    await waiting;
    subscriptions.add("b", all("/b"), 0);
    subscriptions.takeUnheard();
    expect(subscriptions.remove("b")).toBe(true);
    expect(subscriptions.remove("b")).toBe(false);
    subscriptions.confirm(["b"], "1:1:");
    expect(subscriptions.isInForce("b")).toBe(false);
  });

  it("that take too long reject, and come into force all the same", async () => {
    const subscriptions = new Subscriptions();
    const waiting = subscriptions.add("a", all("/"), 10);
    subscriptions.expire(10);
    subscriptions.expire(11);
    await expect(waiting).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
    subscriptions.confirm(["a"], "1:1:");
    expect(subscriptions.isInForce("a")).toBe(true);
  });

  it("reject when it is over", async () => {
    const subscriptions = new Subscriptions();
    const waiting = subscriptions.add("a", all("/"), 0);
    subscriptions.clear();
    await expect(waiting).rejects.toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_PUBLISH" });
    expect(subscriptions.size).toBe(0);
  });
});
