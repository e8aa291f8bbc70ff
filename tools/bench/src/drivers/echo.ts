/**
 * Peers that send and wait for the answer: an acknowledgement, or an event. `depth` is how many each has under way; with
 * `perSecond` they send at a fixed rate instead, whatever comes back.
 */
import type { Driver } from "../contract.js";
import { type EchoKind, EchoPeer } from "../load/echo-peer.js";
import { type Load, measure, withLatencies } from "../load/measure.js";
import { Signal, sleep, within } from "../load/patience.js";
import { openPeers } from "../load/peer.js";

export interface EchoPlan {
  readonly peers: number;
  readonly kind: EchoKind;
  readonly depth?: number;
  readonly perSecond?: number;
}

export function echo({ peers: count, kind, depth = 1, perSecond }: EchoPlan): Driver {
  return async (trial) => {
    const server = await trial.subject(trial.implementation);
    const peers = await openPeers(server.port, count);
    const echoes = peers.map((peer) => new EchoPeer(peer, kind));
    const load = perSecond === undefined ? atDepth(echoes, depth) : paced(echoes, perSecond);
    const measured = await measure(trial, [server], load);
    await Promise.all(peers.map((peer) => peer.fence()));
    return withLatencies(measured);
  };
}

function atDepth(echoes: readonly EchoPeer[], depth: number): Load {
  return async (until, latencies) => {
    let work = 0;
    let underWay = 0;
    const done = new Signal();
    for (const peer of echoes) {
      peer.onEcho = (ms) => {
        latencies.push(ms);
        work++;
        if (performance.now() < until) peer.send();
        else if (--underWay === 0) done.fire();
      };
      for (let i = 0; i < depth; i++) peer.send();
      underWay += depth;
    }
    await within(done.promise, () => `${underWay} echoes`, until - performance.now() + 20_000);
    return work;
  };
}

function paced(echoes: readonly EchoPeer[], perSecond: number): Load {
  return async (until, latencies) => {
    const began = performance.now();
    let sent = 0;
    let work = 0;
    for (const peer of echoes) {
      peer.onEcho = (ms) => {
        latencies.push(ms);
        work++;
      };
    }
    while (performance.now() < until) {
      const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
      for (; sent < due; sent++) echoes[sent % echoes.length]?.send();
      await sleep(1);
    }
    for (let waited = 0; work < sent; waited++) {
      if (waited > 2_000) throw new Error(`${sent - work} echoes of ${sent} never came`);
      await sleep(10);
    }
    return work;
  };
}
