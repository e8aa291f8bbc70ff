/** What a browser bundle takes in: the default build, only the parts that are named, and little of it. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import type * as parser from "../src/index.js";
import { frameVectors, packetVectors, payloadVectors, plain } from "./vectors.js";

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

describe("the default build", () => {
  let built: typeof parser;

  beforeAll(async () => {
    const code = await bundle(
      "encodePacket, decodePacket, encodePayload, decodePayload, encodeFrame, FrameDecoder",
      true,
    );
    built = await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
  });

  it.each(packetVectors)("speaks $text", ({ packet, text }) => {
    expect(built.encodePacket(packet, false)).toBe(text);
    expect(plain(built.decodePacket(text) as parser.EnginePacket)).toEqual(plain(packet));
  });

  it.each(payloadVectors)("speaks $payload", ({ packets, payload }) => {
    expect(built.encodePayload(packets)).toBe(payload);
    expect(built.decodePayload(payload).packets.map(plain)).toEqual(packets.map(plain));
  });

  it.each(frameVectors)("speaks a frame of $frame.length bytes, whole and byte by byte", ({ packet, frame }) => {
    expect(Buffer.compare(built.encodeFrame(packet), frame)).toBe(0);
    expect(new built.FrameDecoder({ maxPayload: 1e6 }).push(frame).packets.map(plain)).toEqual([plain(packet)]);
    const decoder = new built.FrameDecoder({ maxPayload: 1e6 });
    const decoded = [...frame].flatMap((byte) => decoder.push(Uint8Array.of(byte)).packets);
    expect(decoded.map(plain)).toEqual([plain(packet)]);
  });

  it("hands binary data over as ArrayBuffer", () => {
    for (const frame of ["bAQID", Buffer.from([1, 2, 3]), new Uint8Array([1, 2, 3]).buffer]) {
      expect(built.decodePacket(frame)).toEqual({ type: "message", data: new Uint8Array([1, 2, 3]).buffer });
    }
  });
});
