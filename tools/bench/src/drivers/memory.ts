/** What connections cost in memory: idle, after each has sent and received messages, and what stays when they are gone. */
import type { Driver, Figures, MemoryUse, Subject, Trial } from "../contract.js";
import { allGone } from "../load/departures.js";
import { EchoPeer } from "../load/echo-peer.js";
import { Signal, within } from "../load/patience.js";
import { openPeers, type Peer } from "../load/peer.js";

export interface MemoryPlan {
  readonly peers: number;
  /** Each sends so many, and has so many come back, after the first look; none, none. */
  readonly messages: number;
}

/** They come, talk and go before the first look, so that what the process needs once is not counted. */
const FIRST_VISITORS = 200;
const VISITORS_TALK = 100;

export function memory({ peers: planned, messages }: MemoryPlan): Driver {
  return async (trial) => {
    const count = trial.crowd(planned);
    const server = await trial.subject(trial.implementation);
    const visitors = await openPeers(server.port, FIRST_VISITORS);
    await talk(visitors, VISITORS_TALK);
    for (const peer of visitors) peer.close();
    await allGone(server);
    const empty = await server.memory();
    await snapshot(trial, server, "empty");

    const peers = await openPeers(server.port, count);
    const idle = perConnection(await server.memory(), empty, count);
    await snapshot(trial, server, `with ${count}`);
    let used: Figures = {};
    if (messages > 0) {
      // A few at a time: what is measured is what stays, not the crowd.
      for (let at = 0; at < count; at += 100) await talk(peers.slice(at, at + 100), messages);
      const { heap, rss, young } = perConnection(await server.memory(), empty, count);
      used = { usedHeap: heap, usedRss: rss, usedOld: rss - young };
    }
    await Promise.all(peers.map((peer) => peer.fence()));
    for (const peer of peers) peer.close();
    await allGone(server);
    const gone = perConnection(await server.memory(), empty, count);
    return { heap: idle.heap, rss: idle.rss, old: idle.rss - idle.young, ...used, leftHeap: gone.heap };
  };
}

/** For `--profile`: what the connections are made of. After the figures were taken, as it makes garbage itself. */
async function snapshot({ profiles }: Trial, server: Subject, moment: string): Promise<void> {
  if (profiles !== undefined) await server.call("snapshot", `${profiles}.${moment}.heapsnapshot`);
}

function perConnection(now: MemoryUse, empty: MemoryUse, count: number): MemoryUse {
  return {
    heap: (now.heap - empty.heap) / count,
    rss: (now.rss - empty.rss) / count,
    young: (now.young - empty.young) / count,
  };
}

/** Each peer exchanges its messages one after the other. */
async function talk(peers: readonly Peer[], messages: number): Promise<void> {
  const done = new Signal();
  let open = peers.length;
  for (const peer of peers) {
    const echo = new EchoPeer(peer, "ack");
    let left = messages;
    echo.onEcho = () => {
      if (--left > 0) echo.send();
      else if (--open === 0) done.fire();
    };
    echo.send();
  }
  await within(done.promise, () => `the messages of ${open} peers`);
}
