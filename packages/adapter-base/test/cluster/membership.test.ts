import { describe, expect, it } from "vitest";
import { Membership } from "../../src/cluster/membership.js";

const A = "000000000000000a";
const B = "000000000000000b";

function hello(origin: string, namespaces: string[], version: number, parser = "json") {
  return { kind: "hello", origin, sequence: 1, namespaces, version, parser, partitions: 64, ask: false } as const;
}

describe("Membership", () => {
  it("knows a node from its first word, and its namespaces from its introduction", () => {
    const membership = new Membership();
    membership.introduced(hello(A, ["/"], 1));
    expect(membership.nodes).toEqual([]);
    membership.heard(A, 0);
    expect([membership.nodes, membership.nodesWith("/")]).toEqual([[A], []]);
    expect(membership.isStale(A, 1)).toBe(true);
    membership.introduced(hello(A, ["/", "/chat"], 1));
    expect([membership.nodesWith("/"), membership.nodesWith("/chat"), membership.isStale(A, 1)]).toEqual([
      [A],
      [A],
      false,
    ]);
  });

  it("follows changes one by one, and knows when it missed one", () => {
    const membership = new Membership();
    membership.heard(A, 0);
    membership.introduced(hello(A, ["/"], 1));
    membership.changed(A, "/chat", true, 2);
    membership.changed(A, "/", false, 3);
    expect([membership.nodesWith("/chat"), membership.nodesWith("/")]).toEqual([[A], []]);
    membership.changed(A, "/late", true, 5);
    expect([membership.nodesWith("/late"), membership.isStale(A, 5)]).toEqual([[], true]);
    membership.introduced(hello(A, ["/old"], 2));
    expect(membership.nodesWith("/old")).toEqual([]);
    membership.changed(B, "/", true, 0);
    expect(membership.nodes).toEqual([A]);
  });

  it("tells whether all who serve a namespace share a parser", () => {
    const membership = new Membership();
    expect([membership.share("json", "/"), membership.share(undefined, "/")]).toEqual([true, false]);
    for (const [node, parser] of [
      [A, "json"],
      [B, "msgpack"],
    ] as const) {
      membership.heard(node, 0);
      membership.introduced(hello(node, node === A ? ["/"] : ["/chat"], 1, parser));
    }
    expect([membership.share("json", "/"), membership.share("json", "/chat")]).toEqual([true, false]);
  });

  it("expires who was not heard of, unless it could not hear", () => {
    const membership = new Membership();
    membership.heard(A, 0);
    membership.heard(B, 50);
    expect(membership.expire(50)).toEqual([A]);
    membership.heard(B, 60);
    expect(membership.expire(60)).toEqual([]);
    membership.excuse(100);
    expect(membership.expire(160)).toEqual([]);
    expect(membership.expire(161)).toEqual([B]);
    membership.heard(A, 200);
    membership.left(A);
    expect(membership.nodes).toEqual([]);
  });
});
