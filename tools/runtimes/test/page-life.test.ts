import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { launch } from "../src/browser.js";
import { bundlers, writePage } from "../src/bundlers.js";
import { type EchoServer, serve } from "../src/echo-server.js";

// What happens to a page while it is open: the network goes, the page is hidden or kept in the back/forward cache, the
// server restarts. In a real browser, with the client as installed from its tarball.

let browser: Browser;
let script: string;
/** The page: it keeps account of every timer and every listener of the window. */
const site = createServer((_request, response) => {
  response.setHeader("content-type", "text/html");
  response.end(`<!doctype html><script>(${keepAccount})()</script><script type="module">${script}</script>`);
});

beforeAll(async () => {
  browser = await launch();
  const entry = writePage(inject("consumer"), "@sockeye/client");
  const withEsbuild = Object.values(bundlers)[0]!;
  script = (await withEsbuild({ entry, out: join(entry, "..", "life") })).text;
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await browser?.close();
  site.closeAllConnections();
  site.close();
});

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What the page of a test leaves in its global object. */
interface InPage {
  // biome-ignore lint/suspicious/noExplicitAny: the bundle has no types
  io: any;
  // biome-ignore lint/suspicious/noExplicitAny: the bundle has no types
  socket: any;
  account: { timers: Set<number>; listeners: string[] };
  log: string[];
}

/** Runs in the page, before anything else. */
function keepAccount(): void {
  const scope = globalThis as unknown as InPage & Record<string, (...args: never[]) => unknown>;
  const timers = new Set<number>();
  const listeners: string[] = [];
  const { setTimeout, clearTimeout, addEventListener, removeEventListener } = globalThis;
  Object.assign(globalThis, {
    log: [],
    account: { timers, listeners },
    setTimeout: (run: () => void, ms: number) => {
      const timer = setTimeout(() => {
        timers.delete(timer as unknown as number);
        run();
      }, ms);
      timers.add(timer as unknown as number);
      return timer;
    },
    clearTimeout: (timer: number) => {
      timers.delete(timer);
      clearTimeout(timer);
    },
    addEventListener: (type: string, listener: () => void) => {
      listeners.push(type);
      addEventListener.call(scope, type, listener);
    },
    removeEventListener: (type: string, listener: () => void) => {
      listeners.splice(listeners.indexOf(type), 1);
      removeEventListener.call(scope, type, listener);
    },
  });
}

async function openPage(): Promise<{ page: Page; context: BrowserContext; address: string }> {
  const context = await browser.newContext();
  cleanups.push(() => context.close());
  const page = await context.newPage();
  const address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  await page.goto(address);
  await page.waitForFunction(() => "io" in globalThis);
  return { page, context, address };
}

async function startServer(port = 0, http: HttpServer = createServer()): Promise<EchoServer> {
  const server = await serve({ connectionStateRecovery: {} }, http, port);
  cleanups.push(() => server.close());
  return server;
}

/** Connects in the page, and writes down what the socket goes through. */
async function connect(page: Page, url: string, options: object = {}): Promise<void> {
  await page.evaluate(
    async ({ url, options }) => {
      const scope = globalThis as unknown as InPage;
      const socket = scope.io(url, { reconnectionDelay: 100, reconnectionDelayMax: 400, ...options });
      scope.socket = socket;
      socket.on("connect", () => scope.log.push(socket.recovered ? "recovered" : "connect"));
      socket.on("disconnect", (reason: string) => scope.log.push(reason));
      socket.on("news", (number: number) => scope.log.push(`news ${number}`));
      await new Promise((resolve) => socket.once("connect", resolve));
      while (socket.io.engine.transport.name !== "websocket") await new Promise((done) => setTimeout(done, 5));
    },
    { url, options },
  );
}

const logOf = (page: Page) => page.evaluate(() => (globalThis as unknown as InPage).log);
const account = (page: Page) =>
  page.evaluate(() => {
    const { timers, listeners } = (globalThis as unknown as InPage).account;
    return { timers: timers.size, listeners };
  });

describe("offline and online", () => {
  it("offline is noticed at once, online connects at once, and nothing sent meanwhile is lost", async () => {
    const { page, context } = await openPage();
    const { url, io } = await startServer();
    // Only the event can be in time: the back-off would take a minute.
    await connect(page, url, { reconnectionDelay: 60_000, reconnectionDelayMax: 60_000 });
    io.emit("news", 1);
    await expect.poll(() => logOf(page)).toEqual(["connect", "news 1"]);

    await context.setOffline(true);
    await expect.poll(() => logOf(page)).toContain("transport close");
    await expect.poll(() => io.engine.clientsCount).toBe(0);
    io.emit("news", 2);
    await context.setOffline(false);
    await expect.poll(() => logOf(page)).toContain("news 2");
    await expect.poll(() => logOf(page)).toContain("recovered");
    // What was missed comes before the event that tells of the connection.
    expect(await logOf(page)).toEqual(["connect", "news 1", "transport close", "news 2", "recovered"]);
  });
});

