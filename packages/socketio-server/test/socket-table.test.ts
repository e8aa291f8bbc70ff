import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SocketTable } from "../src/socket-table.js";

const key = fc.constantFrom("a", "b", "c", "__proto__", "");
const step = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), key, value: fc.nat(3) }),
  fc.record({ kind: fc.constant("delete" as const), key }),
  fc.record({ kind: fc.constant("clear" as const) }),
);

function views(map: Map<string, number>) {
  const visited: [number, string, boolean][] = [];
  map.forEach((value, name, table) => {
    visited.push([value, name, table === map]);
  });
  return {
    size: map.size,
    entries: [...map.entries()],
    itself: [...map],
    keys: [...map.keys()],
    values: [...map.values()],
    copy: new Map(map),
    visited,
    asked: ["a", "b", "c", "__proto__", "", "d"].map((name) => [map.get(name), map.has(name)]),
  };
}

describe("SocketTable", () => {
  it("is a Map, whatever is done to it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const model = new Map<string, number>();
        const table = new SocketTable<number>();
        for (const one of steps) {
          if (one.kind === "clear") {
            model.clear();
            table.clear();
          } else if (one.kind === "set") {
            model.set(one.key, one.value);
            expect(table.set(one.key, one.value)).toBe(table);
          } else {
            expect(table.delete(one.key)).toBe(model.delete(one.key));
          }
          expect(views(table)).toEqual(views(model));
        }
      }),
    );
  });

  it("takes entries when it is made, and is shown as a Map", () => {
    const table = new SocketTable([["a", 1]]);
    expect(table).toBeInstanceOf(Map);
    expect(table.get("a")).toBe(1);
    expect(inspect(table)).toBe("Map(1) { 'a' => 1 }");
  });

  it("can be changed while somebody goes through it", () => {
    const table = new SocketTable([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    const seen: number[] = [];
    for (const value of table.values()) {
      seen.push(value);
      table.delete("b");
      if (value === 1) table.set("d", 4);
    }
    expect(seen).toEqual([1, 3, 4]);
  });
});
