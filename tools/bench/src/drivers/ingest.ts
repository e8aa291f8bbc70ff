/** Peers that only send. An echo after each stretch of messages keeps them from running ahead of the server. */
import type { Driver } from "../contract.js";
import { clientFrame } from "../load/frames.js";
import { measure } from "../load/measure.js";
import { within } from "../load/patience.js";
import { openPeers, type Peer } from "../load/peer.js";
import { STRETCH } from "../subjects/settings.js";

export interface IngestPlan {
  readonly peers: number;
  /** Frames that go out in one write. */
  readonly batch: number;
}

export function ingest({ peers: count, batch }: IngestPlan): Driver {
  return async (trial) => {
    const server = await trial.subject(trial.implementation);
    const peers = await openPeers(server.port, count);
    const writes = stretchOf(batch);
    let sent = 0;
    const stretch = async (peer: Peer) => {
      for (const write of writes) peer.write(write);
      await peer.fence();
      sent += STRETCH;
    };
    const { figures } = await measure(trial, [server], async (until) => {
      const first = sent;
      const work = (async () => {
        while (performance.now() < until) await Promise.all(peers.map(stretch));
      })();
      await within(work, () => "events", until - performance.now() + 20_000);
      return sent - first;
    });
    // The server checks their order as they come.
    const received = await server.call("received");
    if (received !== sent) throw new Error(`${sent} events were sent, ${received} received`);
    return figures;
  };
}

/** The numbers begin again with each stretch, so that all its bytes can be made before. */
function stretchOf(batch: number): Buffer[] {
  const frames = Array.from({ length: STRETCH }, (_, n) =>
    clientFrame(`42["ingest",{"text":"${"x".repeat(64)}","n":${n}}]`),
  );
  return Array.from({ length: STRETCH / batch }, (_, i) => Buffer.concat(frames.slice(i * batch, (i + 1) * batch)));
}
