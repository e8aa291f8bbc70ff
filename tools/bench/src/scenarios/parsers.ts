/** Codecs by themselves: operations per CPU second. */
import type { Scenario } from "../contract.js";
import { codec } from "../drivers/codec.js";

const both = ["codec-official", "codec-ours"];

const titles: Readonly<Record<string, string>> = {
  "json-event": "JSON, small event",
  "json-event-of-namespace": "JSON, event with namespace and ack",
  "json-ack": "JSON, acknowledgement",
  "json-binary": "JSON, event with 512 bytes",
  "json-nested": "JSON, 32 kB of nested records",
  "msgpack-event": "MessagePack, small event",
  "msgpack-binary": "MessagePack, event with 512 bytes",
  "msgpack-nested": "MessagePack, nested records",
  "engine-packet": "engine, text packet",
  "engine-payload": "engine, payload of 16",
};

export const parsers: readonly Scenario[] = Object.entries(titles).flatMap(([sample, title]) =>
  ["encode", "decode"].map((verb) => ({
    name: `parser-${sample}-${verb}`,
    title,
    implementations: /^json-(?!binary)/.test(sample) ? [...both, "codec-bare"] : both,
    metrics: [{ key: "rate", label: `${verb}s`, unit: "per CPU s" as const, better: "more" as const }],
    base: "codec-official",
    driver: codec(`${sample}-${verb}`),
  })),
);
