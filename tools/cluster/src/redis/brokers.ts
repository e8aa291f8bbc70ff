import { afterAll, beforeAll, describe } from "vitest";
import { ClientPool } from "./client-pool.js";
import { type Library, libraries } from "./clients.js";
import { RedisCluster } from "./redis-cluster.js";
import { RedisServer } from "./redis-server.js";

let server: RedisServer;
let cluster: RedisCluster;
let names = 0;

/** A name that no other test of this file uses. */
export function freshName(): string {
  return `test-${++names}`;
}

/** The newest version of each library. */
const newest = ["redis 6", "ioredis 6"];

/**
 * For suites that start a Redis for each test: the newest versions, or all with `CLUSTER_EVERY_LIBRARY`. `outages.test.ts` and
 * `faults.test.ts` take Redis away from every version, always.
 */
export const librariesForOwnServers: readonly Library[] =
  process.env.CLUSTER_EVERY_LIBRARY === undefined ? libraries.filter(({ name }) => newest.includes(name)) : libraries;

/**
 * Defines tests for every library, on one node and on a Redis Cluster of three. `few`: on the cluster with the newest version of
 * each library only.
 */
export function onEveryBroker(
  define: (name: string, pool: ClientPool, library: Library) => void,
  { few = false }: { few?: boolean } = {},
): void {
  beforeAll(async () => {
    [server, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start()]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), cluster.stop()]);
  });
  for (const library of libraries) {
    const brokers = {
      "one node": () => library.connect(server.port),
      cluster: () => library.connectToCluster(cluster.ports),
    };
    for (const [broker, connect] of Object.entries(brokers)) {
      if (few && broker === "cluster" && !newest.includes(library.name)) continue;
      describe(`${library.name}, ${broker}`, () => {
        const pool = new ClientPool(connect);
        afterAll(() => pool.close());
        define(`${library.name}, ${broker}`, pool, library);
      });
    }
  }
}
