import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { driverConformance } from "../src/conformance/index.js";
import { ToyNats } from "./support/toy-nats.js";

// docs/guides/writing-an-adapter.md, as a reader would follow it: its files are written down, built and run.
type Prove = (runner: Parameters<typeof driverConformance>[0], connect: () => { client(): unknown }) => void;

const guide = await readFile(join(import.meta.dirname, "../../../docs/guides/writing-an-adapter.md"), "utf8");
const files = new Map(
  Array.from(guide.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g), ([, name, code]) => [name!, code!]),
);

const folder = await mkdtemp(join(tmpdir(), "adapter-base-guide-"));
afterAll(() => rm(folder, { recursive: true }));
for (const [name, code] of files) await writeFile(join(folder, name), code);
const outfile = join(folder, "proof.mjs");
await build({
  entryPoints: [join(folder, "nats-driver.test.ts")],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  conditions: ["sockeye-source"],
  alias: {
    "@sockeye/adapter-base/conformance": join(import.meta.dirname, "../src/conformance/index.ts"),
    "@sockeye/adapter-base": join(import.meta.dirname, "../src/index.ts"),
  },
});
const { prove } = (await import(pathToFileURL(outfile).href)) as { prove: Prove };

it("writes a driver of under 80 lines", () => {
  expect(files.get("nats-driver.ts")!.trimEnd().split("\n").length).toBeLessThan(80);
});

prove({ describe, it, beforeEach, afterEach }, () => new ToyNats());
