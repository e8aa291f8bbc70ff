/** What a server does for its peers. Data; what is done with it is in `drivers/`. */
import type { Metric, Scenario } from "../contract.js";
import { broadcast } from "../drivers/broadcast.js";
import { connect } from "../drivers/connect.js";
import { echo } from "../drivers/echo.js";
import { ingest } from "../drivers/ingest.js";
import { memory } from "../drivers/memory.js";
import { polling } from "../drivers/polling.js";
import { SERVERS } from "../implementations.js";

const base = "official-ws";

function rateOf(label: string): Metric {
  return { key: "rate", label, unit: "per CPU s", better: "more" };
}

const percentiles: readonly Metric[] = [
  { key: "p50", label: "latency p50", unit: "ms", better: "less" },
  { key: "p99", label: "latency p99", unit: "ms", better: "less" },
];

const deliveries = { implementations: SERVERS, metrics: [rateOf("deliveries")], base };
const echoes = { implementations: SERVERS, metrics: [rateOf("echoes")], base };
const timedEchoes = { ...echoes, metrics: [rateOf("echoes"), ...percentiles] };
const events = { implementations: SERVERS, metrics: [rateOf("events")], base };

const connections = { implementations: SERVERS, metrics: [rateOf("connections")], base };

/** `ws` has no polling. */
const withPolling = SERVERS.filter((name) => name !== "raw-ws");

const memoryMetrics: readonly Metric[] = [
  { key: "heap", label: "heap, idle", unit: "bytes", better: "less" },
  { key: "rss", label: "RSS, idle", unit: "bytes", better: "less" },
  { key: "old", label: "RSS without the young generation, idle", unit: "bytes", better: "less" },
  { key: "usedHeap", label: "heap, after 100 messages each", unit: "bytes", better: "less" },
  { key: "usedRss", label: "RSS, after 100 messages each", unit: "bytes", better: "less" },
  { key: "usedOld", label: "RSS without the young generation, after 100 messages each", unit: "bytes", better: "less" },
  { key: "leftHeap", label: "heap left, all closed", unit: "bytes", better: "less" },
];

export const servers: readonly Scenario[] = [
  {
    name: "broadcast-100",
    title: "broadcast to 100",
    ...deliveries,
    driver: broadcast({ peers: 100, kind: "text", burst: 1, to: "all" }),
  },
  {
    name: "broadcast-1000",
    title: "broadcast to 1,000",
    ...deliveries,
    driver: broadcast({ peers: 1_000, kind: "text", burst: 1, to: "all" }),
  },
  {
    name: "broadcast-5000",
    title: "broadcast to 5,000",
    ...deliveries,
    driver: broadcast({ peers: 5_000, kind: "text", burst: 1, to: "all" }),
  },
  {
    name: "room",
    title: "room of 100 among 1,000",
    ...deliveries,
    driver: broadcast({ peers: 1_000, members: 100, kind: "text", burst: 1, to: "room" }),
  },
  {
    name: "except",
    title: "1,000 except a room of 100",
    ...deliveries,
    driver: broadcast({ peers: 1_000, members: 100, kind: "text", burst: 1, to: "all but the room" }),
  },
  {
    name: "binary",
    title: "binary, 512 B, to 1,000",
    ...deliveries,
    driver: broadcast({ peers: 1_000, kind: "binary", burst: 1, to: "all" }),
  },
  {
    name: "burst",
    title: "burst of 10 in a turn to 1,000",
    ...deliveries,
    driver: broadcast({ peers: 1_000, kind: "text", burst: 10, to: "all" }),
  },
  {
    name: "msgpack",
    title: "broadcast to 1,000, MessagePack",
    ...deliveries,
    driver: broadcast({ peers: 1_000, kind: "msgpack", burst: 1, to: "all" }),
  },
  {
    name: "echo-ack-16",
    title: "echo with ack, depth 16",
    ...echoes,
    driver: echo({ peers: 50, kind: "ack", depth: 16 }),
  },
  {
    name: "echo-ack-1",
    title: "echo with ack, depth 1",
    ...timedEchoes,
    driver: echo({ peers: 50, kind: "ack", depth: 1 }),
  },
  {
    name: "echo-event-16",
    title: "echo with event, depth 16",
    ...echoes,
    driver: echo({ peers: 50, kind: "event", depth: 16 }),
  },
  {
    name: "echo-event-1",
    title: "echo with event, depth 1",
    ...timedEchoes,
    driver: echo({ peers: 50, kind: "event", depth: 1 }),
  },
  {
    name: "echo-paced",
    title: "echo with ack, paced, 2,000/s",
    ...timedEchoes,
    driver: echo({ peers: 50, kind: "ack", perSecond: 2_000 }),
  },
  { name: "ingest-1", title: "ingest, 1 frame a write", ...events, driver: ingest({ peers: 50, batch: 1 }) },
  { name: "ingest-16", title: "ingest, 16 frames a write", ...events, driver: ingest({ peers: 50, batch: 16 }) },
  {
    name: "connect-websocket",
    title: "connect, WebSocket",
    ...connections,
    driver: connect({ transport: "websocket", atOnce: 50, batch: 500 }),
  },
  {
    name: "connect-upgrade",
    title: "connect, polling and upgrade, 100 at a time",
    ...connections,
    implementations: withPolling.filter((name) => name !== "raw-uws"),
    metrics: [
      rateOf("connections"),
      { key: "p50", label: "GET open to upgraded, p50", unit: "ms", better: "less" },
      { key: "p99", label: "GET open to upgraded, p99", unit: "ms", better: "less" },
    ],
    driver: connect({ transport: "polling and upgrade", atOnce: 100, batch: 300 }),
  },
  {
    name: "polling-1",
    title: "polling, depth 1",
    ...timedEchoes,
    implementations: withPolling,
    driver: polling({ peers: 50, depth: 1 }),
  },
  {
    name: "polling-16",
    title: "polling, depth 16",
    ...echoes,
    implementations: withPolling,
    driver: polling({ peers: 50, depth: 16 }),
  },
  {
    name: "memory-5000",
    title: "memory a connection, 5,000",
    implementations: SERVERS,
    metrics: memoryMetrics,
    base,
    driver: memory({ peers: 5_000, messages: 100 }),
  },
  {
    name: "memory-10000",
    title: "memory a connection, 10,000",
    implementations: SERVERS,
    metrics: memoryMetrics.filter(({ key }) => !key.startsWith("used")),
    base,
    driver: memory({ peers: 10_000, messages: 0 }),
  },
];
