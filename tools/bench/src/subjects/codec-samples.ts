/** What the codecs encode and decode, and the loop around it: the same for all. */
import { deepStrictEqual } from "node:assert/strict";
import { ready } from "./commands.js";
import { PAYLOAD, settings } from "./settings.js";

export interface SamplePacket {
  readonly type: number;
  readonly nsp: string;
  readonly data: unknown[];
  readonly id?: number;
}

export type SampleName = "event" | "event-of-namespace" | "ack" | "binary" | "nested";

export const samples: Readonly<Record<SampleName, SamplePacket>> = {
  event: { type: 2, nsp: "/", data: ["message", PAYLOAD] },
  "event-of-namespace": { type: 2, nsp: "/admin", id: 12, data: ["message", PAYLOAD] },
  ack: { type: 3, nsp: "/", id: 12, data: [PAYLOAD] },
  binary: { type: 2, nsp: "/", data: ["picture", { name: "cat", bytes: Buffer.alloc(512, 7) }] },
  nested: { type: 2, nsp: "/", data: ["report", nested(120)] },
};

/** Some 32 kB of JSON. */
function nested(records: number): object[] {
  return Array.from({ length: records }, (_, i) => ({
    id: i,
    name: `record number ${i}`,
    tags: ["one", "two", "three"],
    position: { x: i * 0.5, y: 100 - i, z: null },
    history: [
      { at: 1_700_000_000_000 + i, what: "created", by: { id: i % 7, name: "somebody" } },
      { at: 1_700_000_100_000 + i, what: "moved", by: { id: i % 11, name: "somebody else" }, ok: true },
    ],
  }));
}

/** A message of a usual size on the engine's level, and a payload of 16 of them. */
export const TEXT = `2["message",${JSON.stringify(PAYLOAD)}]`;
export const PAYLOAD_SIZE = 16;

/** Does one operation once and gives what came of it. */
export type Operation = () => unknown;

export interface Codec {
  encode(packet: SamplePacket): readonly unknown[];
  /** All chunks of one packet. */
  decode(chunks: readonly unknown[]): unknown;
}

/** Operations of a Socket.IO codec, checked: what was encoded is decoded to what it was. */
export function operationsOf(codec: Codec): Record<string, Operation> {
  const operations: Record<string, Operation> = {};
  for (const [name, packet] of Object.entries(samples)) {
    const chunks = codec.encode(packet);
    deepStrictEqual((codec.decode(chunks) as SamplePacket).data, packet.data);
    operations[`${name}-encode`] = () => codec.encode(packet);
    operations[`${name}-decode`] = () => codec.decode(chunks);
  }
  return operations;
}

/** Answers the trial: `work` repeats the operation for some milliseconds and says how often. */
export function serveOperations(operations: Record<string, Operation>): void {
  const { operation: name = "" } = settings<{ operation?: string }>();
  const operation = operations[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  if (operation() === undefined) throw new Error(`${name} gives nothing`);
  ready(0, {
    work: (ms: number) => repeat(operation, performance.now() + ms),
  });
}

/** A result that is looked at is one that no compiler leaves out. */
let last: unknown;

function repeat(operation: Operation, until: number): number {
  let count = 0;
  while (performance.now() < until) {
    for (let i = 0; i < 50; i++) last = operation();
    count += 50;
  }
  if (last === undefined) throw new Error("nothing came of it");
  return count;
}
