/** What is used of a client is the same with every library: one node, and a Redis Cluster. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { RedisLink } from "../../../../packages/redis-adapter/src/clients/contract.js";
import { holdLink } from "../../../../packages/redis-adapter/src/clients/link.js";
import { type Connected, libraries } from "../../src/redis/clients.js";
import { RedisCluster } from "../../src/redis/redis-cluster.js";
import { RedisServer } from "../../src/redis/redis-server.js";

let server: RedisServer;
let cluster: RedisCluster;

beforeAll(async () => {
  [server, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start()]);
});

afterAll(async () => {
  await Promise.all([server.stop(), cluster.stop()]);
});

const bytes = Buffer.from([0, 255, 13, 10, 128, 7]);

describe.each(libraries)("$name", (library) => {
  describe.each([
    ["one node", () => library.connect(server.port)],
    ["a cluster", () => library.connectToCluster(cluster.ports)],
  ] as const)("on %s", (_, connect) => {
    let connected: Connected[];
    let pub: RedisLink;
    let sub: RedisLink;

    beforeAll(async () => {
      connected = [await connect(), await connect()];
      [pub, sub] = connected.map(({ client }) => holdLink(client)) as [RedisLink, RedisLink];
    });

    afterAll(async () => {
      for (const link of [pub, sub]) link.release();
      for (const { close } of connected) await close();
    });

    it("is ready", () => {
      expect([pub.ready, pub.ended]).toEqual([true, false]);
    });

    it("sends and returns bytes as they are", async () => {
      expect(String(await pub.send("k", ["SET", "k", bytes]))).toBe("OK");
      expect(await pub.send("k", ["GET", "k"])).toEqual(bytes);
      expect(await pub.send("k", ["GET", "none"])).toBeNull();
      const replies = await Promise.all(
        pub.sendAll("k", [
          ["STRLEN", "k"],
          ["GETRANGE", "k", "1", "2"],
        ]),
      );
      expect(replies).toEqual([6, bytes.subarray(1, 3)]);
    });

    it("settles what is sent together one by one", async () => {
      const sent = pub.sendAll("k", [
        ["SET", "k", "text"],
        ["LPUSH", "k", "x"],
        ["GET", "k"],
      ]);
      const [, pushed, got] = await Promise.allSettled(sent);
      expect(pushed).toMatchObject({ status: "rejected", reason: { message: expect.stringMatching(/^WRONGTYPE /) } });
      expect(got).toMatchObject({ status: "fulfilled", value: Buffer.from("text") });
    });

    it.each(["channel", "sharded"] as const)("publishes and hears, kind %s", async (kind) => {
      const name = `${kind}:{1}é`;
      const heard: [Buffer, string][] = [];
      const listener = (message: Buffer, channel: string) => void heard.push([message, channel]);
      await sub.subscribe(kind, [name, `${name}2`], listener);
      await sub.subscribe(kind, [name], listener);
      const command = kind === "channel" ? "PUBLISH" : "SPUBLISH";
      await Promise.all(
        pub.sendAll(
          name,
          [1, 2, 3].map((n) => [command, name, Buffer.of(n, ...bytes)]),
        ),
      );
      await vi.waitFor(() => expect(heard.map(([message]) => message[0])).toEqual([1, 2, 3]));
      expect(heard[0]).toEqual([Buffer.of(1, ...bytes), name]);
      await sub.resubscribe(kind, [name], true);
      await sub.unsubscribe(kind, [name], listener);
      await pub.send(name, [command, name, "unheard"]);
      await pub.send(name, [command, `${name}2`, "end"]);
      await vi.waitFor(() => expect(heard.at(-1)).toEqual([Buffer.from("end"), `${name}2`]));
      expect(heard).toHaveLength(4);
      await sub.unsubscribe(kind, [`${name}2`], listener);
    });

    it("hears patterns", async () => {
      const heard: string[] = [];
      const listener = (message: Buffer, channel: string) => void heard.push(`${channel} ${message}`);
      await sub.subscribe("pattern", ["p:*"], listener);
      await pub.send("p", ["PUBLISH", "p:1", "a"]);
      await vi.waitFor(() => expect(heard).toEqual(["p:1 a"]));
      await sub.unsubscribe("pattern", ["p:*"], listener);
    });

    it("keeps the subscriptions of others on the same client", async () => {
      const other = holdLink(connected[1]!.client);
      const [mine, theirs] = [vi.fn(), vi.fn()];
      await Promise.all([sub.subscribe("channel", ["c"], mine), other.subscribe("channel", ["c"], theirs)]);
      await other.unsubscribe("channel", ["c"], theirs);
      other.release();
      await pub.send("c", ["PUBLISH", "c", "x"]);
      await vi.waitFor(() => expect(mine).toHaveBeenCalledOnce());
      expect(theirs).not.toHaveBeenCalled();
      await sub.unsubscribe("channel", ["c"], mine);
    });

    it("counts over all masters", async () => {
      const listener = vi.fn();
      await sub.subscribe("channel", ["counted"], listener);
      const replies = (await pub.sendToMasters(["PUBSUB", "NUMSUB", "counted"])) as [Buffer, number][];
      expect(replies.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(1);
      await sub.unsubscribe("channel", ["counted"], listener);
    });

    it("blocks on a connection of its own", async () => {
      const own = await pub.duplicate();
      await pub.send("stream", ["DEL", "stream"]);
      const read = own.send("stream", ["XREAD", "BLOCK", "7000", "COUNT", "10", "STREAMS", "stream", "0-0"]);
      await pub.send("stream", ["XADD", "stream", "1-1", "field", bytes]);
      expect(JSON.stringify(await read)).toContain(JSON.stringify([Buffer.from("field"), bytes]));
      const unanswered = own.send("stream", ["XREAD", "BLOCK", "0", "STREAMS", "stream", "$"]);
      const rejected = expect(unanswered).rejects.toThrow();
      own.close();
      own.close();
      await rejected;
    });
  });
});
