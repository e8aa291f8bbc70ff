import express from "express";
import session from "express-session";
import helmet from "helmet";
import { describe, expect, it } from "vitest";
import { get, handshake, Peer, post, withRig } from "../rig.js";

async function refusal(peer: Peer): Promise<number> {
  await peer.until(() => peer.refused !== undefined);
  return peer.refused!;
}

async function upgradeHeaders(peer: Peer): Promise<Record<string, unknown>> {
  const response = await new Promise<{ headers: Record<string, unknown> }>((resolve) => peer.ws.on("upgrade", resolve));
  return response.headers;
}

describe("middlewares", () => {
  it(
    "run in order, for every request, upgrades included",
    withRig({}, async (rig) => {
      const seen: string[] = [];
      rig.engine.use((request, _response, next) => {
        seen.push(`1 ${request.method}`);
        setImmediate(next);
      });
      rig.engine.use((request, response, next) => {
        seen.push(`2 ${request._query.transport}`);
        response.setHeader("x-middleware", "yes");
        next();
      });
      const { headers, body } = await get(rig, "EIO=4&transport=polling");
      expect(headers["x-middleware"]).toBe("yes");
      await post(rig, JSON.parse(body.slice(1)).sid, "4x");
      expect((await upgradeHeaders(new Peer(rig, "EIO=4&transport=websocket")))["x-middleware"]).toBe("yes");
      expect(seen).toEqual(["1 GET", "2 polling", "1 POST", "2 polling", "1 GET", "2 websocket"]);
    }),
  );

  it(
    "may answer by themselves: the chain and the handshake stop there",
    withRig({}, async (rig) => {
      rig.engine.use((_request, response) => {
        response.writeHead(418, { "x-tea": "pot" });
        response.end("no coffee");
      });
      rig.engine.use(() => {
        throw new TypeError("not reached");
      });
      const answer = await get(rig, "EIO=4&transport=polling");
      expect([answer.status, answer.body]).toEqual([418, "no coffee"]);
      const peer = new Peer(rig, "EIO=4&transport=websocket");
      await peer.until(() => peer.refusal !== "");
      expect([peer.refused, peer.refusal]).toEqual([418, "no coffee"]);
      expect(rig.errors).toEqual([]);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, pendingHandshakes: 0, deadlines: 0 });
    }),
  );

  for (const [name, middleware] of [
    ["hands on an error", (_q: unknown, _s: unknown, next: (error: unknown) => void) => next(new TypeError("oops"))],
    [
      "throws",
      () => {
        throw new TypeError("oops");
      },
    ],
    ["rejects", () => Promise.reject(new TypeError("oops"))],
  ] as const) {
    it(
      `that ${name} refuses the request with code 3`,
      withRig({}, async (rig) => {
        rig.engine.use(middleware);
        const { status, body } = await get(rig, "EIO=4&transport=polling");
        expect([status, JSON.parse(body)]).toEqual([400, { code: 3, message: "Bad request" }]);
        expect(await refusal(new Peer(rig, "EIO=4&transport=websocket"))).toBe(400);
        for (const { code, context } of rig.errors) {
          expect([code, context]).toEqual([3, { name: "MIDDLEWARE_FAILURE", error: new TypeError("oops") }]);
        }
        expect(rig.errors).toHaveLength(2);
      }),
    );
  }

  it(
    "that calls next twice, or fails after it, opens one session",
    withRig({}, async (rig) => {
      let connections = 0;
      rig.engine.on("connection", () => connections++);
      rig.engine.use(async (_request, _response, next) => {
        next();
        next();
        next(new TypeError("late"));
        throw new TypeError("later");
      });
      expect((await get(rig, "EIO=4&transport=polling")).status).toBe(200);
      expect(connections).toBe(1);
    }),
  );

  it(
    "that fails after it has begun to answer ends the response, and no more",
    withRig({}, async (rig) => {
      rig.engine.use((_request, response, next) => {
        response.writeHead(202);
        next(new TypeError("oops"));
      });
      expect(await get(rig, "EIO=4&transport=polling")).toMatchObject({ status: 202, body: "" });
    }),
  );

  it(
    "that never hands on is given up, also when the peer leaves first",
    withRig({ handshakeTimeout: 80 }, async (rig) => {
      rig.engine.use(() => undefined);
      expect((await get(rig, "EIO=4&transport=polling")).status).toBe(503);
      const peer = new Peer(rig, "EIO=4&transport=websocket");
      expect(await refusal(peer)).toBe(503);
      expect(rig.engine.inspect()).toMatchObject({ pendingHandshakes: 0, deadlines: 0 });
    }),
  );
});

