/** Each rule of `.dependency-cruiser.cjs` is shown a tree that breaks it: a rule that cannot fail guards nothing. */
import { afterEach, describe, expect, it } from "vitest";
import { brokenRules } from "../src/broken-rules.js";
import { type SmallTree, smallTree } from "../src/small-tree.js";

let tree: SmallTree | undefined;

afterEach(() => tree?.remove());

function broken(files: Record<string, string>): string[] {
  tree = smallTree(files);
  return brokenRules(tree.folder);
}

const empty = "export {};";

describe("the arrows between packages", () => {
  it("let a sound tree pass", () => {
    const files = {
      "packages/engine-parser/src/index.ts": "export type Packet = string;",
      "packages/engine-server/src/contract.ts":
        'import type { Packet } from "@sockeye/engine-parser"; export type P = Packet;',
      "packages/engine-server/src/index.ts": 'import "ws"; import "node:http"; export type { P } from "./contract.js";',
      "packages/engine-server/test/index.test.ts": 'import "vitest"; import "../src/index.js";',
      "packages/client/src/platform/browser.ts": empty,
      "packages/client/src/platform/node.ts": 'import "node:http"; import "ws";',
      "packages/client/src/index.ts": 'import "#platform"; import "@sockeye/engine-parser";',
      "tools/demo/src/server.ts": 'import "@sockeye/client"; import "node:http";',
    };
    expect(broken(files)).toEqual([]);
  });

  it("never point upwards or sideways", () => {
    const wrong: [from: string, to: string][] = [
      ["adapter-base", "engine-server"],
      ["adapter-base", "socketio-server"],
      ["client", "engine-server"],
      ["engine-parser", "engine-server"],
      ["engine-parser", "socketio-parser"],
      ["engine-server", "socketio-parser"],
      ["engine-server", "socketio-server"],
      ["postgres-adapter", "redis-adapter"],
      ["redis-adapter", "socketio-server"],
      ["socketio-parser", "adapter-base"],
      ["socketio-server", "client"],
    ];
    const files: Record<string, string> = {};
    for (const [from, to] of wrong) {
      files[`packages/${from}/src/to-${to}.ts`] = `import "@sockeye/${to}";`;
      files[`packages/${to}/src/index.ts`] = empty;
    }
    const expected = wrong.map(([from, to]) => `arrow-${from}: packages/${from}/src/to-${to}.ts`);
    expect(broken(files)).toEqual(expected);
  });

  it("count for types alone", () => {
    const files = {
      "packages/engine-server/src/a.ts": 'import type { T } from "@sockeye/socketio-server"; export type U = T;',
      "packages/socketio-server/src/index.ts": "export type T = 1;",
    };
    expect(broken(files)).toEqual(["arrow-engine-server: packages/engine-server/src/a.ts"]);
  });

  it("want a row in the table for every package", () => {
    const files = {
      "packages/newcomer/src/a.ts": 'import "@sockeye/engine-parser";',
      "packages/engine-parser/src/index.ts": empty,
    };
    expect(broken(files)).toEqual(["arrow-unknown-package: packages/newcomer/src/a.ts"]);
  });

  it("end at the export map: no reaching into another package's folder", () => {
    const files = {
      "packages/engine-server/src/a.ts": 'import "../../engine-parser/src/packet.js";',
      "packages/engine-parser/src/packet.ts": empty,
    };
    expect(broken(files)).toEqual(["no-deep-import: packages/engine-server/src/a.ts"]);
  });
});

