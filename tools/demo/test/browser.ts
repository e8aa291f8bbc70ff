import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** A headless Chromium with nothing kept from before, and pages that fail a test when their console reports an error. */

const PROGRAM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const SCREENSHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch(): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new TypeError(`no Chromium at ${PROGRAM}: set CHROMIUM_PATH`);
  mkdirSync(SCREENSHOTS, { recursive: true });
  return chromium.launch({ executablePath: PROGRAM, headless: true, args: QUIET });
}

export interface Visitor {
  readonly page: Page;
  /** What went wrong in the page, other than the network while the server is away. */
  readonly errors: string[];
}

export async function visit(
  browser: Browser,
  url: string,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({ viewport: { width: 1320, height: 860 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/net::ERR|WebSocket connection to/.test(message.text())) {
      errors.push(message.text());
    }
  });
  await page.goto(`${url}?name=${encodeURIComponent(name)}`);
  return { page, errors };
}

export const screenshot = (page: Page, name: string) => page.screenshot({ path: `${SCREENSHOTS}${name}.png` });
