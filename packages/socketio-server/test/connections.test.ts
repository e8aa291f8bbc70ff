import { beforeEach, describe, expect, it } from "vitest";
import { Connections, type Listed } from "../src/connections.js";

class Item implements Listed {
  before: Listed | undefined = undefined;
  behind: Listed | undefined = undefined;
}

let list: Connections<Item>;
let items: Item[];

beforeEach(() => {
  list = new Connections();
  items = [new Item(), new Item(), new Item(), new Item()];
  for (const item of items) list.add(item);
});

describe("Connections", () => {
  it("lists in the order in which they came", () => {
    expect(list.list()).toEqual(items);
    expect(list.size).toBe(4);
  });

  it.each([0, 1, 2, 3])("lets go of number %i, whichever it is", (at) => {
    const [gone] = items.splice(at, 1);
    list.delete(gone!);
    expect(list.list()).toEqual(items);
    expect(list.size).toBe(3);
    expect([gone!.before, gone!.behind]).toEqual([undefined, undefined]);
  });

  it("does nothing about who is not in it, or no longer", () => {
    list.delete(new Item());
    list.delete(items[3]!);
    list.delete(items[3]!);
    expect(list.size).toBe(3);
    for (const item of items) list.delete(item);
    expect(list.size).toBe(0);
    expect(list.list()).toEqual([]);
    list.add(items[3]!);
    expect(list.list()).toEqual([items[3]]);
  });
});
