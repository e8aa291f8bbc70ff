import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { describe, expect, it } from "vitest";
import { letters, mangled } from "../mangled.mjs";

/** What a bundler makes of the sources for a browser, internal names short as in the build for them. The package as built and packed is measured in tools/packaging. */
async function bundle(code: string, options: BuildOptions = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: ["sockeye-source"],
    mangleProps: mangled,
    mangleCache: letters,
    metafile: true,
    write: false,
    ...options,
  });
  const [file] = outputFiles!;
  const [output] = Object.values(metafile!.outputs);
  const inputs = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return {
    text: file!.text,
    gzip: gzipSync(file!.contents, { level: 9 }).length,
    inputs: inputs.map(([path]) => path),
  };
}

describe("a browser bundle", () => {
  // Ratchets: docs/decisions/0009 says what the aim is.
  it.each([
    ["../src/index.js", 9_115],
    ["../src/websocket/index.js", 5_760],
  ])("of io from %s is at most %i bytes, compressed", async (entry, limit) => {
    const { gzip } = await bundle(`import { io } from "${entry}"; globalThis.io = io;`);
    expect(gzip).toBeLessThanOrEqual(limit);
  });

  it("holds what was named, and nothing of Node.js", async () => {
    const whole = await bundle('export * from "../src/index.js";', { minify: false });
    expect(whole.inputs.filter((path) => /node_modules|platform\/(node|cookies)|msgpack/.test(path))).toEqual([]);
    expect(whole.text).not.toMatch(/\bBuffer\b|\bprocess\.|\brequire\(|["']node:/);
    const { inputs } = await bundle('import { io } from "../src/index.js"; globalThis.io = io;');
    expect(inputs.filter((path) => /webtransport|fetch|stream-framing|payload-v3/.test(path))).toEqual([]);
    const alone = await bundle('import { io } from "../src/websocket/index.js"; globalThis.io = io;');
    expect(alone.inputs.filter((path) => /polling|xhr|upgrade|payload/.test(path))).toEqual([]);
  });

  it("runs where there is neither window nor document, and no crypto, as in React Native", async () => {
    const { text } = await bundle('import { io } from "../src/script/index.js"; globalThis.io = io;', {
      format: "iife",
    });
    const sent: string[] = [];
    class Socket {
      onopen?: () => void;
      onmessage?: (event: { data: string }) => void;
      constructor(readonly url: string) {
        setTimeout(() => {
          this.onopen?.();
          const handshake = { sid: "s", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 };
          this.onmessage?.({ data: `0${JSON.stringify(handshake)}` });
        });
      }
      send(frame: string) {
        sent.push(frame);
        if (frame.startsWith("40")) this.onmessage?.({ data: '40{"sid":"x","tag":"~a","dedup":true}' });
        else if (frame.startsWith("42")) this.onmessage?.({ data: `43${frame[2]}["answer"]` });
      }
      close() {}
    }
    const context = createContext({ WebSocket: Socket, setTimeout, clearTimeout, console, sent });
    const answer = await runInContext(
      `${text}; (async () => {
        const socket = io("http://rn", { transports: ["websocket"], retries: 1, extraHeaders: { a: "b" } });
        const answer = await socket.emitWithAck("ask");
        socket.disconnect();
        return answer;
      })()`,
      context,
    );
    expect(answer).toBe("answer");
    expect(sent[1]).toMatch(/^420\["ask","~a[\w-]{8,24}\.0"\]$/);
  });
});
