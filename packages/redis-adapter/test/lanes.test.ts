import type { Channel } from "@sockeye/adapter-base";
import { describe, expect, it } from "vitest";
import { slotOf } from "../src/clients/slot.js";
import { ChannelNames, LANES, laneOf, tagged } from "../src/lanes.js";

const all = (namespace: string): Channel => ({ kind: "all", namespace });

describe("lanes", () => {
  it("divide the slots of a cluster evenly", () => {
    const slots = LANES.map(slotOf).sort((a, b) => a - b);
    const gaps = slots.map((slot, i) => slot - (i === 0 ? -512 : slots[i - 1]!));
    for (const gap of gaps) expect(Math.abs(gap - 1024)).toBeLessThan(32);
  });

  it("are all used, and the same for the same text", () => {
    const used = new Set(Array.from({ length: 500 }, (_, i) => laneOf(`rooms#${i}#/`)));
    expect(used.size).toBe(LANES.length);
    expect(laneOf("/chat")).toBe(laneOf("/chat"));
  });
});

describe("a tagged name", () => {
  it.each([
    ["socket.io", "{socket.io}"],
    ["app{1}x", "app{1}x"],
    ["app{}x", "{app{}x}"],
    ["app{x", "{app{x}"],
  ])("%s becomes %s, and what begins with it is in its slot", (name, wanted) => {
    expect(tagged(name)).toBe(wanted);
    expect(slotOf(`${tagged(name)}~log#/{a}`)).toBe(slotOf(tagged(name)));
  });

  it("is in the slot of the name itself, where that decides", () => {
    for (const name of ["socket.io", "app{1}x"]) expect(slotOf(tagged(name))).toBe(slotOf(name));
  });
});

describe("the names of channels", () => {
  it("are plain in classic mode, in one lane", () => {
    const names = new ChannelNames("socket.io", false);
    expect(names.of(all("/chat"))).toEqual({ name: "socket.io~all#/chat", lane: "", route: "{socket.io}" });
    expect(names.of({ kind: "node", node: "00aa" }).name).toBe("socket.io~node#00aa");
    expect(names.of({ kind: "rooms", namespace: "/", partition: 3 }).name).toBe("socket.io~rooms#3#/");
    expect(names.probe("00aa", "").name).toBe("socket.io~probe#00aa");
  });

  it("carry their lane in sharded mode, so that it decides about the slot", () => {
    const names = new ChannelNames("socket.io", true);
    const { name, lane } = names.of(all("/{a}b"));
    expect(name).toBe(`socket.io{${lane}}~all#/{a}b`);
    expect(slotOf(name)).toBe(slotOf(lane));
    expect(slotOf(names.routeOf("/{a}b"))).toBe(slotOf(lane));
    expect(slotOf(names.probe("00aa", lane).name)).toBe(slotOf(lane));
  });

  it("are none of those that the incumbent listens to", () => {
    const theirs = /^socket\.io(#|-request#|-response#)/;
    for (const sharded of [false, true]) {
      const { name } = new ChannelNames("socket.io", sharded).of(all("/"));
      expect(name).not.toMatch(theirs);
    }
  });
});
