import { createServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Server as EngineServer } from "@sockeye/engine-server";
import { Server } from "@sockeye/socketio-server";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launch, officialScripts, openPage, ourScript } from "../src/browser-page.js";
import { type Certificate, Http3Front, makeCertificate } from "../src/http3-front.js";
import { until } from "../src/signals.js";

// Real WebTransport: a page in Chromium, QUIC on the loopback, HTTP/3 ended by another program, sessions in this process.

const TRANSPORTS = ["polling", "websocket", "webtransport"] as const;

let certificate: Certificate;
let browser: Browser;
let scripts: string[];

beforeAll(async () => {
  certificate = makeCertificate();
  browser = await launch();
  scripts = [...officialScripts(), await ourScript()];
}, 60_000);

afterAll(async () => {
  await browser?.close();
  certificate?.remove();
});

let https: HttpsServer;
let engine: EngineServer;
let front: Http3Front;
let page: Page;
let url: string;
/** Requests of the sessions that came over HTTP/3. */
let arrived: string[];

/** An HTTPS server with the engine that `make` gives, and HTTP/3 on the same port. */
async function start(make: (https: HttpsServer) => EngineServer): Promise<void> {
  https = createServer(certificate, (_request, response) => response.end("<!doctype html>"));
  engine = make(https);
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  const { port } = https.address() as AddressInfo;
  url = `https://127.0.0.1:${port}`;
  arrived = [];
  front = await Http3Front.open(port, certificate, (session, request) => {
    arrived.push(request.url ?? "");
    engine.onWebTransportSession(session, request);
  });
  page = await openPage(browser, url, scripts);
}

afterEach(async () => {
  await page?.context().close();
  engine?.close();
  await front?.close();
  https?.closeAllConnections();
  await new Promise((resolve) => https.close(resolve));
});

/** What runs in the page gets this, and has `eio`, `io` and `sockeye`. */
const given = (transports: readonly string[]) => ({ url, transports, hash: certificate.hash });

async function nothingLeft(): Promise<void> {
  await until(() => engine.clientsCount === 0 && engine.inspect().deadlines === 0);
  expect(engine.inspect()).toMatchObject({ sessions: 0, upgrading: 0, inFlight: 0, pendingHandshakes: 0 });
}

