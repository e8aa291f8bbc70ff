import { describe, expect, it } from "vitest";
import { Outbox, OutgoingPacket, prepareMessages, sizeOf } from "../../src/session/outbox.js";

const message = (data: string, volatile = false) => new OutgoingPacket("message", data, true, volatile);
const make = (limits = {}) => new Outbox({ maxOutboxBytes: 100, maxOutboxPackets: 5, ...limits });

describe("sizeOf", () => {
  it("counts the type digit of text, and the bytes of every binary form", () => {
    expect(sizeOf(undefined)).toBe(1);
    expect(sizeOf("abc")).toBe(4);
    expect(sizeOf(new ArrayBuffer(8))).toBe(8);
    expect(sizeOf(new Uint16Array(4))).toBe(8);
  });
});

describe("Outbox", () => {
  it("hands out everything in order, and is empty then", () => {
    const outbox = make();
    outbox.push(message("a"));
    outbox.push(message("b"));
    expect([outbox.length, outbox.size]).toEqual([2, 4]);
    expect(outbox.take().map(({ data }) => data)).toEqual(["a", "b"]);
    expect([outbox.length, outbox.size, outbox.take()]).toEqual([0, 0, []]);
  });

  it("keeps what is pushed while a batch is being written apart from it", () => {
    const outbox = make();
    outbox.push(message("a"));
    const batch = outbox.take();
    outbox.push(message("b"));
    expect(batch).toHaveLength(1);
    outbox.recycle(batch);
    expect(outbox.packets.map(({ data }) => data)).toEqual(["b"]);
  });

  it("shares no array between two outboxes that are filled at the same time", () => {
    const [one, two] = [make(), make()];
    one.push(message("a"));
    one.recycle(one.take());
    one.push(message("b"));
    two.push(message("c"));
    expect(one.packets.map(({ data }) => data)).toEqual(["b"]);
    expect(two.packets.map(({ data }) => data)).toEqual(["c"]);
    const empty = make();
    empty.recycle(empty.take());
    const [three, four] = [make(), make()];
    three.push(message("d"));
    expect(four.packets).toEqual([]);
  });

  it("shares no array between two batches that are out at the same time", () => {
    const [one, two] = [make(), make()];
    for (const name of ["a", "b"]) {
      one.push(message(`${name}1`));
      two.push(message(`${name}2`));
      const [first, second] = [one.take(), two.take()];
      expect([first, second].map((batch) => batch.map(({ data }) => data))).toEqual([[`${name}1`], [`${name}2`]]);
      one.recycle(first);
      expect(second.map(({ data }) => data)).toEqual([`${name}2`]);
      two.recycle(second);
    }
  });

  it("keeps the order from the first packet to the third, and drops a first one that may be dropped", () => {
    const outbox = make();
    outbox.push(message("a", true));
    expect([outbox.last?.data, outbox.packets.length]).toEqual(["a", 1]);
    outbox.push(message("b"));
    outbox.push(message("c"));
    expect(outbox.packets.map(({ data }) => data)).toEqual(["a", "b", "c"]);
    outbox.shed();
    expect([outbox.packets.map(({ data }) => data), outbox.dropped, outbox.length]).toEqual([["b", "c"], 1, 2]);
    const alone = make();
    alone.push(message("d", true));
    alone.shed();
    alone.push(message("e"));
    expect([alone.take().map(({ data }) => data), alone.dropped]).toEqual([["e"], 1]);
  });

  it("is full by bytes, by packets, and by what the transport holds", () => {
    const outbox = make();
    outbox.push(message("x".repeat(98)));
    expect(outbox.isFull(0)).toBe(false);
    expect(outbox.isFull(1)).toBe(true);
    const many = make({ maxOutboxBytes: 1e6 });
    for (let i = 0; i < 5; i++) many.push(message("x"));
    expect(many.isFull(0)).toBe(true);
  });

  it("sheds volatile packets only, and counts them", () => {
    const outbox = make();
    for (const [data, volatile] of [
      ["a", true],
      ["b", false],
      ["c", true],
    ] as const) {
      outbox.push(message(data, volatile));
    }
    outbox.shed();
    expect(outbox.packets.map(({ data }) => data)).toEqual(["b"]);
    expect([outbox.size, outbox.dropped]).toEqual([2, 2]);
  });
});

