import assert from "node:assert/strict";
import type { AdapterCase } from "../bench.js";
import { eventually } from "../eventually.js";
import { to } from "./selection.js";

export const utilityCases: readonly AdapterCase[] = [
  {
    title: "lists the sockets of rooms",
    async run(bench) {
      const namespace = await bench.open();
      await namespace.connect("a", "x");
      await namespace.connect("b");
      assert.deepEqual(await namespace.adapter.sockets(new Set()), new Set(["a", "b"]));
      assert.deepEqual(await namespace.adapter.sockets(new Set(["x"])), new Set(["a"]));
      assert.deepEqual(await namespace.adapter.sockets(new Set(["nowhere"])), new Set());
    },
  },
  {
    title: "fetches sockets of this process as themselves",
    async run(bench) {
      const namespace = await bench.open();
      const [a] = [await namespace.connect("a", "x"), await namespace.connect("b", "x", "y")];
      const fetched = await namespace.adapter.fetchSockets({
        rooms: new Set(["x"]),
        except: new Set(["y"]),
        flags: {},
      });
      assert.deepEqual(
        fetched.map(({ id }) => id),
        ["a"],
      );
      assert.equal(fetched[0], a);
    },
  },
  {
    title: "makes sockets join and leave rooms",
    async run(bench) {
      const namespace = await bench.open();
      const [a, b] = [await namespace.connect("a", "x"), await namespace.connect("b")];
      namespace.adapter.addSockets(to(["x"]), ["y", "z"]);
      await eventually(() => assert.deepEqual(a.rooms, new Set(["a", "x", "y", "z"])));
      namespace.adapter.delSockets(to(), ["x", "z"]);
      await eventually(() => assert.deepEqual(a.rooms, new Set(["a", "y"])));
      assert.deepEqual(b.rooms, new Set(["b"]));
    },
  },
  {
    title: "disconnects sockets, with or without their connection",
    async run(bench) {
      const namespace = await bench.open();
      const [a, b] = [await namespace.connect("a", "x"), await namespace.connect("b", "y")];
      namespace.adapter.disconnectSockets(to(["x"]), false);
      namespace.adapter.disconnectSockets(to(["y"]), true);
      await eventually(() => assert.deepEqual([a.connected, b.connected], [false, false]));
      assert.deepEqual([a.closed, b.closed], [false, true]);
      assert.equal(namespace.adapter.sids.size, 0);
    },
  },
  {
    title: "counts itself among the servers",
    async run(bench) {
      const { adapter } = await bench.open();
      assert.equal(await adapter.serverCount(), 1);
    },
  },
  {
    title: "answers serverSideEmit at once when there is no other server",
    async run(bench) {
      const namespace = await bench.open();
      const outcome = await Promise.race([
        new Promise((resolve) => namespace.adapter.serverSideEmit(["event", (...args: unknown[]) => resolve(args)])),
        new Promise((resolve) => setTimeout(resolve, 300, "no answer")),
      ]);
      assert.deepEqual(outcome, [null, []]);
      assert.deepEqual(namespace.serverSideEvents, []);
    },
  },
  {
    title: "can be closed twice",
    async run(bench) {
      const { adapter } = await bench.open();
      await adapter.close?.();
      await adapter.close?.();
    },
  },
];
