/**
 * Connections, from the first byte to the namespace joined. Only their coming is measured: they are closed, and the server
 * has seen that, outside the window.
 */
import type { Driver } from "../contract.js";
import { allGone } from "../load/departures.js";
import { cpuOf } from "../load/measure.js";
import { within } from "../load/patience.js";
import { Peer } from "../load/peer.js";
import { UpgradingPeer } from "../load/upgrading-peer.js";
import { percentile } from "../statistics.js";

export interface ConnectPlan {
  readonly transport: "websocket" | "polling and upgrade";
  /** Under way at a time. */
  readonly atOnce: number;
  /** Open before they are closed. */
  readonly batch: number;
}

interface Connection {
  fence(): Promise<void>;
  close(): void;
}

export function connect({ transport, atOnce, batch }: ConnectPlan): Driver {
  return async (trial) => {
    const server = await trial.subject(trial.implementation);
    const open = transport === "websocket" ? () => Peer.open(server.port) : () => UpgradingPeer.open(server.port);
    let user = 0;
    let system = 0;
    let work = 0;
    const latencies: number[] = [];
    const round = async () => {
      const before = await cpuOf([server]);
      const connections = await openInTurn(open, batch, atOnce, latencies);
      const after = await cpuOf([server]);
      user += after.user - before.user;
      system += after.system - before.system;
      work += connections.length;
      await Promise.all(connections.map((connection) => connection.fence()));
      for (const connection of connections) connection.close();
      await allGone(server);
    };
    await round();
    [user, system, work, latencies.length] = [0, 0, 0, 0];
    await server.startProfile();
    for (const until = performance.now() + trial.seconds * 1000; performance.now() < until; ) await round();
    await server.stopProfile();
    return {
      rate: work / (user + system),
      userMicros: (user / work) * 1e6,
      systemMicros: (system / work) * 1e6,
      p50: percentile(latencies, 50),
      p99: percentile(latencies, 99),
    };
  };
}

/** Opens `count` connections, `atOnce` at a time: as one is there, the next one comes. */
async function openInTurn(
  open: () => Promise<Connection>,
  count: number,
  atOnce: number,
  latencies: number[],
): Promise<Connection[]> {
  const connections: Connection[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      begun++;
      const began = performance.now();
      connections.push(await within(open(), () => `connection ${connections.length}`));
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return connections;
}
