import { readFileSync } from "node:fs";
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
