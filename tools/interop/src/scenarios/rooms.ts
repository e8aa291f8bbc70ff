import assert from "node:assert/strict";
import { fence } from "../fence.js";
import type { Ends, Rig } from "../rig.js";
import type { Scenario } from "../scenario.js";
import { next } from "../signals.js";

/** Three connections in rooms: ada in red and blue, bob in blue, cyd in none. */
async function cast(rig: Rig): Promise<{ ada: Ends; bob: Ends; cyd: Ends; heard: string[] }> {
  const [ada, bob, cyd] = [await rig.connect(), await rig.connect(), await rig.connect()];
  await ada.server.join(["red", "blue"]);
  await bob.server.join("blue");
  const heard: string[] = [];
  for (const [name, { client }] of Object.entries({ ada, bob, cyd })) {
    client.on("call", (text: string) => heard.push(`${text} > ${name}`));
  }
  return { ada, bob, cyd, heard };
}

async function fenceAll(...all: Ends[]): Promise<void> {
  await Promise.all(all.map(fence));
}

export const roomScenarios: Scenario[] = [
  {
    name: "to, in, except and their unions: each recipient once",
    group: "rooms",
    async run(rig) {
      const { ada, bob, cyd, heard } = await cast(rig);
      rig.io.emit("call", "all");
      rig.io.to("red").emit("call", "red");
      rig.io.in("blue").emit("call", "blue");
      rig.io.to("red").to("blue").emit("call", "union");
      rig.io.to(["red", "blue"]).emit("call", "array");
      rig.io.except("red").emit("call", "not red");
      rig.io.to("blue").except(["red"]).emit("call", "blue not red");
      rig.io.to("no such room").emit("call", "nobody");
      await fenceAll(ada, bob, cyd);
      assert.deepEqual(heard.sort(), [
        "all > ada",
        "all > bob",
        "all > cyd",
        "array > ada",
        "array > bob",
        "blue > ada",
        "blue > bob",
        "blue not red > bob",
        "not red > bob",
        "not red > cyd",
        "red > ada",
        "union > ada",
        "union > bob",
      ]);
    },
  },
  {
    name: "from a socket: broadcast, to and except leave the sender out",
    group: "rooms",
    async run(rig) {
      const { ada, bob, cyd, heard } = await cast(rig);
      ada.server.broadcast.emit("call", "broadcast");
      ada.server.to("blue").emit("call", "to blue");
      ada.server.to("red").to("blue").emit("call", "to both");
      ada.server.except("blue").emit("call", "except blue");
      cyd.server.to("blue").except("red").emit("call", "cyd");
      cyd.server.to(bob.server.id).emit("call", "private");
      await fenceAll(ada, bob, cyd);
      assert.deepEqual(heard.sort(), [
        "broadcast > bob",
        "broadcast > cyd",
        "cyd > bob",
        "except blue > cyd",
        "private > bob",
        "to blue > bob",
        "to both > bob",
      ]);
    },
  },
  {
    name: "broadcast operators are values: one chain does not change another",
    group: "rooms",
    async run(rig) {
      const { ada, bob, cyd, heard } = await cast(rig);
      const everyone = rig.io.except("no such room");
      const red = everyone.to("red");
      const blue = everyone.to("blue");
      red.emit("call", "red");
      blue.emit("call", "blue");
      everyone.emit("call", "everyone");
      await fenceAll(ada, bob, cyd);
      assert.deepEqual(heard.sort(), [
        "blue > ada",
        "blue > bob",
        "everyone > ada",
        "everyone > bob",
        "everyone > cyd",
        "red > ada",
      ]);
    },
  },
  {
    name: "broadcast with nested binary reaches everyone",
    group: "rooms",
    async run(rig) {
      const { ada, bob } = await cast(rig);
      const heard = [next(ada.client, "picture"), next(bob.client, "picture")];
      rig.io.to("blue").emit("picture", { name: "p", parts: [Buffer.from([1, 2]), Buffer.from([3])] });
      for (const [picture] of (await Promise.all(heard)) as [{ parts: Uint8Array[] }][]) {
        assert.deepEqual(
          picture.parts.map((part) => [...new Uint8Array(part)]),
          [[1, 2], [3]],
        );
      }
    },
  },
  {
    name: "order holds between socket.emit and io.emit",
    group: "rooms",
    async run(rig) {
      const ends = await rig.connect();
      await ends.server.join("room");
      const heard: number[] = [];
      ends.client.on("n", (n: number) => heard.push(n));
      for (let n = 0; n < 60; n += 3) {
        ends.server.emit("n", n);
        rig.io.emit("n", n + 1);
        rig.io.to("room").emit("n", n + 2);
      }
      await fence(ends);
      assert.deepEqual(
        heard,
        Array.from({ length: 60 }, (_, n) => n),
      );
    },
  },
  {
    name: "join, leave, rooms, and a namespace's rooms are its own",
    group: "rooms",
    async run(rig) {
      const { server } = await rig.connect();
      rig.io.of("/other");
      const other = await rig.connect({ nsp: "/other" });
      await server.join("r");
      assert.deepEqual([...server.rooms].sort(), [server.id, "r"].sort());
      other.client.on("call", () => assert.fail("a room leaked into another namespace"));
      rig.io.to("r").emit("call");
      await fence(other);
      await server.leave("r");
      assert.deepEqual([...server.rooms], [server.id]);
      assert.equal(rig.io.of("/").adapter.rooms.has("r"), false);
    },
  },
  {
    name: "socketsJoin, socketsLeave, fetchSockets, disconnectSockets",
    group: "rooms",
    async run(rig) {
      const { ada, bob, cyd } = await cast(rig);
      rig.io.in("blue").socketsJoin(["green", "gold"]);
      rig.io.in("red").socketsLeave("gold");
      const ids = async (room: string) => (await rig.io.in(room).fetchSockets()).map((socket) => socket.id).sort();
      assert.deepEqual(await ids("green"), [ada.server.id, bob.server.id].sort());
      assert.deepEqual(await ids("gold"), [bob.server.id]);
      assert.equal((await rig.io.fetchSockets()).length, 3);
      const [remote] = await rig.io.in(cyd.server.id).fetchSockets();
      cyd.server.data.name = "cyd";
      assert.equal(remote?.data.name, "cyd");
      const heard = next(cyd.client, "hello");
      remote?.emit("hello", "remote");
      assert.deepEqual(await heard, ["remote"]);
      const gone = [next(ada.client, "disconnect"), next(bob.client, "disconnect")];
      rig.io.in("blue").disconnectSockets();
      assert.deepEqual(
        (await Promise.all(gone)).map(([reason]) => reason),
        ["io server disconnect", "io server disconnect"],
      );
      assert.equal(cyd.client.connected, true);
    },
  },
  {
    name: "rooms empty themselves: adapter events and tables",
    group: "rooms",
    async run(rig) {
      const { client, server } = await rig.connect();
      const { adapter } = rig.io.of("/");
      const seen: unknown[][] = [];
      for (const event of ["create-room", "join-room", "leave-room", "delete-room"]) {
        adapter.on(event, (...args: unknown[]) => seen.push([event, ...args]));
      }
      await server.join("r");
      const left = next(server, "disconnect");
      client.disconnect();
      await left;
      assert.deepEqual(
        seen.filter(([, room]) => room === "r"),
        [
          ["create-room", "r"],
          ["join-room", "r", server.id],
          ["leave-room", "r", server.id],
          ["delete-room", "r"],
        ],
      );
      assert.equal(adapter.rooms.size, 0);
      assert.equal(adapter.sids.size, 0);
      assert.equal(server.rooms.size, 0);
      await server.join("after the end");
      assert.equal(adapter.rooms.size, 0);
    },
  },
];
