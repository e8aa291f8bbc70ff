import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parser as msgpackParser } from "@sockeye/socketio-parser/msgpack";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { launch } from "../src/browser.js";
import { type Bundle, bundlers, writePage } from "../src/bundlers.js";
import { type EchoServer, serve } from "../src/echo-server.js";

// The client as installed from its tarball, through the bundlers that people use, in a real browser.

let browser: Browser;
let json: EchoServer;
let msgpack: EchoServer;
const pages = createServer((_request, response) => response.end("<!doctype html>"));

beforeAll(async () => {
  browser = await launch();
  json = await serve();
  msgpack = await serve({ parser: msgpackParser });
  await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await browser?.close();
  pages.close();
  await Promise.all([json?.close(), msgpack?.close()]);
});

/** Loads a bundle in a page of its own and lets it talk. */
async function talk(bundle: Bundle, url: string, transports: readonly string[]) {
  const context = await browser.newContext();
  try {
    const page: Page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}`);
    await page.addScriptTag({ content: bundle.text, type: "module" });
    await page.waitForFunction(() => "io" in globalThis);
    const answer = await page.evaluate(converse, { url, transports });
    return { ...answer, errors };
  } finally {
    await context.close();
  }
}

/** Runs in the page. */
async function converse({ url, transports }: { url: string; transports: readonly string[] }) {
  // biome-ignore lint/suspicious/noExplicitAny: what the bundle leaves in the page
  const socket = (globalThis as any).io(url, { transports, reconnection: false });
  await new Promise((resolve, reject) => {
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
  });
  const last = transports[transports.length - 1];
  while (socket.io.engine.transport.name !== last) await new Promise((resolve) => setTimeout(resolve, 5));
  const text = await socket.emitWithAck("echo", "é🐟");
  const echoed = await socket.emitWithAck("echo", { bytes: Uint8Array.of(1, 2, 250) });
  socket.disconnect();
  return { text, bytes: [...new Uint8Array(echoed.bytes)], active: socket.active as boolean };
}

const ENTRIES = [
  ["@sockeye/client", ["polling", "websocket"]],
  ["@sockeye/client/websocket", ["websocket"]],
  ["@sockeye/client/msgpack", ["polling", "websocket"]],
] as const;

/** What only Node.js has, in the text of a bundle. */
const NODE = /\bprocess\b|\brequire\(|["'`]node:/;

describe.each(Object.entries(bundlers))("bundled by %s", (name, bundle) => {
  it.each(ENTRIES)("%s holds no Node code, warns of nothing and works", async (entryPoint, transports) => {
    const entry = writePage(inject("consumer"), entryPoint);
    const made = await bundle({ entry, out: join(entry, "..", "out", name.split(" ")[0]!) });
    expect(made.warnings).toEqual([]);
    // The library for MessagePack asks whether there is a Buffer, and does without one.
    const foreign = entryPoint.endsWith("msgpack") ? NODE : new RegExp(`${NODE.source}|\\bBuffer\\b`);
    expect(made.text.match(foreign)).toBeNull();
    const url = entryPoint.endsWith("msgpack") ? msgpack.url : json.url;
    expect(await talk(made, url, transports)).toEqual({
      text: "é🐟",
      bytes: [1, 2, 250],
      active: false,
      errors: [],
    });
    const size = gzipSync(made.text, { level: 9 }).byteLength;
    console.log(`${name.padEnd(16)} ${entryPoint.padEnd(26)} ${(size / 1000).toFixed(2).padStart(6)} kB gzip`);
  });
});
