/** What a browser bundle takes in: the default build, only the parts that are named, and little of it. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

async function bundle(names: string, minify: boolean): Promise<string> {
  const result = await build({
    stdin: {
      contents: `export { ${names} } from "./src/index.ts";`,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    },
    bundle: true,
    minify,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return result.outputFiles[0]!.text;
}

const forPolling = "encodePacket, decodePacket, encodePayload, decodePayload, decodeHandshake";

describe("browser bundle", () => {
  it("of what a client needs stays under 1.3 kB", async () => {
    expect(gzipSync(await bundle(forPolling, true), { level: 9 }).length).toBeLessThan(1_300);
  });

  it("holds no framing and no protocol 3 unless asked", async () => {
    const code = await bundle(forPolling, false);
    expect(code).not.toMatch(/FrameDecoder|TextDecoder|readLength/);
    expect(await bundle("FrameDecoder", false)).toMatch(/TextDecoder/);
  });

  it("uses nothing of Node", async () => {
    const code = await bundle(`${forPolling}, FrameDecoder, encodeFrame, encodeHandshake`, false);
    expect(code).not.toMatch(/(?<!Array|Shared)\bBuffer\b|\bprocess\b|\brequire\b|node:/);
    expect(code).toMatch(/atob/);
  });
});
