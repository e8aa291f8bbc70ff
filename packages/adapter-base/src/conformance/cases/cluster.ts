import assert from "node:assert/strict";
import type { AdapterCase } from "../bench.js";
import { eventually } from "../eventually.js";
import { ask } from "./acks.js";
import { to } from "./selection.js";

export const clusterCases: readonly AdapterCase[] = (
  [
    {
      title: "broadcasts to the sockets of all nodes, once each",
      async run(bench) {
        const nodes = await bench.openCluster(3);
        const sockets = await Promise.all(nodes.map((node, i) => node.connect(`s${i}`)));
        nodes[0]!.adapter.broadcast({ type: 2, data: ["event", 1, Uint8Array.of(1, 2)] }, to());
        nodes[1]!.adapter.broadcast({ type: 2, data: ["end"] }, to());
        for (const socket of sockets) {
          await eventually(() => assert.equal(socket.events.length, 2));
          assert.ok(socket.events.some((event) => event[0] === "event" && (event[2] as Uint8Array)[1] === 2));
        }
      },
    },
    {
      title: "broadcasts to a room and leaves out exceptions on all nodes",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const a = await one!.connect("a", "x");
        const b = await two!.connect("b", "x");
        const c = await two!.connect("c", "x", "y");
        one!.adapter.broadcast({ type: 2, data: ["event"] }, to(["x"], ["y"]));
        one!.adapter.broadcast({ type: 2, data: ["end"] }, to());
        await eventually(() =>
          assert.deepEqual(
            [a, b, c].map(({ events }) => events.length),
            [2, 2, 1],
          ),
        );
      },
    },
    {
      title: "reaches one socket on another node by its id",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const b = await two!.connect("b");
        const c = await two!.connect("c");
        one!.adapter.broadcast({ type: 2, data: ["event"] }, to(["b"]));
        await eventually(() => assert.equal(b.events.length, 1));
        assert.equal(c.events.length, 0);
      },
    },
    {
      title: "reaches a socket as soon as its join has resolved",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const b = await two!.connect("b");
        for (let i = 0; i < 20; i++) {
          await b.join(`room ${i}`);
          one!.adapter.broadcast({ type: 2, data: ["event", i] }, to([`room ${i}`]));
        }
        await eventually(() => assert.equal(b.events.length, 20));
      },
    },
    {
      title: "does without flags and except on all nodes",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const b = await two!.connect("b");
        one!.adapter.broadcast({ type: 2, data: ["event"] }, { rooms: new Set() });
        await eventually(() => assert.equal(b.events.length, 1));
        assert.equal((await one!.adapter.fetchSockets({ rooms: new Set(["b"]) })).length, 1);
      },
    },
    {
      title: "reaches sockets in rooms that they were just made to join from afar",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const b = await two!.connect("b", "x");
        for (let i = 0; i < 20; i++) {
          one!.adapter.addSockets(to(["x"]), [`room ${i}`]);
          one!.adapter.broadcast({ type: 2, data: ["event", i] }, to([`room ${i}`]));
        }
        await eventually(() => assert.equal(b.events.length, 20));
      },
    },
    {
      title: "takes numbers for names of rooms, as applications in plain JavaScript do",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const [seven, eight] = [7, 8] as unknown as [string, string];
        const b = await two!.connect("b", seven);
        one!.adapter.addSockets(to([seven]), [eight]);
        await eventually(() => assert.ok(b.rooms.has(eight)));
        one!.adapter.broadcast({ type: 2, data: ["event"] }, to([eight], ["x"]));
        one!.adapter.broadcast({ type: 2, data: ["event"] }, to([seven], [eight]));
        one!.adapter.broadcast({ type: 2, data: ["end"] }, to());
        await eventually(() => assert.deepEqual(b.events, [["event"], ["end"]]));
        const [fetched] = await one!.adapter.fetchSockets(to([eight]));
        assert.ok(new Set(fetched?.rooms).has(seven));
      },
    },
    {
      title: "keeps a local broadcast local",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const [a, b] = [await one!.connect("a"), await two!.connect("b")];
        one!.adapter.broadcast({ type: 2, data: ["local"] }, to([], [], { local: true }));
        one!.adapter.broadcast({ type: 2, data: ["end"] }, to());
        await eventually(() => assert.deepEqual([a.events.length, b.events.length], [2, 1]));
      },
    },
    {
      title: "keeps namespaces apart",
      async run(bench) {
        const [one] = await bench.openCluster(2);
        const other = await bench.open(1, { name: "/other" });
        const third = await bench.open(0, { name: "/other" });
        await bench.agreed([other, third], 2);
        const [a, b] = [await other.connect("a", "x"), await third.connect("b", "x")];
        one!.adapter.broadcast({ type: 2, data: ["event"] }, to(["x"]));
        third.adapter.broadcast({ type: 2, data: ["end"] }, to(["x"]));
        await eventually(() => assert.deepEqual([a.events, b.events], [[["end"]], [["end"]]]));
      },
    },
    {
      title: "delivers to the node's own sockets at once, in order with events sent directly",
      async run(bench) {
        const [one] = await bench.openCluster(2);
        const a = await one!.connect("a");
        a.emit("event", 0);
        one!.adapter.broadcast({ type: 2, data: ["event", 1] }, to());
        a.emit("event", 2);
        assert.deepEqual(a.events, [
          ["event", 0],
          ["event", 1],
          ["event", 2],
        ]);
      },
    },
    {
      title: "keeps the order of one node's broadcasts on another",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const b = await two!.connect("b", "x");
        for (let i = 0; i < 100; i++) one!.adapter.broadcast({ type: 2, data: ["event", i] }, to(["x"]));
        await eventually(() => assert.equal(b.events.length, 100));
        assert.deepEqual(
          b.events.map(([, i]) => i),
          Array.from({ length: 100 }, (_, i) => i),
        );
      },
    },
    {
      title: "collects acknowledgements from all nodes",
      async run(bench) {
        const [one, two, three] = await bench.openCluster(3);
        const sockets = [await one!.connect("a"), await two!.connect("b"), await two!.connect("c")];
        const answers = ask(one!, to(), "all");
        await eventually(() => assert.deepEqual([answers.counts.length, answers.clients], [3, 3]));
        await eventually(() => assert.ok(sockets.every(({ events }) => events.length === 1)));
        for (const socket of sockets) socket.answer(socket.id, Uint8Array.of(1));
        await eventually(() => assert.deepEqual(answers.acks.map(([id]) => id).sort(), ["a", "b", "c"]));
        assert.equal(three!.sockets.size, 0);
      },
    },
    {
      title: "fetches the sockets of all nodes",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        await one!.connect("a", "x");
        const b = await two!.connect("b", "x", "y");
        b.data = { name: "ada" };
        await two!.connect("c");
        const fetched = await one!.adapter.fetchSockets(to(["x"]));
        assert.deepEqual(fetched.map(({ id }) => id).sort(), ["a", "b"]);
        const remote = fetched.find(({ id }) => id === "b")!;
        assert.deepEqual(
          [remote.handshake, new Set(remote.rooms), remote.data],
          [b.handshake, new Set(["b", "x", "y"]), { name: "ada" }],
        );
      },
    },
    {
      title: "makes sockets of other nodes join, leave and disconnect",
      async run(bench) {
        const [one, two] = await bench.openCluster(2);
        const b = await two!.connect("b", "x");
        one!.adapter.addSockets(to(["x"]), ["y"]);
        await eventually(() => assert.ok(b.rooms.has("y")));
        // What is sent to a room reaches a member from when its join has resolved, which `addSockets` does not wait for.
        await b.join("y");
        one!.adapter.delSockets(to(["y"]), ["x"]);
        await eventually(() => assert.ok(!b.rooms.has("x")));
        one!.adapter.broadcast({ type: 2, data: ["bye"] }, to(["y"]));
        one!.adapter.disconnectSockets(to(["y"]), true);
        await eventually(() => assert.deepEqual([b.connected, b.closed, b.events], [false, true, [["bye"]]]));
      },
    },
    {
      title: "emits to the other servers, and not to itself",
      async run(bench) {
        const nodes = await bench.openCluster(3);
        nodes[0]!.adapter.serverSideEmit(["hello", 1, Uint8Array.of(3)]);
        for (const { serverSideEvents } of nodes.slice(1)) {
          await eventually(() => assert.equal(serverSideEvents.length, 1));
          const [name, number, bytes] = serverSideEvents[0]!;
          assert.deepEqual([name, number, [...(bytes as Uint8Array)]], ["hello", 1, [3]]);
        }
        assert.deepEqual(nodes[0]!.serverSideEvents, []);
      },
    },
    {
      title: "collects the answers of the other servers",
      async run(bench) {
        const nodes = await bench.openCluster(3);
        const outcome = await new Promise<unknown[]>((resolve) => {
          nodes[0]!.adapter.serverSideEmit(["hello", 1, (...args: unknown[]) => resolve(args)]);
        });
        assert.deepEqual(outcome, [null, ["answer to 1", "answer to 1"]]);
      },
    },
    {
      title: "no longer counts a server that closed, and does not wait for it",
      async run(bench) {
        const nodes = await bench.openCluster(3);
        await nodes[2]!.adapter.close?.();
        await bench.agreed(nodes.slice(0, 2), 2);
        const b = await nodes[1]!.connect("b");
        assert.deepEqual(
          (await nodes[0]!.adapter.fetchSockets(to())).map(({ id }) => id),
          [b.id],
        );
      },
    },
  ] satisfies AdapterCase[]
).map((one) => ({ ...one, needs: "cluster" }));
