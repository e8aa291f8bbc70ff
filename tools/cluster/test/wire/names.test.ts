import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisServer } from "../../src/redis/redis-server.js";
import { agreed, eventually, type Member, startCluster } from "../../src/wire/mixed-cluster.js";
import { library, type Make, member, modes } from "../../src/wire/redis-members.js";

let redis: RedisServer;
let members: Member[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
});

afterAll(() => redis.stop());

afterEach(async () => {
  await Promise.all(members.splice(0).map((one) => one.close()));
});

// Peers may choose them: patterns of Redis, and what separates the parts of the incumbent's channels.
const namespaces = ["/", "/[b]*?^-", "/a", "/a#b", "/#r"];
const rooms = ["b", "*", "#", "x#y", "r", "[b]", "é 🐟", "\\"];

async function eachHearsItsOwnOnce(makes: readonly Make[], mode: (typeof modes)[number], names: readonly string[]) {
  members = await startCluster(makes.map((make) => member(make, mode, library("redis 6"), redis.port)));
  for (const namespace of names) await agreed(members, makes.length, namespace);
  const clients = await Promise.all(
    names.map(async (namespace) => ({ namespace, client: await members[1]!.connect(rooms, namespace) })),
  );
  for (const namespace of names) {
    for (const room of rooms) members[0]!.io.of(namespace).to(room).emit("event", namespace, room);
    members[0]!.io.of(namespace).emit("end");
  }
  const expected = (namespace: string) => [...rooms.map((room) => ["event", namespace, room]), ["end"]];
  for (const { namespace, client } of clients) {
    await eventually(() => client.heard.length >= rooms.length + 1);
    const inOrder = (list: unknown[][]) => list.map((event) => JSON.stringify(event)).sort();
    expect(inOrder(client.heard)).toEqual(inOrder(expected(namespace)));
  }
}

describe.each(modes)("over $name", (mode) => {
  it("namespaces and rooms may have any name", async () => {
    await eachHearsItsOwnOnce(["ours", "ours"], mode, namespaces);
  });

  it("namespaces are dealt out as the incumbent does", async () => {
    const plain = ["/chat", "/z", "/long-namespace-name", "/0", "/Ünïcode", "/a/b/c"];
    await eachHearsItsOwnOnce(["official", "ours"], mode, plain);
    await Promise.all(members.splice(0).map((one) => one.close()));
    await eachHearsItsOwnOnce(["ours", "official"], mode, plain);
  });
});
