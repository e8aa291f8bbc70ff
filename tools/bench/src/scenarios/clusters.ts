/** Three servers that are one: broadcasts across, and what all know of all. */
import type { Metric, Scenario } from "../contract.js";
import { type ClusterPlan, clusterBroadcast, clusterFetch } from "../drivers/cluster.js";

const implementations = ["official-ws", "official-uws", "ours-ws", "ours-uws"];

const broadcastMetrics: readonly Metric[] = [
  { key: "rate", label: "deliveries", unit: "per CPU s", better: "more" },
  { key: "p50", label: "to other nodes, p50", unit: "ms", better: "less" },
  { key: "p99", label: "to other nodes, p99", unit: "ms", better: "less" },
  { key: "brokerMillis", label: "broker, 1,000 broadcasts", unit: "CPU ms", better: "less" },
];

const fetchMetrics: readonly Metric[] = [
  { key: "p50", label: "p50", unit: "ms", better: "less" },
  { key: "p95", label: "p95", unit: "ms", better: "less" },
  { key: "cpuMillis", label: "all servers, each", unit: "CPU ms", better: "less" },
];

interface Backend extends ClusterPlan {
  readonly name: string;
  readonly title: string;
  readonly services: readonly string[];
}

const backends: readonly Backend[] = [
  { name: "node-cluster", title: "node:cluster", broker: "node-cluster", mode: "", services: [] },
  { name: "redis", title: "Redis pub/sub", broker: "redis", mode: "pubsub", services: ["redis"] },
  { name: "sharded", title: "Redis sharded pub/sub", broker: "redis", mode: "sharded", services: ["redis"] },
  { name: "streams", title: "Redis streams", broker: "redis", mode: "streams", services: ["redis"] },
  { name: "postgres", title: "PostgreSQL", broker: "postgres", mode: "", services: ["postgres"] },
];

export const clusters: readonly Scenario[] = backends.flatMap((backend) => {
  const { name, title, services, broker } = backend;
  const common = {
    implementations,
    base: "official-ws",
    services,
    programs: (implementation: string) => [`cluster-${implementation.split("-")[0]}-${broker}`],
  };
  return [
    {
      ...common,
      name: `cluster-${name}`,
      title: `cluster of 3, ${title}, 300 peers`,
      metrics: broadcastMetrics,
      driver: clusterBroadcast({ ...backend, peers: 300, burst: 1 }),
    },
    {
      ...common,
      name: `cluster-${name}-burst`,
      title: `cluster of 3, ${title}, bursts of 10`,
      metrics: broadcastMetrics.filter(({ unit }) => unit !== "ms"),
      driver: clusterBroadcast({ ...backend, peers: 300, burst: 10 }),
    },
    {
      ...common,
      name: `fetch-${name}`,
      title: `fetchSockets of 3 x 1,000, ${title}`,
      metrics: fetchMetrics,
      driver: clusterFetch({ ...backend, peers: 3_000 }),
    },
  ];
});
