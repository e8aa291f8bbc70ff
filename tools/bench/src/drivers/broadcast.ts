/**
 * One peer fires, many receive. The next round begins when all of the one before has arrived, so that a server which does
 * its work in one go and one that spreads it are asked the same.
 */
import type { Driver } from "../contract.js";
import { Audience } from "../load/audience.js";
import { measure } from "../load/measure.js";
import { openPeers, type Peer } from "../load/peer.js";
import { json, msgpack } from "../load/wire.js";
import type { BroadcastSettings } from "../subjects/settings.js";

export interface BroadcastPlan extends BroadcastSettings {
  readonly peers: number;
  /** How many are in the room. */
  readonly members?: number;
}

export function broadcast(plan: BroadcastPlan): Driver {
  return async (trial) => {
    const wire = plan.kind === "msgpack" ? msgpack : json;
    const server = await trial.subject(trial.implementation, { broadcast: plan });
    const count = trial.crowd(plan.peers);
    const peers = await openPeers(server.port, count, wire);
    const members = Math.round(((plan.members ?? 0) * count) / plan.peers);
    for (const peer of peers.slice(0, members)) await peer.ask(["join", "room"], 0);

    const receivers = plan.to === "all" ? peers : plan.to === "room" ? peers.slice(0, members) : peers.slice(members);
    const audience = new Audience(receivers, plan.kind === "binary");
    const [control] = peers as [Peer];
    let fired = 0;
    const { figures } = await measure(trial, [server], async (until) => {
      const first = fired;
      while (performance.now() < until) {
        control.write(wire.event(["fire", fired]));
        fired += plan.burst;
        await audience.arrived(fired);
      }
      return (fired - first) * receivers.length;
    });
    await Promise.all(peers.map((peer) => peer.fence()));
    return figures;
  };
}
