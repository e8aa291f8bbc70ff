import { setTimeout as sleep } from "node:timers/promises";
import type { Channel } from "@sockeye/adapter-base";
import { eventually } from "@sockeye/adapter-base/conformance";
import { PostgresDriver } from "@sockeye/postgres-adapter";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";
import { ALL, Listener, numbered, Stage } from "../../src/postgres/stage.js";

let server: PostgresServer;
let stage: Stage;

beforeAll(async () => {
  server = await PostgresServer.start();
});
beforeEach(async () => {
  stage = await Stage.open(server);
});
afterEach(() => stage.close());
afterAll(() => server.stop());

describe("what is sent", () => {
  it("keeps its order when some of it does not fit into a notification", async () => {
    const [one, two] = [await stage.node([]), await stage.node()];
    const sizes = [4, 5_000, 5_700, 5_800, 6_000, 100_000, 4, 3_000_000, 4, 8_000];
    const all = Array.from({ length: 100 }, (_, i) => numbered(i + 1, sizes[i % sizes.length]));
    await Promise.all(all.map((bytes) => one.driver.publish(ALL, bytes)));
    await eventually(() => expect(two.faults(100)).toEqual({ missing: [], late: [] }), 20_000);
    expect(two.heard.map(({ bytes }) => bytes.byteLength)).toEqual(all.map(({ byteLength }) => byteLength));
    expect(two.heard).toHaveLength(100);
  });

  it("may have any size around the limit of a notification, and any bytes", async () => {
    const [one, two] = [await stage.node([]), await stage.node()];
    const sizes = Array.from({ length: 400 }, (_, i) => 5_600 + i);
    for (const size of [0, ...sizes]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31 + size) & 255);
      void one.driver.publish(ALL, bytes);
    }
    await eventually(() => expect(two.heard).toHaveLength(sizes.length + 1), 10_000);
    for (const [i, size] of [0, ...sizes].entries()) {
      const { bytes } = two.heard[i]!;
      expect([bytes.byteLength, bytes.every((byte, j) => byte === ((j * 31 + size) & 255))]).toEqual([size, true]);
    }
  });

  it("goes in one statement when it was published in one turn, and in few notifications", async () => {
    const [one, two] = [await stage.node([]), await stage.node()];
    await Promise.all(Array.from({ length: 200 }, (_, i) => one.driver.publish(ALL, numbered(i + 1))));
    await eventually(() => expect(two.numbers).toHaveLength(200));
    const rows = await server.query(`SELECT DISTINCT xid FROM "${stage.tableName}_messages"`);
    expect(rows).toHaveLength(1);
  });

  it("is heard by nodes with the same prefix only, and has tables of its own", async () => {
    const other = await Stage.open(server);
    const [one, two, three] = [await stage.node(), await stage.node(), await other.node()];
    await one.driver.publish(ALL, numbered(1));
    await eventually(() => expect(two.numbers).toEqual([1]));
    expect([three.numbers, await other.rows()]).toEqual([[], 0]);
    await other.close();
  });
});

describe("hostile names", () => {
  const names = [
    '/"; DROP TABLE users; --',
    "/'); SELECT pg_sleep(10); --",
    `/${"x".repeat(300)}`,
    `/${"x".repeat(299)}y`,
    "/😀🎉",
    "/\u0000",
    "/a\\b\n",
    "/$1",
    "/#all#/",
  ];

  it("are only names", async () => {
    const channels = names.flatMap((namespace): Channel[] => [
      { kind: "all", namespace },
      { kind: "rooms", namespace, partition: 3 },
    ]);
    const [one, two] = [await stage.node([]), await stage.node(channels)];
    for (const [i, channel] of channels.entries()) await one.driver.publish(channel, numbered(i + 1));
    await eventually(() => expect(two.heard).toHaveLength(channels.length));
    expect(two.heard.map(({ channel }) => channel)).toEqual(channels);
    expect(one.errors).toEqual([]);
  });

  it("of prefixes and tables are quoted", async () => {
    const hostile = 'x"; DROP TABLE y; --';
    const pool = stage.pool();
    const options = { tableName: hostile, channelPrefix: `${hostile}'`, createSchema: true };
    const [one, two] = [await stage.node([], options, pool), await stage.node([ALL], options)];
    await one.driver.publish(ALL, numbered(1));
    await one.driver.publish(ALL, numbered(2, 50_000));
    await eventually(() => expect(two.numbers).toEqual([1, 2]));
    const tables = await server.query("SELECT tablename FROM pg_tables WHERE tablename LIKE 'x%'");
    expect(tables).toHaveLength(8);
  });
});

