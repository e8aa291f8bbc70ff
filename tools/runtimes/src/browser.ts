import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PROGRAM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless Chromium. */
export function launch(): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new TypeError(`no Chromium at ${PROGRAM}: set CHROMIUM_PATH`);
  // Pages are kept as in the browsers of people; the driver would have that off.
  const ignoreDefaultArgs = ["--disable-back-forward-cache"];
  return chromium.launch({ executablePath: PROGRAM, headless: true, args: FLAGS, ignoreDefaultArgs });
}
