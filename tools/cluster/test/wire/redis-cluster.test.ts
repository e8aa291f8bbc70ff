import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisCluster } from "../../src/redis/redis-cluster.js";
import { type Client, eventually, type Member, startCluster } from "../../src/wire/mixed-cluster.js";
import { library, type Make, member, modes } from "../../src/wire/redis-members.js";

// Official servers and ours over a Redis Cluster of three: channels and streams are the business of different nodes of it.
let cluster: RedisCluster;

beforeAll(async () => {
  cluster = await RedisCluster.start();
});

afterAll(() => cluster.stop());

const makes: readonly Make[] = ["official", "ours", "ours on the official server"];
/** More than there are nodes: their channels are spread over all of them. */
const rooms = Array.from({ length: 12 }, (_, i) => `room ${i}`);

describe.each(["redis 6", "ioredis 6"].map(library))("on $name", (ours) => {
  describe.each(modes)("a mixed cluster over $name", (mode) => {
    let members: Member[];
    let clients: Client[];

    beforeAll(async () => {
      members = await startCluster(
        makes.map((make) => member(make, mode, make === "official" ? library("redis 6") : ours, cluster.ports)),
      );
      clients = await Promise.all(members.map((one) => one.connect(rooms)));
      await untilHeard(members, clients);
    });

    beforeEach(async () => {
      await untilQuiet(members, clients);
      for (const { heard } of clients) heard.length = 0;
    });

    afterAll(async () => {
      await Promise.all(members.map((one) => one.close()));
    });

    const heard = () => clients.map((client) => client.heard);

    describe.each(makes.map((make, from) => ({ make, from })))("$make", ({ from }) => {
      const others = [0, 1, 2].filter((i) => i !== from);
      const io = () => members[from]!.io;

      it("reaches everybody in each room, and each socket", async () => {
        for (const room of rooms)
          io()
            .to(room)
            .emit("room", room, Buffer.from([1]));
        for (const { id } of clients) io().to(id).emit("you", id);
        io().emit("end");
        const count = rooms.length + 2;
        await eventually(() => heard().every(({ length }) => length === count));
        for (const [i, { id }] of clients.entries()) {
          const names = heard()[i]!.map(([name, value]) => `${name} ${value}`);
          const expected = [...rooms.map((room) => `room ${room}`), `you ${id}`, "end undefined"];
          expect([...names].sort()).toEqual([...expected].sort());
        }
      });

      // The official adapter publishes on any node of the cluster, each time on another: it has no order to keep.
      if (makes[from] !== "official" || !mode.name.startsWith("pub/sub")) {
        it("keeps the order of what goes one way", async () => {
          for (let i = 0; i < 100; i++) io().emit("event", i);
          await eventually(() => heard().every(({ length }) => length === 100));
          for (const list of heard()) expect(list).toEqual(Array.from({ length: 100 }, (_, n) => ["event", n]));
        });
      }

      it("asks: sockets, servers, and for acknowledgements", async () => {
        expect((await io().in("room 3").fetchSockets()).map(({ id }) => id).sort()).toEqual(
          clients.map(({ id }) => id).sort(),
        );
        members.forEach(({ io }, i) => {
          io.on("ask" as never, ((answer: (reply: unknown) => void) => answer(i)) as never);
        });
        const answers = await io().serverSideEmitWithAck("ask" as never);
        expect((answers as unknown as number[]).sort()).toEqual(others);
        clients.forEach(({ socket }, i) => {
          socket.on("ask", (answer: (reply: unknown) => void) => answer(i));
        });
        const replies = await io().to("room 5").timeout(5000).emitWithAck("ask");
        expect(replies.sort()).toEqual([0, 1, 2]);
        for (const { io } of members) io.removeAllListeners("ask");
        for (const { socket } of clients) socket.off("ask");
      });
    });
  });
});

/** Until whatever one server says in a room is heard by all clients: the official server's join does not wait for that. */
async function untilHeard(members: readonly Member[], clients: readonly Client[]): Promise<void> {
  const reached = () =>
    new Set(clients.flatMap(({ heard }, to) => heard.map(([, from, room]) => `${from} to ${to} in ${room}`)));
  await eventually(() => {
    // Each room has a channel of its own, perhaps on another node.
    for (const [from, { io }] of members.entries()) for (const room of rooms) io.to(room).emit("again", from, room);
    return reached().size === members.length * clients.length * rooms.length;
  });
}

let rounds = 0;

/** Until everything that was said has arrived. */
async function untilQuiet(members: readonly Member[], clients: readonly Client[]): Promise<void> {
  const round = ++rounds;
  const ends = members.flatMap((_, from) => rooms.map((room) => `${from} in ${room}`));
  for (const [from, { io }] of members.entries()) {
    for (const room of rooms) io.to(room).emit("last", round, `${from} in ${room}`);
  }
  const missing = ({ heard }: Client) => {
    const known = new Set(heard.filter(([name, of]) => name === "last" && of === round).map(([, , end]) => end));
    return ends.filter((end) => !known.has(end));
  };
  await eventually(() => clients.every((client) => missing(client).length === 0)).catch((cause) => {
    throw new Error(`did not arrive: ${JSON.stringify(clients.map(missing))}`, { cause });
  });
}

// Without official servers: of their clients, those that lost a connection reject in the background when they are closed.
describe.each(modes)("servers of ours over $name", (mode) => {
  it("hear again when their connections were cut", async () => {
    const libraries = ["redis 5", "redis 6", "ioredis 6"].map(library);
    const members = await startCluster(libraries.map((one) => member("ours", mode, one, cluster.ports)));
    const clients = await Promise.all(members.map((one) => one.connect(rooms)));
    await cluster.cut("pubsub");
    await untilHeard(members, clients);
    await Promise.all(members.map((one) => one.close()));
  });
});