describe("the incumbent's Engine.IO client in Chromium over HTTP/3", () => {
  beforeEach(async () => {
    await start((server) => new EngineServer({ transports: TRANSPORTS }).attach(server));
    engine.on("connection", (socket) => socket.on("data", (data) => socket.send(data)));
  }, 30_000);

  for (const transports of [["webtransport"], ["polling", "webtransport"]]) {
    it(`exchanges messages over ${transports.join(" then ")}`, async () => {
      const got = await page.evaluate(async ({ url, transports, hash }) => {
        // biome-ignore lint/suspicious/noExplicitAny: a global of the page
        const client = (globalThis as any).eio(url, {
          transports,
          transportOptions: {
            webtransport: { serverCertificateHashes: [{ algorithm: "sha-256", value: new Uint8Array(hash) }] },
          },
        });
        client.binaryType = "arraybuffer";
        await new Promise((resolve, reject) => {
          client.on(transports.length > 1 ? "upgrade" : "open", resolve);
          client.on("error", reject);
        });
        const sent = ["hello", "é🐟", new Uint8Array([1, 2, 3]), "x".repeat(200_000)];
        const got: unknown[] = [];
        await new Promise<void>((resolve) => {
          client.on("message", (data: unknown) => {
            got.push(data instanceof ArrayBuffer ? [...new Uint8Array(data)] : data);
            if (got.length === sent.length) resolve();
          });
          for (const one of sent) client.send(one);
        });
        const { name } = client.transport;
        client.close();
        return { got, name };
      }, given(transports));
      expect(got.name).toBe("webtransport");
      expect(got.got).toEqual(["hello", "é🐟", [1, 2, 3], "x".repeat(200_000)]);
      expect(arrived).toHaveLength(1);
      // The front end tells the path only.
      expect(arrived[0]).toBe(`${url}/engine.io/`);
      await nothingLeft();
    });
  }

  it("notices the end that the server makes, after what was written before", async () => {
    engine.on("connection", (socket) => {
      socket.send("last words");
      socket.close();
    });
    const got = await page.evaluate(
      async ({ url, transports, hash }) => {
        // biome-ignore lint/suspicious/noExplicitAny: a global of the page
        const client = (globalThis as any).eio(url, {
          transports,
          transportOptions: {
            webtransport: { serverCertificateHashes: [{ algorithm: "sha-256", value: new Uint8Array(hash) }] },
          },
        });
        const events: unknown[] = [];
        client.on("message", (data: unknown) => events.push(data));
        await new Promise<void>((resolve) => client.on("close", () => resolve()));
        return events;
      },
      given(["webtransport"]),
    );
    expect(got).toEqual(["last words"]);
    await nothingLeft();
  });

  it("that vanishes with its page leaves nothing", async () => {
    await page.evaluate(
      async ({ url, transports, hash }) => {
        // biome-ignore lint/suspicious/noExplicitAny: a global of the page
        const client = (globalThis as any).eio(url, {
          transports,
          transportOptions: {
            webtransport: { serverCertificateHashes: [{ algorithm: "sha-256", value: new Uint8Array(hash) }] },
          },
        });
        await new Promise((resolve) => client.on("open", resolve));
      },
      given(["webtransport"]),
    );
    expect(engine.inspect().byTransport).toEqual({ webtransport: 1 });
    await page.goto("about:blank");
    await nothingLeft();
  });
});

describe("Socket.IO in Chromium over HTTP/3", () => {
  let io: Server;
  beforeEach(async () => {
    await start((server) => {
      io = new Server(server, { transports: [...TRANSPORTS] });
      return io.engine as unknown as EngineServer;
    });
    io.on("connection", (socket) => {
      socket.on("echo", (...args: unknown[]) => (args.pop() as (...answer: unknown[]) => void)(...args));
    });
  }, 30_000);

  for (const [name, global] of [
    ["the incumbent's client", "io"],
    ["our client", "sockeye"],
  ] as const) {
    for (const transports of [["webtransport"], ["polling", "webtransport"]]) {
      it(`${name}: events, bytes and acknowledgements over ${transports.join(" then ")}`, async () => {
        const result = await page.evaluate(
          async ({ url, transports, hash, global }) => {
            // biome-ignore lint/suspicious/noExplicitAny: a global of the page
            const scope = globalThis as any;
            const ours = global === "sockeye";
            const connect = ours ? scope.sockeye.io : scope.io;
            // In our client WebTransport is an import, so that a bundle holds only what it names.
            const named = (name: string) => (ours && name === "webtransport" ? scope.sockeye.WebTransport : name);
            const socket = connect(url, {
              transports: transports.map(named),
              reconnection: false,
              transportOptions: {
                webtransport: { serverCertificateHashes: [{ algorithm: "sha-256", value: new Uint8Array(hash) }] },
              },
            });
            await new Promise((resolve, reject) => {
              socket.on("connect", resolve);
              socket.on("connect_error", reject);
            });
            const { engine } = socket.io;
            if (engine.transport.name !== "webtransport") {
              await new Promise((resolve) => engine.on("upgrade", resolve));
            }
            const bytes = new Uint8Array([0, 1, 255]);
            const answer = await socket.timeout(5_000).emitWithAck("echo", { "é🐟": [bytes] });
            const { name } = engine.transport;
            socket.close();
            return { name, answer: [...new Uint8Array(answer["é🐟"][0])] };
          },
          { ...given(transports), global },
        );
        expect(result).toEqual({ name: "webtransport", answer: [0, 1, 255] });
        expect(arrived).toHaveLength(1);
        await nothingLeft();
      });
    }
  }
});