describe("a response that cannot be written", () => {
  it("ends that request only; the error goes to the hook", async () => {
    const failures: string[] = [];
    await withRig({ onHandlerError: (error, { event }) => failures.push(`${event}: ${error}`) }, async (rig) => {
      rig.engine.use((request, response, next) => {
        if (request.url.includes("broken")) {
          response.end = () => {
            throw new TypeError("wrapped badly");
          };
        }
        next();
      });
      rig.engine.on("headers", (headers, request) => {
        if (request.url.includes("split")) headers["x-bad"] = "a\r\nb: c";
      });
      await expect(get(rig, "EIO=4&transport=polling&broken")).rejects.toThrow();
      await expect(get(rig, "EIO=4&transport=tobi&broken")).rejects.toThrow();
      await expect(get(rig, "EIO=4&transport=polling&split")).rejects.toThrow();
      expect((await get(rig, "EIO=4&transport=polling")).status).toBe(200);
    })();
    expect(failures.filter((one) => one.includes("wrapped badly"))).toHaveLength(2);
    expect(failures.filter((one) => one.includes("Invalid character"))).toHaveLength(1);
  });
});

describe("a middleware that reads the body", () => {
  for (const [name, keep, status] of [
    ["and keeps it as it was sent", true, 200],
    ["and throws it away", false, 400],
  ] as const) {
    it(
      `${name}: the upload is answered with ${status}`,
      withRig({}, async (rig) => {
        rig.engine.use((request, _response, next) => {
          const chunks: Buffer[] = [];
          request.on("data", (chunk: Buffer) => chunks.push(chunk));
          request.on("end", () => {
            if (keep) request.rawBody = Buffer.concat(chunks);
            setImmediate(next);
          });
        });
        const got: unknown[] = [];
        rig.engine.on("connection", (socket) => socket.on("data", (data) => got.push(data)));
        const { sid } = await handshake(rig);
        expect((await post(rig, sid, "4hello")).status).toBe(status);
        expect(got).toEqual(keep ? ["hello"] : []);
      }),
    );
  }
});

describe("Express middlewares", () => {
  it(
    "helmet",
    withRig({}, async (rig) => {
      rig.engine.use(helmet());
      const { headers } = await get(rig, "EIO=4&transport=polling");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["content-security-policy"]).toContain("default-src");
      const upgrade = await upgradeHeaders(new Peer(rig, "EIO=4&transport=websocket"));
      expect(upgrade["x-content-type-options"]).toBe("nosniff");
    }),
  );

  it(
    "express-session",
    withRig({}, async (rig) => {
      rig.engine.use(session({ secret: "keyboard cat", resave: false, saveUninitialized: true, cookie: {} }));
      const seen: string[] = [];
      rig.engine.on("connection", ({ request }) => {
        seen.push((request as { session: { id: string } }).session.id);
      });
      const { headers } = await get(rig, "EIO=4&transport=polling");
      const cookie = headers["set-cookie"]![0]!.split(";")[0]!;
      expect(cookie).toMatch(/^connect\.sid=/);
      const upgrade = await upgradeHeaders(new Peer(rig, "EIO=4&transport=websocket"));
      expect(String(upgrade["set-cookie"])).toMatch(/^connect\.sid=/);
      await new Peer(rig, "EIO=4&transport=websocket", { headers: { cookie } }).opened();
      expect(seen[2]).toBe(seen[0]);
      expect(seen[1]).not.toBe(seen[0]);
    }),
  );

  it("an Express application on the same server gets the other requests", async () => {
    const { createServer } = await import("node:http");
    const { Server } = await import("../../src/index.js");
    const { listenOn, send } = await import("../rig.js");
    const app = express();
    app.get("/hello", (_request, response) => void response.send("world"));
    const http = createServer(app);
    const rig = await listenOn(http, new Server().attach(http));
    try {
      expect((await send(rig, "/hello").answer).body).toBe("world");
      expect((await send(rig, "/engine.iox").answer).status).toBe(404);
      expect((await handshake(rig)).sid).toHaveLength(20);
    } finally {
      await rig.stop();
    }
  });
});
