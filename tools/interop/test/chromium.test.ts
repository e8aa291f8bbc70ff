import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions } from "@sockeye/socketio-server";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launch, legacyScript, officialScripts, openPage, ourScript } from "../src/browser-page.js";

// A real browser: its XMLHttpRequest and WebSocket, its rules for origins, credentials and cookies.

let browser: Browser;
let scripts: string[];
let legacy: string;

beforeAll(async () => {
  browser = await launch();
  scripts = [...officialScripts(), await ourScript()];
  legacy = legacyScript();
}, 60_000);

afterAll(() => browser?.close());

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(http: HttpServer): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

/** A page of an origin of its own. */
async function openOrigin(loaded: readonly string[]): Promise<{ page: Page; origin: string }> {
  const origin = await listen(createServer((_request, response) => response.end("<!doctype html>")));
  const page = await openPage(browser, origin, loaded);
  cleanups.push(() => page.context().close());
  return { page, origin };
}

/** A server that echoes, and remembers the cookies of every request. */
async function serve(options: Partial<ServerOptions>): Promise<{ url: string; cookies: string[]; io: Server }> {
  const http = createServer((_request, response) => response.writeHead(404).end());
  const io = new Server(http, options);
  const cookies: string[] = [];
  io.engine.use((request: { headers: { cookie?: string } }, _response: unknown, next: () => void) => {
    cookies.push(request.headers.cookie ?? "");
    next();
  });
  io.on("connection", (socket) => {
    socket.on("echo", (...args: unknown[]) => (args.pop() as (...answer: unknown[]) => void)(...args));
  });
  cleanups.push(() => io.close());
  return { url: await listen(http), cookies, io };
}

interface Plan {
  readonly url: string;
  readonly transports: readonly string[];
  readonly client: "official" | "ours" | "legacy";
}

/** Connects in the page and sends bytes there and back; what went wrong is told as text. */
function converse(page: Page, plan: Plan): Promise<{ transport?: string; echo?: unknown; error?: string }> {
  return page.evaluate(async ({ url, transports, client }) => {
    // biome-ignore lint/suspicious/noExplicitAny: globals of the page
    const scope = globalThis as any;
    const connect = client === "ours" ? scope.sockeye.io : scope.io;
    const socket = connect(url, { transports, withCredentials: true, reconnection: false, forceNew: true });
    const error = await new Promise((resolve) => {
      socket.on("connect", () => resolve(undefined));
      socket.on("connect_error", (reason: Error) => resolve(String(reason)));
    });
    if (error !== undefined) return { error: error as string };
    const { engine } = socket.io;
    const last = transports[transports.length - 1];
    while (engine.transport.name !== last) await new Promise((resolve) => setTimeout(resolve, 5));
    const bytes = new Uint8Array(300).fill(7).buffer;
    const answer = await new Promise<{ text: string; bytes: ArrayBuffer }>((resolve) =>
      socket.emit("echo", { text: "é🐟", bytes }, resolve),
    );
    const transport = engine.transport.name as string;
    socket.close();
    return { transport, echo: { text: answer.text, bytes: [...new Uint8Array(answer.bytes)] } };
  }, plan);
}

const ECHO = { text: "é🐟", bytes: Array(300).fill(7) };
const TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]];

for (const client of ["official", "ours"] as const) {
  describe(`${client === "ours" ? "our" : "the incumbent's"} client in Chromium`, () => {
    for (const transports of TRANSPORTS) {
      it(`talks to another origin, with credentials and cookies, over ${transports.join(" then ")}`, async () => {
        const { page, origin } = await openOrigin(scripts);
        const { url, cookies } = await serve({ cors: { origin, credentials: true }, cookie: true });
        const result = await converse(page, { url, transports, client });
        expect(result).toEqual({ transport: transports.at(-1), echo: ECHO });
        // The cookie of the first polling response comes back with every later request.
        expect(cookies[0]).toBe("");
        for (const cookie of cookies.slice(1)) expect(cookie).toMatch(/^io=[\w-]{20,}$/);
      });

      it(`is refused from an origin that is not named, over ${transports.join(" then ")}`, async () => {
        const { page } = await openOrigin(scripts);
        const { url, io } = await serve({ cors: { origin: "https://example.com", credentials: true } });
        expect((await converse(page, { url, transports, client })).error).toMatch(/error/);
        expect(io.engine.clientsCount).toBe(0);
      });
    }
  });
}

describe("socket.io-client 2 in Chromium", () => {
  for (const transports of TRANSPORTS) {
    it(`exchanges text and bytes over ${transports.join(" then ")}`, async () => {
      const { page, origin } = await openOrigin([legacy]);
      const { url } = await serve({ allowEIO3: true, cors: { origin, credentials: true } });
      const result = await converse(page, { url, transports, client: "legacy" });
      expect(result).toEqual({ transport: transports.at(-1), echo: ECHO });
    });
  }
});
