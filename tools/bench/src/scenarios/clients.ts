/** The client: work per second of its own CPU, and its size. */
import type { Metric, Scenario } from "../contract.js";
import { bundleSize } from "../drivers/bundle-size.js";
import { acknowledged, clientConnects, receive } from "../drivers/client.js";

const both = { implementations: ["client-official", "client-ours"], base: "client-official" };

function rateOf(label: string): { metrics: readonly Metric[] } {
  return { metrics: [{ key: "rate", label, unit: "per CPU s", better: "more" }] };
}

export const clients: readonly Scenario[] = [
  {
    name: "client-receive-text",
    title: "client, text events, 16 in a write",
    ...both,
    ...rateOf("received"),
    driver: receive("text"),
  },
  {
    name: "client-receive-binary",
    title: "client, events with 512 bytes, 16 in a write",
    ...both,
    ...rateOf("received"),
    driver: receive("binary"),
  },
  {
    name: "client-ack",
    title: "client, emits with ack, depth 16",
    ...both,
    ...rateOf("acknowledged"),
    driver: acknowledged(16),
  },
  {
    name: "client-connect",
    title: "client, WebSocket",
    ...both,
    ...rateOf("connections"),
    driver: clientConnects(200, 20),
  },
  {
    name: "client-bundle",
    title: "client, bundle of io",
    ...both,
    metrics: (["minified", "gzip", "brotli"] as const).map((key) => ({
      key,
      label: key,
      unit: "bytes",
      better: "less",
    })),
    driver: bundleSize,
    once: true,
    programs: () => [],
  },
];
