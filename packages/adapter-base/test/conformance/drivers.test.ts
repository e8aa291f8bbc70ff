import { afterEach, beforeEach, describe, it } from "vitest";
import { BroadcastChannelDriver } from "../../src/cluster/drivers/broadcast-channel-driver.js";
import { IpcDriver } from "../../src/cluster/drivers/ipc-driver.js";
import { IpcHub } from "../../src/cluster/drivers/ipc-hub.js";
import type { ToHub, ToNode } from "../../src/cluster/drivers/ipc-messages.js";
import { driverConformance, MemoryBus } from "../../src/conformance/index.js";
import { portPair } from "../support/port-pair.js";

const runner = { describe, it, beforeEach, afterEach };

driverConformance(runner, {
  name: "MemoryDriver",
  canFail: true,
  start() {
    const bus = new MemoryBus();
    return { driver: () => bus.driver(), outage: { kill: () => bus.kill(), restart: () => bus.restart() } };
  },
});

let clusters = 0;

driverConformance(runner, {
  name: "BroadcastChannelDriver",
  start() {
    const prefix = `conformance ${process.pid} ${++clusters}`;
    return { driver: () => new BroadcastChannelDriver({ prefix }) };
  },
});

driverConformance(runner, {
  name: "IpcDriver over IpcHub",
  start() {
    const hub = new IpcHub();
    return {
      driver() {
        const [node, primary] = portPair<ToHub, ToNode>();
        hub.attach(primary);
        return new IpcDriver(node);
      },
    };
  },
});
