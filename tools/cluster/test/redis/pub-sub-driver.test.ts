import { driverConformance, recoveryStoreConformance } from "@sockeye/adapter-base/conformance";
import { afterEach, beforeEach, describe, it } from "vitest";
import { PubSubDriver } from "../../../../packages/redis-adapter/src/drivers/pub-sub-driver.js";
import { outageOptions } from "../../../../packages/redis-adapter/src/options.js";
import { freshName, librariesForOwnServers, onEveryBroker } from "../../src/redis/brokers.js";
import { ClientPool } from "../../src/redis/client-pool.js";
import type { Library } from "../../src/redis/clients.js";
import { RedisServer } from "../../src/redis/redis-server.js";

const runner = { describe, it, beforeEach, afterEach };

/** Drivers of one test, apart from those of every other test. */
function drivers(pool: ClientPool, sharded: boolean) {
  // The suite waits for what it publishes into an outage.
  const options = { ...outageOptions({ publishTimeout: 500 }), prefix: freshName(), sharded, interest: true };
  let nodes = 0;
  return { driver: async () => new PubSubDriver(...(await pool.pair(nodes++)), options) };
}

onEveryBroker((broker, pool) => {
  for (const sharded of [false, true]) {
    const name = `PubSubDriver (${sharded ? "sharded" : "classic"}, ${broker})`;
    driverConformance(runner, { name, start: () => drivers(pool, sharded) });
    recoveryStoreConformance(runner, { name, start: () => drivers(pool, sharded) });
  }
});

describe.each(librariesForOwnServers)("on a Redis that fails, $name", (library) => {
  for (const sharded of [false, true]) {
    const name = `PubSubDriver (${sharded ? "sharded" : "classic"}, ${library.name})`;
    driverConformance(runner, { name, canFail: true, start: () => failing(library, sharded) });
    recoveryStoreConformance(runner, {
      name,
      canFail: true,
      canForget: true,
      start: () => failing(library, sharded),
    });
  }
});

async function failing(library: Library, sharded: boolean) {
  const server = await RedisServer.start();
  const pool = new ClientPool(() => library.connect(server.port));
  return {
    ...drivers(pool, sharded),
    forget: () => server.flush(),
    outage: { kill: () => server.kill(), restart: () => server.restart() },
    async stop() {
      await pool.close();
      await server.stop();
    },
  };
}
