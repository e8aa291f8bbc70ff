/**
 * One peer fires, many receive. The next round begins when all of the one before has arrived, so that a server which does
 * its work in one go and one that spreads it are asked the same.
 */
import type { Driver } from "../contract.js";
import { measure } from "../load/measure.js";
import { within } from "../load/patience.js";
import { openPeers, type Peer } from "../load/peer.js";
import { TagReader } from "../load/sequence.js";
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
    const count = Math.max(10, Math.round(plan.peers * trial.scale));
    const peers = await openPeers(server.port, count, wire);
    const members = Math.round((plan.members ?? 0) * trial.scale);
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

/** All who are to receive: each message once, in order, whole. */
class Audience {
  #arrived = 0;
  #awaited = 0;
  #done: () => void = () => {};

  constructor(
    private readonly receivers: readonly Peer[],
    hasAttachment: boolean,
  ) {
    for (const peer of receivers) this.#listen(peer, hasAttachment);
  }

  #listen(peer: Peer, hasAttachment: boolean): void {
    const tags = new TagReader();
    let next = 0;
    let attachmentDue = false;
    peer.onMessage = (data, start, end, isBinary) => {
      if (attachmentDue) {
        if (!isBinary || end - start !== 512) throw new Error(`an attachment of ${end - start} bytes`);
        attachmentDue = false;
      } else {
        const n = tags.read(data, start, end);
        if (n !== next) throw new Error(`delivery ${next} is due, ${n} came`);
        next++;
        if (hasAttachment) {
          attachmentDue = true;
          return;
        }
      }
      if (++this.#arrived === this.#awaited) this.#done();
    };
  }

  /** Resolves when each has received the first `messages` messages. */
  arrived(messages: number): Promise<void> {
    this.#awaited = messages * this.receivers.length;
    const arrived = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    return within(arrived, () => `${this.#awaited - this.#arrived} deliveries of ${this.#awaited}`);
  }
}
