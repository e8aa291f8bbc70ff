import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { nodeCors } from "@sockeye/engine-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClientFiles } from "../src/client-files.js";
import { startServer } from "./support/harness.js";

const NAMES = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];
const BODY = "// the client\n".repeat(200);

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

function fetchRaw(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    outgoing.on("error", reject).end();
  });
}

describe("client files", () => {
  let folder: string;
  let base: string;
  let reads = 0;
  const server = createServer();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "client-files-"));
    for (const name of NAMES) {
      await writeFile(join(folder, name), BODY);
      await writeFile(join(folder, `${name}.map`), "{}");
    }
    const files = new ClientFiles(
      () => "/socket.io",
      nodeCors({ origin: "http://a" }) as never,
      pathToFileURL(`${folder}/`),
    );
    server.on("request", (req, res) => {
      if (files.handle(req, res)) reads++;
      else res.writeHead(418).end();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it("are the four builds and their maps", async () => {
    for (const name of NAMES) {
      const script = await fetchRaw(`${base}/socket.io/${name}?x=1`);
      expect([script.status, script.body.toString()]).toEqual([200, BODY]);
      expect(script.headers["content-type"]).toBe("application/javascript; charset=utf-8");
      expect(script.headers["cache-control"]).toBe("public, max-age=0");
      const map = await fetchRaw(`${base}/socket.io/${name}.map`);
      expect([map.status, map.headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    }
    expect(reads).toBeGreaterThan(0);
  });

  it("leave everything else to others", async () => {
    for (const path of [
      "/socket.io/",
      "/socket.io/socket.io.ts",
      "/socket.io/../socket.io.js/x",
      "/other/socket.io.js",
    ]) {
      expect((await fetchRaw(base + path)).status).toBe(418);
    }
  });

  it("have an ETag; who has it gets 304", async () => {
    const first = await fetchRaw(`${base}/socket.io/socket.io.js`);
    const etag = String(first.headers.etag);
    expect(etag).toMatch(/^".+"$/);
    for (const known of [etag, `W/${etag}`, `"other", W/${etag}`, "*"]) {
      const again = await fetchRaw(`${base}/socket.io/socket.io.js`, { "if-none-match": known });
      expect([again.status, again.body.length]).toEqual([304, 0]);
    }
    expect((await fetchRaw(`${base}/socket.io/socket.io.js`, { "if-none-match": '"other"' })).status).toBe(200);
  });

  it("are compressed as the peer likes best, brotli first", async () => {
    const expand = { br: brotliDecompressSync, gzip: gunzipSync, deflate: inflateSync };
    for (const [accepted, coding] of [
      ["gzip, deflate, br", "br"],
      ["gzip, deflate", "gzip"],
      ["deflate", "deflate"],
      ["br;q=0, gzip", "gzip"],
      ["*", "br"],
      ["br;q=0, *", "gzip"],
      ["GZIP", "gzip"],
    ] as const) {
      const answer = await fetchRaw(`${base}/socket.io/socket.io.min.js`, { "accept-encoding": accepted });
      expect([answer.headers["content-encoding"], answer.headers.vary]).toEqual([
        coding,
        expect.stringMatching(/Accept-Encoding/),
      ]);
      expect(expand[coding](answer.body).toString()).toBe(BODY);
    }
    const plain = await fetchRaw(`${base}/socket.io/socket.io.min.js`, { "accept-encoding": "identity" });
    expect(plain.headers["content-encoding"]).toBeUndefined();
  });

  it("get the headers of cross-origin requests", async () => {
    const answer = await fetchRaw(`${base}/socket.io/socket.io.js`, { origin: "http://a" });
    expect(answer.headers["access-control-allow-origin"]).toBe("http://a");
  });

  it("answer HEAD without a body", async () => {
    const answer = await fetchRaw(`${base}/socket.io/socket.io.js`, {}, "HEAD");
    expect([answer.status, Number(answer.headers["content-length"]), answer.body.length]).toEqual([
      200,
      BODY.length,
      0,
    ]);
  });

  it("that are missing are a 404, not a crash", async () => {
    await rm(join(folder, "socket.io.min.js.map"));
    const fresh = new ClientFiles(() => "", undefined, pathToFileURL(`${folder}/`));
    const one = createServer((req, res) => fresh.handle(req, res));
    await new Promise<void>((resolve) => one.listen(0, resolve));
    const url = `http://127.0.0.1:${(one.address() as AddressInfo).port}/socket.io.min.js.map`;
    expect((await fetchRaw(url)).status).toBe(404);
    await new Promise((resolve) => one.close(resolve));
  });
});

describe("a server", () => {
  it("serves client files, unless told not to", async () => {
    const off = await startServer({ serveClient: false });
    expect((await fetchRaw(`${off.url}/socket.io/socket.io.js`)).status).toBe(400);
    const on = await startServer({ path: "/mine/" });
    expect([200, 404]).toContain((await fetchRaw(`${on.url}/mine/socket.io.js`)).status);
    expect((await fetchRaw(`${on.url}/socket.io/socket.io.js`)).status).toBe(404);
    const stranger = await fetchRaw(`${on.url}/mine/?EIO=4&transport=polling`);
    expect(stranger.status).toBe(200);
  });
});