describe("Outbox.mayBeFull", () => {
  it("says no only while nothing that was known at the last batch could make the outbox full", () => {
    const outbox = make();
    outbox.push(message("x".repeat(49)));
    expect(outbox.mayBeFull()).toBe(true);
    outbox.noteHeld(49);
    expect(outbox.mayBeFull()).toBe(false);
    outbox.noteHeld(50);
    expect(outbox.mayBeFull()).toBe(true);
    expect(outbox.isFull(49)).toBe(false);
    expect(outbox.mayBeFull()).toBe(false);
    const many = make({ maxOutboxBytes: 1e6 });
    many.noteHeld(0);
    for (let i = 0; i < 5; i++) many.push(message("x"));
    expect(many.mayBeFull()).toBe(true);
  });

  it("measures from a packet that alone is over the budget, until all of it is gone", () => {
    const outbox = make();
    outbox.push(message("x".repeat(999)));
    expect([outbox.mayBeFull(), outbox.isFull(0)]).toEqual([true, false]);
    outbox.take();
    outbox.noteHeld(1000);
    expect([outbox.mayBeFull(), outbox.isFull(1000)]).toEqual([true, false]);
    expect(outbox.isFull(1100)).toBe(true);
    outbox.noteHeld(0);
    expect(outbox.mayBeFull()).toBe(false);
    expect(outbox.isFull(100)).toBe(true);
  });
});

describe("prepared messages that follow each other", () => {
  const prepare = (data: string, compress = true, volatile = false) => prepareMessages([data], compress, volatile);
  const push = (outbox: Outbox, ...packets: OutgoingPacket[]) => {
    for (const packet of packets) outbox.push(packet);
    return outbox;
  };
  const dataOf = (packet: OutgoingPacket) => (packet.parts ?? [packet]).map(({ data }) => data);
  const roomy = () => make({ maxOutboxBytes: 1e6, maxOutboxPackets: 1000 });

  it("are joined once for all outboxes that get the same", () => {
    const [a, b, c] = [prepare("a"), prepare("b"), prepare("c")];
    const one = push(roomy(), a, b, c);
    const two = push(roomy(), a, b, c);
    expect(one.packets).toHaveLength(1);
    expect(one.packets[0]).toBe(two.packets[0]);
    expect([one.length, one.size]).toEqual([3, 6]);
    expect(one.take().flatMap(dataOf)).toEqual(["a", "b", "c"]);
    expect([one.length, one.size]).toEqual([0, 0]);
  });

  it("stay apart where something else stands between them, and in another order than the first one seen", () => {
    const [a, b, c] = [prepare("a"), prepare("b"), prepare("c")];
    expect(push(roomy(), a, message("x"), b).packets.flatMap(dataOf)).toEqual(["a", "x", "b"]);
    push(roomy(), a, b);
    const other = push(roomy(), a, c, b);
    expect(other.packets.flatMap(dataOf)).toEqual(["a", "c", "b"]);
    expect(other.length).toBe(3);
  });

  it("stay apart when they may be dropped, differ in compression, or are large or many", () => {
    expect(push(roomy(), prepare("a", true, true), prepare("b", true, true)).packets).toHaveLength(2);
    expect(push(roomy(), prepare("a", true), prepare("b", false)).packets).toHaveLength(2);
    const large = "x".repeat(10_000);
    expect(push(roomy(), prepare(large), prepare(large)).packets).toHaveLength(2);
    const many = Array.from({ length: 100 }, (_, i) => prepare(String(i)));
    const outbox = push(roomy(), ...many);
    expect(outbox.packets.map((packet) => packet.parts?.length)).toEqual([64, 36]);
    expect(outbox.packets.flatMap(dataOf)).toEqual(many.map((_, i) => String(i)));
  });

  it("still count one by one, and shed nothing that was joined", () => {
    const outbox = push(make(), prepare("a"), prepare("b"), message("v", true));
    expect(outbox.length).toBe(3);
    outbox.shed();
    expect([outbox.length, outbox.size, outbox.dropped]).toEqual([2, 4, 1]);
    push(outbox, prepare("c"), prepare("d"), prepare("e"));
    expect(outbox.isFull(0)).toBe(true);
  });
});

describe("prepareMessages", () => {
  it("keeps its messages as parts of one packet", () => {
    const prepared = prepareMessages(["a", new Uint8Array(3)], false, true);
    expect(prepared.parts?.map(({ data }) => data)).toEqual(["a", new Uint8Array(3)]);
    expect([prepared.size, prepared.compress, prepared.volatile]).toEqual([5, false, true]);
  });
});
