import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RoomIndex } from "../src/rooms.js";
import { select } from "../src/select.js";
import { recipients } from "./support/stub-host.js";

const silent = { roomCreated() {}, roomDeleted() {}, joined() {}, left() {} };

function indexOf(members: Record<string, string[]>): RoomIndex {
  const index = new RoomIndex(silent);
  for (const [id, rooms] of Object.entries(members)) index.addAll(id, [id, ...rooms]);
  return index;
}

const index = indexOf({ a: ["x"], b: ["x", "y"], c: ["y"], d: [] });

function picked(rooms: string[], except?: string[]): string[] {
  return recipients(select(index, { rooms: new Set(rooms), except: except && new Set(except) }));
}

describe("select", () => {
  it("takes everyone without rooms", () => {
    expect(picked([])).toEqual(["a", "b", "c", "d"]);
  });

  it("takes the members of one room", () => {
    expect(picked(["x"])).toEqual(["a", "b"]);
  });

  it("takes the union of rooms, nobody twice", () => {
    expect(picked(["x", "y"])).toEqual(["a", "b", "c"]);
  });

  it("takes nobody from rooms that do not exist", () => {
    expect(picked(["nowhere"])).toEqual([]);
    expect(picked(["nowhere", "y"])).toEqual(["b", "c"]);
  });

  it("lets except win over rooms, and over everyone", () => {
    expect(picked(["x", "y"], ["b"])).toEqual(["a", "c"]);
    expect(picked([], ["x", "d"])).toEqual(["c"]);
    expect(picked(["a"], ["a"])).toEqual([]);
  });

  it("can be walked again, and then sees the rooms of that moment", () => {
    const changing = indexOf({ a: ["x"] });
    const selection = select(changing, { rooms: new Set(["x"]) });
    expect(recipients(selection)).toEqual(["a"]);
    changing.addAll("b", ["x"]);
    expect(recipients(selection)).toEqual(["a", "b"]);
  });

  it("shows what it was asked for, so that a host can serve it from topics of its own", () => {
    const selection = select(index, { rooms: new Set(["x"]), except: new Set(["a"]) });
    expect([...selection.rooms]).toEqual(["x"]);
    expect([...selection.except]).toEqual(["a"]);
    expect(select(index, { rooms: new Set() }).except.size).toBe(0);
  });

  // Invariant: exactly the ids that are in one of the rooms (or any, without rooms) and in none of the exceptions, once
  // each, for any number of rooms: both ways of avoiding doubles are reached.
  it("equals a filter over all sockets", () => {
    const rooms = Array.from({ length: 14 }, (_, i) => `r${i}`);
    const someRooms = fc.uniqueArray(fc.constantFrom(...rooms, "nowhere"), { maxLength: 14 });
    const members = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "e"), someRooms);
    fc.assert(
      fc.property(
        members,
        someRooms,
        fc.uniqueArray(fc.constantFrom(...rooms, "a", "nowhere"), { maxLength: 5 }),
        (m, r, e) => {
          const wanted = Object.entries(m)
            .map(([id, joined]) => ({ id, joined: new Set([id, ...joined]) }))
            .filter(({ joined }) => r.length === 0 || r.some((room) => joined.has(room)))
            .filter(({ joined }) => !e.some((room) => joined.has(room)))
            .map(({ id }) => id);
          const got = recipients(select(indexOf(m), { rooms: new Set(r), except: new Set(e) }));
          expect(got.sort()).toEqual(wanted.sort());
        },
      ),
    );
  });
});
