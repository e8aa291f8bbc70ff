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

describe("prepareMessages", () => {
  it("keeps its messages as parts of one packet", () => {
    const prepared = prepareMessages(["a", new Uint8Array(3)], false, true);
    expect(prepared.parts?.map(({ data }) => data)).toEqual(["a", new Uint8Array(3)]);
    expect([prepared.size, prepared.compress, prepared.volatile]).toEqual([5, false, true]);
  });
});
