import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build, stop } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";

const PROGRAM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless Chromium, HTTP/3 included. */
export function launch(): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new TypeError(`no Chromium at ${PROGRAM}: set CHROMIUM_PATH`);
  return chromium.launch({ executablePath: PROGRAM, headless: true, args: FLAGS });
}

/** An empty page of the server at `url`, certificates unchecked, with these scripts loaded. */
export async function openPage(browser: Browser, url: string, scripts: readonly string[]): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(url);
  for (const content of scripts) await page.addScriptTag({ content });
  return page;
}

/** The incumbent's clients as pages load them: `eio` and `io`. */
export function officialScripts(): string[] {
  return [distOf("engine.io-client", "engine.io.min.js"), distOf("socket.io-client", "socket.io.min.js")];
}

/** The incumbent's client of the generation before: `io`. */
export function legacyScript(): string {
  return distOf("socket.io-client-v2", "socket.io.js");
}

function distOf(name: string, file: string): string {
  const { resolve } = createRequire(import.meta.url);
  return readFileSync(join(dirname(resolve(`${name}/package.json`)), "dist", file), "utf8");
}

/** Our client as a page would bundle it: `sockeye`. */
export async function ourScript(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "@sockeye/client";', resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "sockeye",
    platform: "browser",
    conditions: ["sockeye-source", "browser"],
    logLevel: "error",
  });
  await stop();
  return outputFiles[0]!.text;
}
