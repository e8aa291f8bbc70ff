import { expect, it } from "vitest";
import { ClusterNode } from "../../src/cluster/cluster-node.js";
import { encodeEnvelope } from "../../src/cluster/codec.js";
import type { Channel, ClusterDriver } from "../../src/cluster/contract.js";
import { clusterOptions } from "../../src/cluster/options.js";

const ALL: Channel = { kind: "all", namespace: "/" };

/** With a header that cannot be read. */
function garbled(origin: string): Uint8Array {
  const bytes = encodeEnvelope({ kind: "goodbye", origin, sequence: 1 });
  bytes.fill(0xff, -5);
  return bytes;
}

it("does not read its own words, but on the cluster's channel and in a log", async () => {
  const driver = { publish: () => Promise.resolve() } as unknown as ClusterDriver;
  const node = new ClusterNode(clusterOptions({ driver }));
  const own = garbled(node.id);
  node.onEnvelope(ALL, own);
  node.onEnvelope({ kind: "node", node: node.id }, own);
  await new Promise(setImmediate);
  expect(node.traffic.malformed).toBe(0);
  node.onEnvelope({ kind: "cluster" }, own);
  node.onEnvelope(ALL, own, { epoch: "e", number: 1 });
  node.onEnvelope(ALL, garbled("0123456789abcdef"));
  await new Promise(setImmediate);
  expect(node.traffic.malformed).toBe(3);
});
