/** What the project wants to reach: a ratio of two implementations of the same scenario, the median of its rounds. */

export interface Target {
  readonly scenario: string;
  /** Key of the metric. */
  readonly metric: string;
  readonly of: string;
  readonly over: string;
  /** At least this, or at most, where less is better. */
  readonly at: number;
}

function targetsFor(of: string, over: string, figures: readonly (readonly [string, string, number])[]): Target[] {
  return figures.map(([scenario, metric, at]) => ({ scenario, metric, of, over, at }));
}

export interface TargetGroup {
  readonly title: string;
  readonly targets: readonly Target[];
}

export const targetGroups: readonly TargetGroup[] = [
  {
    title: "On node:http, over the incumbent on node:http and ws",
    targets: targetsFor("ours-ws", "official-ws", [
      ["broadcast-1000", "rate", 1.4],
      ["broadcast-5000", "rate", 1.7],
      ["room", "rate", 1.5],
      ["except", "rate", 1.4],
      ["binary", "rate", 3],
      ["burst", "rate", 8],
      ["echo-ack-16", "rate", 3],
      ["echo-ack-1", "rate", 1.6],
      ["echo-paced", "p99", 1],
      ["ingest-16", "rate", 2],
      ["connect-websocket", "rate", 2],
      ["connect-upgrade", "rate", 1.6],
      ["connect-upgrade", "p50", 0.25],
      ["polling-1", "rate", 1.6],
      ["polling-16", "rate", 2],
      ["memory-10000", "heap", 0.5],
      ["memory-10000", "rss", 0.62],
      ["memory-5000", "usedRss", 0.4],
      ["cluster-redis", "rate", 2],
      ["fetch-redis", "p50", 0.5],
    ]),
  },
  {
    title: "On uWebSockets.js, over the incumbent on uWebSockets.js",
    targets: targetsFor("ours-uws", "official-uws", [
      ["broadcast-1000", "rate", 1],
      ["room", "rate", 1],
      ["except", "rate", 1.5],
      ["burst", "rate", 1],
      ["echo-ack-16", "rate", 1.7],
      ["connect-websocket", "rate", 1.8],
      ["polling-1", "rate", 4],
      ["polling-16", "rate", 4],
      ["memory-10000", "heap", 0.5],
    ]),
  },
  {
    title: "On uWebSockets.js, over its own publish",
    targets: targetsFor("ours-uws", "raw-uws", [
      ["broadcast-1000", "rate", 0.9],
      ["room", "rate", 0.9],
      ["burst", "rate", 0.9],
    ]),
  },
  {
    title: "The headline: on node:http, over the incumbent on uWebSockets.js",
    targets: targetsFor("ours-ws", "official-uws", [
      ["burst", "rate", 1],
      ["echo-ack-16", "rate", 1],
      ["ingest-16", "rate", 1],
      ["connect-websocket", "rate", 1],
      ["polling-1", "rate", 1],
      ["polling-16", "rate", 1],
    ]),
  },
  {
    title: "Parsers, over the incumbent's",
    targets: targetsFor("codec-ours", "codec-official", [
      ["parser-json-event-encode", "rate", 1.5],
      ["parser-json-event-decode", "rate", 1.5],
      ["parser-json-binary-encode", "rate", 2],
      ["parser-json-binary-decode", "rate", 2],
      ["parser-msgpack-event-decode", "rate", 2],
    ]),
  },
  {
    title: "Parsers, over bare JSON of the same arguments",
    targets: targetsFor("codec-ours", "codec-bare", [
      ["parser-json-event-encode", "rate", 0.8],
      ["parser-json-event-decode", "rate", 0.8],
      ["parser-json-nested-encode", "rate", 0.8],
      ["parser-json-nested-decode", "rate", 0.8],
    ]),
  },
  {
    title: "The client, over the incumbent's",
    targets: targetsFor("client-ours", "client-official", [
      ["client-receive-text", "rate", 1.4],
      ["client-receive-binary", "rate", 1.4],
      ["client-ack", "rate", 1.4],
      ["client-connect", "rate", 1.5],
    ]),
  },
];

/** Whom an implementation of ours must not be slower than, in anything. */
export const INCUMBENT: Readonly<Record<string, string>> = {
  "ours-ws": "official-ws",
  "ours-uws": "official-uws",
  "codec-ours": "codec-official",
  "client-ours": "client-official",
};
