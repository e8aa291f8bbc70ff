import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RoomIndex, type RoomObserver } from "../src/rooms.js";

type Heard = [kind: "create" | "delete" | "join" | "leave", room: string, id?: string];

function observed() {
  const heard: Heard[] = [];
  const observer: RoomObserver = {
    roomCreated: (room) => heard.push(["create", room]),
    roomDeleted: (room) => heard.push(["delete", room]),
    joined: (room, id) => heard.push(["join", room, id]),
    left: (room, id) => heard.push(["leave", room, id]),
  };
  return { heard, index: new RoomIndex(observer) };
}

describe("RoomIndex", () => {
  it("keeps both directions", () => {
    const { index } = observed();
    index.addAll("s1", ["r1", "r2"]);
    index.addAll("s2", ["r2"]);
    expect(index.rooms).toEqual(
      new Map([
        ["r1", new Set(["s1"])],
        ["r2", new Set(["s1", "s2"])],
      ]),
    );
    expect(index.sids).toEqual(
      new Map([
        ["s1", new Set(["r1", "r2"])],
        ["s2", new Set(["r2"])],
      ]),
    );
  });

  it("creates a room before its first join and deletes it after its last leave", () => {
    const { index, heard } = observed();
    index.addAll("s1", ["r"]);
    index.addAll("s2", ["r"]);
    index.del("s1", "r");
    index.delAll("s2");
    expect(heard).toEqual([
      ["create", "r"],
      ["join", "r", "s1"],
      ["join", "r", "s2"],
      ["leave", "r", "s1"],
      ["leave", "r", "s2"],
      ["delete", "r"],
    ]);
  });

  it("says nothing when nothing changes", () => {
    const { index, heard } = observed();
    index.addAll("s1", ["r"]);
    heard.length = 0;
    index.addAll("s1", ["r"]);
    index.del("s1", "other");
    index.del("s2", "r");
    index.delAll("s3");
    expect(heard).toEqual([]);
  });

  it("knows a socket without rooms until it goes", () => {
    const { index } = observed();
    index.addAll("s1", []);
    expect(index.sids.has("s1")).toBe(true);
    index.delAll("s1");
    expect(index.sids.size).toBe(0);
  });

  it("lets the two sets of a socket that is alone in its own room part when either changes", () => {
    const { index } = observed();
    for (const id of ["a", "b"]) index.addAll(id, [id]);
    const roomsOfA = index.sids.get("a");
    expect(roomsOfA).toBe(index.rooms.get("a"));
    index.addAll("a", ["x", "b"]);
    expect(index.sids.get("a")).toBe(roomsOfA);
    expect(Object.fromEntries(index.sids)).toEqual({ a: new Set(["a", "x", "b"]), b: new Set(["b"]) });
    expect(Object.fromEntries(index.rooms)).toEqual({ a: new Set(["a"]), b: new Set(["b", "a"]), x: new Set(["a"]) });
  });

  it("keeps its invariant when an observer joins and leaves from within", () => {
    const index: RoomIndex = new RoomIndex({
      roomCreated: () => {},
      roomDeleted: () => {},
      joined: (room, id) => room === "r1" && index.del(id, "r1"),
      left: (room, id) => room === "r2" && index.addAll(id, ["r3"]),
    });
    index.addAll("s", ["r1", "r2"]);
    index.delAll("s");
    expect(pairs(index)).toEqual(["s r3"]);
    expect(mirrored(index)).toBe(true);
  });

  it("keeps its invariant when an observer acts on a socket that has only its own room", () => {
    const index: RoomIndex = new RoomIndex({
      roomCreated: (room) => room === "a" && index.addAll("a", ["during creation"]),
      roomDeleted: () => {},
      joined: () => {},
      left: (room, id) => room === id && index.addAll(id, ["after leaving"]),
    });
    index.addAll("a", ["a"]);
    expect(pairs(index)).toEqual(["a a", "a during creation"]);
    index.addAll("b", ["b"]);
    index.del("b", "b");
    expect(pairs(index)).toEqual(["a a", "a during creation", "b after leaving"]);
    expect(mirrored(index)).toBe(true);
  });

  // Invariant: whatever the order of joins and leaves, the index equals a plain list of pairs, both directions mirror
  // each other, no room is empty, and the events replay to the same list.
  it("equals a list of pairs", () => {
    const id = fc.constantFrom("a", "b", "c", "__proto__");
    const room = fc.constantFrom("a", "b", "c", "x", "__proto__", "constructor");
    const step = fc.oneof(
      fc.tuple(fc.constant("addAll" as const), id, fc.array(room, { maxLength: 4 })),
      fc.tuple(fc.constant("del" as const), id, room),
      fc.tuple(fc.constant("delAll" as const), id, fc.constant(undefined)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const { index, heard } = observed();
        const model = new Set<string>();
        for (const [kind, id, rooms] of steps) {
          if (kind === "addAll") {
            index.addAll(id, rooms);
            for (const room of rooms) model.add(`${id} ${room}`);
          } else if (kind === "del") {
            index.del(id, rooms);
            model.delete(`${id} ${rooms}`);
          } else {
            index.delAll(id);
            for (const pair of [...model]) if (pair.startsWith(`${id} `)) model.delete(pair);
          }
        }
        expect(pairs(index)).toEqual([...model].sort());
        expect(replayed(heard)).toEqual([...model].sort());
        expect(mirrored(index)).toBe(true);
      }),
    );
  });
});

function pairs(index: RoomIndex): string[] {
  return [...index.sids].flatMap(([id, rooms]) => [...rooms].map((room) => `${id} ${room}`)).sort();
}

function mirrored(index: RoomIndex): boolean {
  const other = [...index.rooms].flatMap(([room, ids]) => [...ids].map((id) => `${id} ${room}`)).sort();
  const noEmptyRoom = [...index.rooms.values()].every((members) => members.size > 0);
  return noEmptyRoom && JSON.stringify(other) === JSON.stringify(pairs(index));
}

function replayed(heard: Heard[]): string[] {
  const present = new Set<string>();
  const existing = new Set<string>();
  for (const [kind, room, id] of heard) {
    if (kind === "create") existing.add(room);
    if (kind === "delete") existing.delete(room);
    if (kind === "join" && existing.has(room)) present.add(`${id} ${room}`);
    if (kind === "leave" && existing.has(room)) present.delete(`${id} ${room}`);
  }
  return [...present].sort();
}