describe("the back/forward cache", () => {
  it("a page that comes back out of it is connected again, without a lost or doubled event", async () => {
    const { page, context, address } = await openPage();
    const { url, io } = await startServer();
    await connect(page, url);
    io.emit("news", 1);
    await expect.poll(() => logOf(page)).toEqual(["connect", "news 1"]);
    await page.evaluate(() =>
      addEventListener("pageshow", (event) => {
        (globalThis as unknown as InPage).log.push(`shown ${event.persisted}`);
      }),
    );

    const session = await context.newCDPSession(page);
    const refusals: unknown[] = [];
    await session.send("Page.enable");
    session.on("Page.backForwardCacheNotUsed", ({ notRestoredExplanations }) => refusals.push(notRestoredExplanations));
    await page.goto(`${address}/elsewhere`);
    io.emit("news", 2);
    // A page that is kept loads nothing, and the driver holds no handle of it: it is asked past the driver.
    await page.goBack({ waitUntil: "commit" });
    const log = async (): Promise<string[]> => {
      const { result } = await session.send("Runtime.evaluate", { expression: "JSON.stringify(log)" });
      return JSON.parse(result.value ?? "[]");
    };
    await expect.poll(async () => [...(await log()), ...refusals].length).toBeGreaterThan(0);
    expect(refusals).toEqual([]);
    await expect.poll(log).toContain("recovered");
    const lines = await log();
    expect(lines).toContain("shown true");
    expect(lines.filter((line) => line.startsWith("news"))).toEqual(["news 1", "news 2"]);
    expect(io.engine.clientsCount).toBe(1);
  });
});

describe("hidden and shown", () => {
  it("a connection that died while the page was hidden is found when it is shown", async () => {
    const { page } = await openPage();
    const http = createServer();
    const { url } = await startServer(0, http);
    const wires = new Set<Duplex>();
    http.on("upgrade", (request) => wires.add(request.socket));
    await connect(page, url);
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
    // The path is gone, and nobody is told: no end, no reset.
    for (const wire of wires) {
      wire.pause();
      wire.write = () => true;
    }
    const shown = Date.now();
    await page.evaluate(() => {
      // Back to what the browser itself says.
      Reflect.deleteProperty(document, "hidden");
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
    await expect.poll(() => logOf(page), { timeout: 20_000 }).toHaveLength(3);
    // Long before the heartbeat (25 s and 20 s) would have told.
    expect(Date.now() - shown).toBeLessThan(20_000);
    expect(await page.evaluate(() => (globalThis as unknown as InPage).socket.connected)).toBe(true);
  });
});

describe("a server that restarts", () => {
  it("the page is back within the bounds of its back-off, and what it sent meanwhile arrives once", async () => {
    const { page } = await openPage();
    const first = await startServer();
    await connect(page, first.url);
    await first.close();
    await expect.poll(() => logOf(page)).toHaveLength(2);
    await page.evaluate(() => {
      const { socket } = globalThis as unknown as InPage;
      const answer = (value: number) => (globalThis as unknown as InPage).log.push(`answer ${value}`);
      for (let number = 0; number < 3; number++) socket.emit("echo", number, answer);
    });
    // Away for longer than the first attempts take.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const returned = Date.now();
    await startServer(Number(new URL(first.url).port));
    await expect.poll(() => logOf(page), { interval: 20 }).toContain("answer 2");
    // The longest delay, with its jitter, and what an attempt takes on a busy machine.
    expect(Date.now() - returned).toBeLessThan(400 * 1.5 + 4000);
    const [before, reason, ...after] = await logOf(page);
    expect(before).toBe("connect");
    expect(reason).toMatch(/^transport (close|error)$/);
    expect(after).toEqual(["connect", "answer 0", "answer 1", "answer 2"]);
  });
});

describe("disconnect()", () => {
  it("leaves no timer and no listener in the page, connected or waiting for a server", async () => {
    const { page } = await openPage();
    const server = await startServer();
    const before = await account(page);
    await connect(page, server.url);
    expect((await account(page)).listeners).not.toEqual(before.listeners);
    await page.evaluate(() => void (globalThis as unknown as InPage).socket.disconnect());
    await expect.poll(() => account(page)).toEqual({ timers: 0, listeners: before.listeners });

    await page.evaluate(() => void (globalThis as unknown as InPage).socket.connect());
    await expect.poll(() => logOf(page)).toHaveLength(3);
    await server.close();
    await expect.poll(() => logOf(page)).toHaveLength(4);
    await page.evaluate(() => void (globalThis as unknown as InPage).socket.disconnect());
    await expect.poll(() => account(page)).toEqual({ timers: 0, listeners: before.listeners });
  });
});
