import assert from "node:assert/strict";
import type { AdapterCase } from "../bench.js";

export const roomCases: readonly AdapterCase[] = [
  {
    title: "keeps rooms and sids as maps of sets that mirror each other",
    async run(bench) {
      const { adapter } = await bench.open();
      await adapter.addAll("s1", new Set(["r1", "r2"]));
      await adapter.addAll("s2", new Set(["r2"]));
      assert.deepEqual(
        adapter.rooms,
        new Map([
          ["r1", new Set(["s1"])],
          ["r2", new Set(["s1", "s2"])],
        ]),
      );
      assert.deepEqual(
        adapter.sids,
        new Map([
          ["s1", new Set(["r1", "r2"])],
          ["s2", new Set(["r2"])],
        ]),
      );
    },
  },
  {
    title: "removes a socket from one room, as often as it is asked",
    async run(bench) {
      const { adapter } = await bench.open();
      await adapter.addAll("s1", new Set(["r1", "r2"]));
      await adapter.del("s1", "r1");
      await adapter.del("s1", "r1");
      await adapter.del("nobody", "r1");
      assert.deepEqual([...adapter.rooms.keys()], ["r2"]);
      assert.deepEqual(adapter.socketRooms("s1"), new Set(["r2"]));
    },
  },
  {
    title: "forgets a socket that leaves everything",
    async run(bench) {
      const { adapter } = await bench.open();
      await adapter.addAll("s1", new Set(["r1", "r2"]));
      adapter.delAll("s1");
      adapter.delAll("s1");
      assert.deepEqual([adapter.rooms.size, adapter.sids.size, adapter.socketRooms("s1")], [0, 0, undefined]);
    },
  },
  {
    title: "announces rooms and members once each",
    async run(bench) {
      const { adapter } = await bench.open();
      const heard: unknown[][] = [];
      for (const event of ["create-room", "join-room", "leave-room", "delete-room"]) {
        adapter.on(event, (...args: unknown[]) => {
          heard.push([event, ...args]);
        });
      }
      await adapter.addAll("s1", new Set(["r1"]));
      await adapter.addAll("s1", new Set(["r1"]));
      await adapter.addAll("s2", new Set(["r1"]));
      await adapter.del("s1", "r1");
      await adapter.del("s1", "r1");
      adapter.delAll("s2");
      assert.deepEqual(heard, [
        ["create-room", "r1"],
        ["join-room", "r1", "s1"],
        ["join-room", "r1", "s2"],
        ["leave-room", "r1", "s1"],
        ["leave-room", "r1", "s2"],
        ["delete-room", "r1"],
      ]);
    },
  },
  {
    title: "takes any string as the name of a room",
    async run(bench) {
      const { adapter } = await bench.open();
      const names = ["__proto__", "constructor", "", " ", "#", "\u0000", "日本語", "x".repeat(10_000)];
      await adapter.addAll("s1", new Set(names));
      assert.deepEqual(adapter.socketRooms("s1"), new Set(names));
      for (const name of names) await adapter.del("s1", name);
      assert.equal(adapter.rooms.size, 0);
    },
  },
];
