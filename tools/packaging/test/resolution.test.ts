import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { describe, expect, inject, it } from "vitest";
import { runInstalled } from "../src/programs.js";

describe.each(inject("packages"))("$name", ({ folder, manifest, tarball }) => {
  it("is published soundly, says publint", async () => {
    const file = readFileSync(tarball);
    const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
    const { messages } = await publint({ pack: { tarball: bytes as ArrayBuffer }, strict: true });
    expect(messages.map((message) => `${message.type}: ${formatMessage(message, manifest)}`)).toEqual([]);
  });

  it("has right types for Node (ESM, CJS, and TypeScript's classic resolution) and bundlers, says are-the-types-wrong", () => {
    const { ok, output } = runInstalled(folder, "@arethetypeswrong/cli/dist/index.js", [
      tarball,
      "--format=ascii",
      "--no-emoji",
    ]);
    expect(ok, output).toBe(true);
  });
});

// React Native's bundler knows export maps since 0.79. What it takes before is main, and a package.json in a folder.
describe("where export maps are unknown", () => {
  const packages = inject("packages");
  const client = packages.find(({ short }) => short === "client")!;
  const dist = join(client.folder, "dist");
  const scripts = readdirSync(dist).filter((file) => file.endsWith(".cjs"));
  const required = scripts.flatMap((file) => [
    ...readFileSync(join(dist, file), "utf8").matchAll(/require\('(@sockeye\/[^']+)'\)/g),
  ]);
  const wanted = new Set([...client.entries, ...required.map(([, name]) => name!)]);

  it.each([...wanted])("%s is found", (entry) => {
    const found = packages.find(({ name }) => entry === name || entry.startsWith(`${name}/`))!;
    const folder = join(found.folder, entry.slice(found.name.length));
    const { main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { main: string };
    expect(existsSync(join(folder, main))).toBe(true);
  });

  it("the client asks for codecs by such names", () => {
    expect([...wanted]).toContain("@sockeye/engine-parser/compact");
  });
});

// Babel as React Native sets it up knows private methods and refuses static blocks. So does Safari before 16.4.
it.each(inject("packages").filter(({ short }) => /^client$|parser/.test(short)))(
  "the builds of $name for browsers hold no static block",
  ({ folder, files }) => {
    const scripts = files.filter((file) => /^dist\/[^/]*\.c?js$/.test(file));
    expect(scripts.filter((file) => /\bstatic\s*\{/.test(readFileSync(join(folder, file), "utf8")))).toEqual([]);
    expect(scripts).not.toEqual([]);
  },
);
