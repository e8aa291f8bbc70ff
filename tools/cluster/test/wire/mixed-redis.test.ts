import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisServer } from "../../src/redis/redis-server.js";
import { agreed, type Client, eventually, type Member, startCluster } from "../../src/wire/mixed-cluster.js";
import { library, type Make, member, modes } from "../../src/wire/redis-members.js";

// Official servers and ours in one cluster: whatever one of them says, the others hear, whoever says it.
let redis: RedisServer;

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(() => redis.stop());

const makes: readonly Make[] = ["official", "ours", "ours on the official server"];

describe.each(modes)("a mixed cluster over $name", (mode) => {
  let members: Member[];
  let clients: Client[];

  beforeEach(async () => {
    const others = ["ioredis 6", "redis 6"].map(library).find(mode.supports)!;
    members = await startCluster(
      makes.map((make) => member(make, mode, make === "ours" ? others : library("redis 5"), redis.port)),
    );
    clients = await Promise.all(members.map((one, i) => one.connect(["all", `room ${i}`])));
  });

  afterEach(async () => {
    await Promise.all(members.map((one) => one.close()));
  });

  const heard = () => clients.map((client) => client.heard);
  const everybodyHears = (...events: unknown[][]) =>
    eventually(() => heard().every((list) => list.length >= events.length)).then(() => {
      for (const list of heard()) expect(list).toEqual(events);
    });
  const end = (from: number) => {
    members[from]!.io.emit("end");
    return eventually(() => heard().every((list) => list.some(([name]) => name === "end")));
  };

  describe.each(makes.map((make, from) => ({ make, from })))("$make", ({ from }) => {
    const others = [0, 1, 2].filter((i) => i !== from);
    const io = () => members[from]!.io;

    it("broadcasts to everybody, with values of every kind", async () => {
      const value = { text: "é\u2028🐟", list: [1, -1, 1.5, 2 ** 40, null, true], nested: { deep: [{}] } };
      io().emit("event", value, "more");
      io().emit("bytes", Buffer.from([0, 255]), { in: [Buffer.from("x"), new Uint8Array([7])] });
      io().emit("none");
      await everybodyHears(
        ["event", value, "more"],
        ["bytes", Buffer.from([0, 255]), { in: [Buffer.from("x"), Buffer.from([7])] }],
        ["none"],
      );
    });

    it("broadcasts to rooms, without exceptions, and to one socket", async () => {
      io().to("all").emit("room");
      io().to(["room 0", "room 2", "nowhere"]).emit("two rooms");
      io()
        .to("all")
        .except("room 1")
        .compress(false)
        .emit("except", Buffer.from([1]));
      for (const { id } of clients) io().to(id).emit("you", id);
      io().to("nowhere").emit("nobody");
      await end(from);
      clients.forEach(({ id, heard }, i) => {
        const names = i === 1 ? ["room", "you", "end"] : ["room", "two rooms", "except", "you", "end"];
        expect(heard.map(([name]) => name)).toEqual(names);
        expect(heard).toContainEqual(["you", id]);
      });
    });

    it("broadcasts what may be dropped, to those who can take it", async () => {
      io().volatile.emit("volatile", Buffer.from([1]));
      await everybodyHears(["volatile", Buffer.from([1])]);
    });

    it("takes numbers for names of rooms", async () => {
      members.forEach(({ io }, i) => {
        io.sockets.sockets.get(clients[i]!.id)!.join(7 as never);
      });
      await eventually(() => members.every(({ io }) => io.sockets.adapter.rooms.has(7 as never)));
      io()
        .to(7 as never)
        .emit("seven");
      io()
        .to([7, 8] as never)
        .emit("seven or eight");
      await everybodyHears(["seven"], ["seven or eight"]);
    });

    it("keeps what is local local, and the order of what is not", async () => {
      io().local.emit("local");
      for (let i = 0; i < 100; i++) io().to("all").emit("event", i);
      await end(from);
      heard().forEach((list, i) => {
        const numbers = Array.from({ length: 100 }, (_, n) => ["event", n]);
        expect(list).toEqual([...(i === from ? [["local"]] : []), ...numbers, ["end"]]);
      });
    });

    it("collects acknowledgements, with bytes, and from nobody", async () => {
      clients.forEach(({ socket }, i) => {
        socket.on("ask", (question: unknown, answer: (reply: unknown) => void) =>
          answer([i, question, Buffer.from([i])]),
        );
      });
      const answers = await io()
        .timeout(5000)
        .emitWithAck("ask", Buffer.from([9]));
      expect(answers.sort(([a]: [number], [b]: [number]) => a - b)).toEqual(
        [0, 1, 2].map((i) => [i, Buffer.from([9]), Buffer.from([i])]),
      );
      expect(await io().to("nowhere").timeout(5000).emitWithAck("ask", 1)).toEqual([]);
    });

    it("tells which acknowledgements came in time", async () => {
      for (const i of others.slice(1)) clients[i]!.socket.on("ask", (answer) => answer(i));
      clients[from]!.socket.on("ask", (answer) => answer(from));
      const [error, answers] = await new Promise<[Error, number[]]>((resolve) => {
        io()
          .timeout(700)
          .emit("ask", (...args: [Error, number[]]) => resolve(args));
      });
      expect(error.message).toBe("operation has timed out");
      expect(answers.sort()).toEqual([from, ...others.slice(1)].sort());
    });

    it("fetches sockets, with rooms, handshake and data", async () => {
      members.forEach(({ io }, i) => {
        io.sockets.sockets.get(clients[i]!.id)!.data = { name: `client ${i}`, list: [i] };
      });
      const sockets = await io().in("all").fetchSockets();
      expect(sockets.map(({ id }) => id).sort()).toEqual(clients.map(({ id }) => id).sort());
      for (const socket of sockets) {
        const i = clients.findIndex(({ id }) => id === socket.id);
        expect(socket.data).toEqual({ name: `client ${i}`, list: [i] });
        expect([...socket.rooms].sort()).toEqual([clients[i]!.id, "all", `room ${i}`].sort());
        expect(socket.handshake.query).toMatchObject({ transport: "websocket" });
      }
      expect(await io().in("all").except(["room 0", "room 1"]).fetchSockets()).toHaveLength(1);
    });

    it("acts on a socket that it fetched", async () => {
      for (const i of others) {
        clients[i]!.socket.on("ask", (answer) => answer(i));
        const [socket] = await io().in(`room ${i}`).fetchSockets();
        socket!.emit("hello", i);
        // Questions may overtake events: with streams they take another way.
        await eventually(() => clients[i]!.heard.length === 1);
        expect(await socket!.timeout(5000).emitWithAck("ask")).toBe(i);
        socket!.join("new");
        await eventually(async () => (await io().in("new").fetchSockets()).length === 1);
        socket!.leave("new");
        await eventually(async () => (await io().in("new").fetchSockets()).length === 0);
        socket!.disconnect(true);
        await eventually(() => !clients[i]!.socket.connected);
        expect(clients[i]!.heard[0]).toEqual(["hello", i]);
      }
    });

    it("makes sockets join, leave and disconnect", async () => {
      const inRoom = (room: string) => members.map(({ io }) => io.sockets.adapter.rooms.get(room)?.size ?? 0);
      io().in("all").except("room 0").socketsJoin(["a", "b"]);
      await eventually(() => inRoom("b").join() === "0,1,1");
      io().in("a").socketsLeave("b");
      await eventually(() => inRoom("b").join() === "0,0,0");
      io().to("a").emit("bye");
      io().in("a").disconnectSockets();
      await eventually(() => clients.slice(1).every(({ socket }) => !socket.connected));
      expect(heard()).toEqual([[], [["bye"]], [["bye"]]]);
      expect(clients[0]!.socket.connected).toBe(true);
    });

    it("emits to the other servers", async () => {
      const said: unknown[][] = [];
      members.forEach(({ io }, i) => {
        io.on("hello" as never, ((...args: unknown[]) => said.push([i, ...args])) as never);
      });
      io().serverSideEmit("hello" as never, ...([1, { a: "b" }] as unknown as never[]));
      await eventually(() => said.length === 2);
      await end(from);
      expect(said.sort()).toEqual(others.map((i) => [i, 1, { a: "b" }]));
    });

    it("asks the other servers", async () => {
      members.forEach(({ io }, i) => {
        io.on("ask" as never, ((n: number, answer: (reply: unknown) => void) => answer([i, n + 1])) as never);
      });
      const answers = await io().serverSideEmitWithAck("ask" as never, ...([1] as unknown as never[]));
      expect((answers as unknown as number[][]).sort()).toEqual(others.map((i) => [i, 2]));
    });

    it("keeps namespaces apart", async () => {
      for (const { io } of members) io.of("/chat");
      await agreed(members, 3, "/chat");
      const chatting = await Promise.all(members.map((one) => one.connect(["all"], "/chat")));
      io()
        .of("/chat")
        .to("all")
        .emit("chat", Buffer.from([1]));
      io().to("all").emit("main");
      await everybodyHears(["main"]);
      await eventually(() => chatting.every(({ heard }) => heard.length > 0));
      for (const { heard } of chatting) expect(heard).toEqual([["chat", Buffer.from([1])]]);
      expect(await io().of("/chat").fetchSockets()).toHaveLength(3);
    });

    it("leaves, and nobody waits for it", async () => {
      await members[from]!.close();
      const left = members.filter((one) => one !== members[from]);
      await agreed(left, 2);
      for (const { io } of left) {
        expect((await io.fetchSockets()).map(({ id }) => id).sort()).toEqual(others.map((i) => clients[i]!.id).sort());
        io.on("ask" as never, ((answer: (reply: string) => void) => answer("yes")) as never);
      }
      for (const { io } of left) expect(await io.serverSideEmitWithAck("ask" as never)).toEqual(["yes"]);
      expect(
        await left[0]!.io
          .timeout(2000)
          .emitWithAck("nothing")
          .catch((error) => error.message),
      ).toBe("operation has timed out");
    });
  });
});
