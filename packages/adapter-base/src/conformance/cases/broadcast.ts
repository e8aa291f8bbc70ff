import assert from "node:assert/strict";
import type { BroadcastFlags, OutgoingEvent } from "../../contract.js";
import type { AdapterCase } from "../bench.js";
import { eventually } from "../eventually.js";
import type { SimulatedNamespace } from "../simulated-namespace.js";
import { to } from "./selection.js";

/** Everyone among `a`, `b` and `c` who gets an event that is sent to these rooms. */
async function recipients(namespace: SimulatedNamespace, rooms: string[], except?: string[]): Promise<string[]> {
  const sockets = [...namespace.sockets.values()];
  namespace.adapter.broadcast({ type: 2, data: ["event"] }, to(rooms, except));
  namespace.adapter.broadcast({ type: 2, data: ["end"] }, to());
  await eventually(() => assert.ok(sockets.every(({ events }) => events.at(-1)?.[0] === "end")));
  return sockets.flatMap(({ id, events }) => events.filter(([name]) => name === "event").map(() => id));
}

async function population(namespace: SimulatedNamespace): Promise<SimulatedNamespace> {
  await namespace.connect("a", "x");
  await namespace.connect("b", "x", "y");
  await namespace.connect("c", "y");
  return namespace;
}

const selection: [title: string, rooms: string[], except: string[] | undefined, expected: string[]][] = [
  ["everyone", [], undefined, ["a", "b", "c"]],
  ["one room", ["x"], undefined, ["a", "b"]],
  ["one socket, by its own room", ["c"], undefined, ["c"]],
  ["several rooms, nobody twice", ["x", "y"], undefined, ["a", "b", "c"]],
  ["a room that does not exist: nobody", ["nowhere"], undefined, []],
  ["everyone except a room", [], ["x"], ["c"]],
  ["a room except one socket", ["x"], ["a"], ["b"]],
  ["rooms except rooms, of which some do not exist", ["x", "y", "nowhere"], ["c", "elsewhere"], ["a", "b"]],
  ["nobody, when except covers all", ["x"], ["x"], []],
];

export const broadcastCases: readonly AdapterCase[] = [
  ...selection.map(
    ([title, rooms, except, expected]): AdapterCase => ({
      title: `reaches ${title}`,
      async run(bench) {
        assert.deepEqual(await recipients(await population(await bench.open()), rooms, except), expected);
      },
    }),
  ),
  {
    title: "reaches each of ten thousand members once",
    async run(bench) {
      const namespace = await bench.open();
      for (let i = 0; i < 10_000; i++) await namespace.connect(`s${i}`, "huge");
      namespace.adapter.broadcast({ type: 2, data: ["event"] }, to(["huge"], ["s7"]));
      const got = () => [...namespace.sockets.values()].map(({ received }) => received.length);
      await eventually(() => assert.equal(got().filter((count) => count === 1).length, 9_999));
      assert.equal(namespace.sockets.get("s7")!.received.length, 0);
    },
  },
  {
    title: "passes over sockets that are in rooms but not connected yet",
    async run(bench) {
      const namespace = await population(await bench.open());
      await namespace.adapter.addAll("in-middleware", new Set(["x"]));
      assert.deepEqual(await recipients(namespace, ["x"]), ["a", "b"]);
    },
  },
  {
    title: "keeps the order of broadcasts and events sent directly",
    async run(bench) {
      const namespace = await population(await bench.open());
      const socket = namespace.sockets.get("a")!;
      for (let i = 0; i < 50; i += 2) {
        socket.emit("event", i);
        namespace.adapter.broadcast({ type: 2, data: ["event", i + 1] }, to(i % 4 ? ["x"] : []));
      }
      await eventually(() => assert.equal(socket.events.length, 50));
      assert.deepEqual(
        socket.events.map(([, i]) => i),
        Array.from({ length: 50 }, (_, i) => i),
      );
    },
  },
  {
    title: "carries text, numbers, structures and bytes",
    async run(bench) {
      const namespace = await population(await bench.open());
      const args = ["é \u2028 😀", 1.5, null, { deep: [[{ bytes: Uint8Array.of(0, 255) }]] }, new Uint8Array(0)];
      namespace.adapter.broadcast({ type: 2, data: ["event", ...args] }, to());
      for (const socket of namespace.sockets.values())
        await eventually(() => assert.deepEqual(socket.events, [["event", ...args]]));
    },
  },
  {
    title: "leaves event and options as they were",
    async run(bench) {
      const namespace = await population(await bench.open());
      const event: OutgoingEvent = { type: 2, data: Object.freeze(["event", 1]) as OutgoingEvent["data"] };
      const flags: BroadcastFlags = Object.freeze({ volatile: true, compress: false });
      const options = { rooms: new Set(["x"]), except: new Set(["a"]), flags };
      namespace.adapter.broadcast(event, options);
      assert.deepEqual(options, {
        rooms: new Set(["x"]),
        except: new Set(["a"]),
        flags: { volatile: true, compress: false },
      });
      assert.deepEqual(event.data, ["event", 1]);
    },
  },
  {
    title: "does without flags and except",
    async run(bench) {
      const namespace = await population(await bench.open());
      namespace.adapter.broadcast({ type: 2, data: ["event"] }, { rooms: new Set(["y"]) });
      const got = () => [...namespace.sockets.values()].map(({ events }) => events.length);
      await eventually(() => assert.deepEqual(got(), [0, 1, 1]));
    },
  },
];
