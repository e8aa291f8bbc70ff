import { setTimeout as sleep } from "node:timers/promises";
import { driverConformance, eventually } from "@sockeye/adapter-base/conformance";
import { createSchema, PostgresDriver } from "@sockeye/postgres-adapter";
import pg from "pg";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PostgresServer } from "../../src/postgres/postgres-server.js";
import { ALL, Listener, numbered, Stage } from "../../src/postgres/stage.js";

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

type Sql = ReturnType<typeof postgres>;

/** A client of the package `postgres`; nothing of it is left when the test has ended. */
function connectSql(): Sql {
  return postgres(server.url, { max: 3, onnotice: () => undefined, backoff: () => 0.1 });
}

let tables = 0;

driverConformance(
  { describe, it, beforeEach, afterEach },
  {
    name: "PostgresDriver on a client of `postgres`",
    canFail: true,
    async start() {
      const tableName = `sql_${++tables}`;
      const clients: Sql[] = [];
      const setup = connectSql();
      await createSchema(setup, { tableName });
      await setup.end();
      return {
        driver() {
          const sql = connectSql();
          clients.push(sql);
          const options = { tableName, channelPrefix: tableName, maxQueueTime: 300, statementTimeout: 500 };
          return new PostgresDriver(sql, { ...options, errorHandler: () => undefined });
        },
        outage: { kill: () => server.kill(), restart: () => server.restart() },
        async stop() {
          for (const sql of clients) await sql.end({ timeout: 1 });
        },
      };
    },
  },
);

describe("a client of `postgres`", () => {
  it("is told what it missed while its listening connection was replaced", async () => {
    const stage = await Stage.open(server);
    const speaker = await stage.node([]);
    const sql = postgres(server.url, { onnotice: () => undefined, connection: { application_name: "listens" } });
    const listener = new Listener();
    listener.driver = new PostgresDriver(sql, stage.options(listener.errors));
    await listener.driver.start("a".repeat(16), listener);
    await listener.driver.subscribe(ALL);
    let said = 0;
    for (let i = 0; i < 3; i++) {
      await server.terminate("application_name = 'listens' AND query ILIKE 'listen%'");
      for (let n = 0; n < 50; n++) {
        await speaker.driver.publish(ALL, numbered(++said));
        await sleep(2);
      }
    }
    await eventually(() => expect(listener.faults(said)).toEqual({ missing: [], late: [] }), 10_000);
    expect(listener.gaps).toEqual([]);
    await listener.driver.close();
    await sql.end({ timeout: 1 });
    await stage.close();
  });
});

describe("a pool", () => {
  it("of one connection is enough", async () => {
    const stage = await Stage.open(server);
    const pools = [stage.pool({ max: 1 }), stage.pool({ max: 1 })];
    const options = { replayWindow: 10, cleanupInterval: 50, createSchema: true };
    const [one, two] = [await stage.node([], options, pools[0]), await stage.node([ALL], options, pools[1])];
    await one.driver.publish(ALL, numbered(1));
    await one.driver.publish(ALL, numbered(2, 100_000));
    await eventually(() => expect(two.numbers).toEqual([1, 2]));
    await stage.terminateListeners();
    await one.driver.publish(ALL, numbered(3));
    await eventually(() => expect(two.distinct).toEqual([1, 2, 3]), 5_000);
    expect(pools.map(({ totalCount }) => totalCount)).toEqual([1, 1]);
    expect([...one.errors, ...two.errors].map((error) => (error as { code?: string }).code)).toEqual(
      Array(2).fill("ERR_SOCKEYE_POSTGRES_CONNECTION"),
    );
    await stage.close();
  });

  it("whose connections are all busy delays the start, and nothing after it", async () => {
    const stage = await Stage.open(server);
    const pool = stage.pool({ max: 2 });
    const busy = [await pool.connect(), await pool.connect()];
    const starting = stage.node([ALL], { statementTimeout: 200 }, pool);
    await sleep(500);
    busy.pop()!.release();
    await sleep(100);
    busy.pop()!.release();
    const one = await starting;
    const two = await stage.node([ALL]);
    busy.push(await pool.connect());
    await one.driver.publish(ALL, numbered(1));
    await eventually(() => expect(two.numbers).toEqual([1]));
    busy.pop()!.release();
    await stage.close();
  });

  /** As PgBouncer with `pool_mode = transaction`: what LISTEN was said to is not what hears. */
  it("behind a pooler that shares connections by transaction is refused, with a reason", async () => {
    const stage = await Stage.open(server);
    const [front, back] = [stage.pool(), stage.pool()];
    const client = await front.connect();
    const shared = {
      query: (query: pg.QueryConfig) => (/LISTEN/.test(query.text) ? back.query(query) : client.query(query)),
      on: client.on.bind(client),
      off: client.off.bind(client),
      release: () => client.release(),
    };
    const pooler = {
      connect: async () => shared,
      query: (query: pg.QueryConfig) => back.query(query),
      on: back.on.bind(back),
      off: back.off.bind(back),
    };
    const driver = new PostgresDriver(pooler as never, stage.options([], { statementTimeout: 300 }));
    await expect(driver.start("b".repeat(16), new Listener())).rejects.toMatchObject({
      code: "ERR_SOCKEYE_POSTGRES_DEAF",
    });
    await driver.close();
    await stage.close();
  });

  it.each([undefined, {}, new pg.Client(), "postgres://localhost", { query() {}, connect() {} }])(
    "is expected, and nothing else (%#)",
    (client) => {
      expect(() => new PostgresDriver(client as never)).toThrow(
        expect.objectContaining({ code: "ERR_SOCKEYE_POSTGRES_CLIENT" }),
      );
    },
  );
});