describe("what others notify on our channels", () => {
  it("is dropped and reported when it is not ours, and nothing else is disturbed", async () => {
    const [one, two] = [await stage.node([]), await stage.node()];
    const name = `${stage.tableName}#all#/`;
    for (const payload of ["", "hello", "1;x;1;1;0;1;;%%", "9;later", "1;x;999999999;1;0;1;;@999"]) {
      await server.query("SELECT pg_notify($1, $2)", [name, payload]);
    }
    await one.driver.publish(ALL, numbered(1));
    await eventually(() => expect(two.numbers).toEqual([1]));
    expect(two.errors.map((error) => (error as { code?: string }).code)).toEqual(
      Array(3).fill("ERR_SOCKEYE_POSTGRES_NOTIFICATION"),
    );
    // The reference leads to nothing.
    expect(two.gaps).toEqual([[ALL]]);
  });
});

describe("a table", () => {
  it("is emptied, and nobody asks for anything once it is", async () => {
    const options = { replayWindow: 1_000, cleanupInterval: 100 };
    const cluster: Channel = { kind: "cluster" };
    const [one, two] = [await stage.node([cluster], options), await stage.node([ALL, cluster], options)];
    await Promise.all(Array.from({ length: 50 }, (_, i) => one.driver.publish(ALL, numbered(i + 1))));
    expect(await stage.rows()).toBe(50);
    // Nobody's work is done while there are rows, and it is done when there are none.
    const beat = setInterval(() => void one.driver.publish(cluster, numbered(0)).catch(() => undefined), 50);
    const resting = () => [one, two].map(({ driver }) => driver.inspect().isCleanerIdle);
    expect(resting()).toEqual([false, false]);
    await eventually(() => expect(resting()).toEqual([true, true]), 10_000);
    clearInterval(beat);
    expect(await stage.rows()).toBe(0);
  });

  it("that is missing is told with what to do about it", async () => {
    const driver = new PostgresDriver(stage.pool(), { tableName: "nowhere", errorHandler: () => undefined });
    await expect(driver.start("c".repeat(16), new Listener())).rejects.toMatchObject({
      code: "ERR_SOCKEYE_POSTGRES_SCHEMA",
      message: expect.stringContaining("createSchema()"),
    });
    await driver.close();
  });
});

describe("an end", () => {
  const listening = () =>
    server.query(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'adapter under test' AND query ~ 'LISTEN|pg_notify'",
    );

  it("leaves no connection, listener or timer, and sends what was published before", async () => {
    const two = await stage.node();
    const pool = stage.pool({ application_name: "adapter under test" });
    const one = await stage.node([ALL], {}, pool);
    const last = one.driver.publish(ALL, numbered(1));
    await one.driver.close();
    await last;
    await eventually(() => expect(two.numbers).toEqual([1]));
    expect([pool.totalCount - pool.idleCount, pool.listenerCount("error")]).toEqual([0, 0]);
    await vi.waitFor(async () => expect(await listening()).toEqual([]));
  });

  it("comes also when the database is away", async () => {
    const pool = stage.pool();
    const one = await stage.node([ALL], {}, pool);
    await server.kill();
    await eventually(() => expect(one.states.at(-1)).toBe("down/down"));
    const waiting = expect(one.driver.publish(ALL, numbered(1))).rejects.toMatchObject({
      code: "ERR_SOCKEYE_CLUSTER_CLOSED",
    });
    await one.driver.close();
    await waiting;
    expect(pool.listenerCount("error")).toBe(0);
    await server.restart();
  });

  it("of the pool, before that of the adapter, is survived", async () => {
    const pool = new pg.Pool({ connectionString: server.url });
    const one = await stage.node([ALL], {}, pool);
    const ended = pool.end();
    await server.terminate(`query ILIKE '%LISTEN%'`);
    await eventually(() => expect(one.states.at(-1)).toBe("down/down"));
    await sleep(300);
    expect(one.errors.length).toBeGreaterThan(0);
    await one.driver.close();
    await ended;
  });

  it("comes while it is still being started", async () => {
    const pool = stage.pool();
    const driver = new PostgresDriver(pool, stage.options([]));
    const started = driver.start("d".repeat(16), new Listener()).catch((error) => error);
    await driver.close();
    await started;
    expect(pool.listenerCount("error")).toBe(0);
  });
});