it("import rings are found between files, between types and in the tools", () => {
  const files = {
    "packages/client/src/a.ts": 'import { b } from "./b.js"; export const a = b;',
    "packages/client/src/b.ts": 'import { a } from "./a.js"; export const b = a;',
    "packages/engine-server/src/a.ts": 'import type { B } from "./b.js"; export type A = B | 1;',
    "packages/engine-server/src/b.ts": 'import type { A } from "./a.js"; export type B = A[];',
    "tools/demo/src/a.ts": 'import "./b.js";',
    "tools/demo/src/b.ts": 'import "./a.js";',
  };
  expect(broken(files)).toEqual([
    expect.stringMatching(/^no-ring: packages\/client\/src\/[ab]\.ts$/),
    expect.stringMatching(/^no-ring: packages\/engine-server\/src\/[ab]\.ts$/),
    expect.stringMatching(/^no-ring: tools\/demo\/src\/[ab]\.ts$/),
  ]);
});

describe("pure rooms", () => {
  const rooms = [
    "packages/adapter-base/src/cluster/dispatch.ts",
    "packages/adapter-base/src/rooms.ts",
    "packages/adapter-base/src/select.ts",
    "packages/client/src/engine/session/session.ts",
    "packages/client/src/manager.ts",
    "packages/client/src/platform/browser.ts",
    "packages/engine-parser/src/payload.ts",
    "packages/engine-parser/src/v3/payload.ts",
    "packages/engine-server/src/session/heartbeat.ts",
    "packages/socketio-parser/src/decoder.ts",
    "packages/socketio-parser/src/msgpack/decoder.ts",
  ];

  it.each(["node:timers", "buffer"])("import no Node module: not %s", (module) => {
    const files = Object.fromEntries(rooms.map((room) => [room, `import "${module}";`]));
    expect(broken(files)).toEqual(rooms.map((room) => `no-node-in-pure-room: ${room}`));
  });

  it("have doors, and neighbours who may", () => {
    const files = [
      "packages/engine-parser/src/platform/bytes.node.ts",
      "packages/client/src/platform/node.ts",
      "packages/socketio-parser/src/conformance/index.ts",
      "packages/engine-server/src/server.ts",
      "packages/adapter-base/src/cluster/drivers/node-cluster.node.ts",
    ];
    expect(broken(Object.fromEntries(files.map((file) => [file, 'import "node:assert";'])))).toEqual([]);
  });
});

describe("contracts", () => {
  it("import nothing that runs", () => {
    const files = {
      "packages/engine-server/src/contract.ts": 'import { limits } from "./limits.js"; export type L = typeof limits;',
      "packages/engine-server/src/limits.ts": "export const limits = {};",
    };
    expect(broken(files)).toEqual(["no-runtime-in-contract: packages/engine-server/src/contract.ts"]);
  });

  it("may import types, and the symbols of other contracts", () => {
    const files = {
      "packages/engine-server/src/contract.ts":
        'import type { L } from "./limits.js"; import { KEY } from "./transports/contract.js"; export type K = { [KEY]: L };',
      "packages/engine-server/src/transports/contract.ts": "export const KEY: unique symbol = Symbol();",
      "packages/engine-server/src/limits.ts": "export type L = number;",
    };
    expect(broken(files)).toEqual([]);
  });
});

it("published packages import no tool, no test, no development dependency and nothing that is not there", () => {
  const files = {
    "packages/client/src/from-dev.ts": 'import "vitest";',
    "packages/client/src/from-nowhere.ts": 'import "./gone.js";',
    "packages/client/src/from-test.ts": 'import "../test/fake.js";',
    "packages/client/test/fake.ts": empty,
    "packages/client/src/from-tools.ts": 'import "@sockeye/testkit";',
    "packages/client/test/from-testkit.test.ts": 'import "@sockeye/testkit";',
    "packages/client/test/from-tools.test.ts": 'import "@sockeye/interop";',
    "tools/testkit/src/index.ts": empty,
    "tools/interop/src/index.ts": empty,
  };
  expect(broken(files)).toEqual([
    "no-dev-dependency-in-source: packages/client/src/from-dev.ts",
    "no-test-in-source: packages/client/src/from-test.ts",
    "no-tools-in-packages: packages/client/test/from-tools.test.ts",
    "no-tools-in-source: packages/client/src/from-tools.ts",
    "no-unresolved: packages/client/src/from-nowhere.ts",
  ]);
});
