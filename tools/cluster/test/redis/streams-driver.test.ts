import { driverConformance, recoveryStoreConformance } from "@sockeye/adapter-base/conformance";
import { afterEach, beforeEach, describe, it } from "vitest";
import { StreamsDriver } from "../../../../packages/redis-adapter/src/drivers/streams-driver.js";
import { outageOptions, streamNumbers } from "../../../../packages/redis-adapter/src/options.js";
import { freshName, librariesForOwnServers, onEveryBroker } from "../../src/redis/brokers.js";
import { ClientPool } from "../../src/redis/client-pool.js";
import { RedisServer } from "../../src/redis/redis-server.js";

const runner = { describe, it, beforeEach, afterEach };

/** Drivers of one test, apart from those of every other test. */
function drivers(pool: ClientPool, streamCount: number) {
  // The suite waits for what it publishes into an outage.
  const outage = outageOptions({ publishTimeout: 500 });
  const options = { ...outage, ...streamNumbers({ streamCount }), streamName: freshName() };
  let nodes = 0;
  return { driver: async () => new StreamsDriver(await pool.single(nodes++), options) };
}

onEveryBroker((broker, pool) => {
  const name = `StreamsDriver (${broker})`;
  driverConformance(runner, { name, start: () => drivers(pool, 1) });
  recoveryStoreConformance(runner, { name, start: () => drivers(pool, 3) });
});

describe.each(librariesForOwnServers)("on a Redis that fails, $name", (library) => {
  const name = `StreamsDriver (${library.name})`;
  const start = async () => {
    const server = await RedisServer.start();
    const pool = new ClientPool(() => library.connect(server.port));
    return {
      ...drivers(pool, 1),
      forget: () => server.flush(),
      outage: { kill: () => server.kill(), restart: () => server.restart() },
      async stop() {
        await pool.close();
        await server.stop();
      },
    };
  };
  driverConformance(runner, { name, canFail: true, start });
  recoveryStoreConformance(runner, { name, canFail: true, canForget: true, start });
});
