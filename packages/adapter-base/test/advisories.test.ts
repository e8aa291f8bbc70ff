import { describe, expect, it } from "vitest";
import { decodeEnvelope, encodeEnvelope } from "../src/cluster/codec.js";
import type { Envelope } from "../src/cluster/envelope.js";
import { ClusterViolation } from "../src/cluster/errors.js";

// Published advisories about what servers say to each other: whoever can write to the bus must not be able to run anything.

/** `pickle.dumps` of an object whose `__reduce__` calls `os.system("true")`, protocols 0 and 4. */
const PICKLES = [
  Buffer.from("cposix\nsystem\np0\n(Vtrue\np1\ntp2\nRp3\n."),
  Buffer.from("8004951f000000000000008c05706f736978948c0673797374656d9493948c047472756594859452942e", "hex"),
];

describe("advisories", () => {
  it("CVE-2025-61765: what comes from the bus is data, whatever it is made of", () => {
    for (const pickle of PICKLES) expect(decodeEnvelope(pickle)).toBeInstanceOf(ClusterViolation);
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toJSON":"x"}');
    const envelope: Envelope = {
      origin: "0123456789abcdef",
      sequence: 1,
      namespace: "/",
      kind: "server-side-emit",
      args: ["event", hostile, "() => process.exit(1)"],
    } as Envelope;
    const { args } = decodeEnvelope(encodeEnvelope(envelope)) as unknown as { args: unknown[] };
    expect(args).toEqual(["event", hostile, "() => process.exit(1)"]);
    expect(Object.getPrototypeOf(args[1])).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
