import { describe, expect, it } from "vitest";
import { get, handshake, Peer, send, withRig } from "../rig.js";

const text = (code: number) =>
  [
    "Transport unknown",
    "Session ID unknown",
    "Bad handshake method",
    "Bad request",
    "Forbidden",
    "Unsupported protocol version",
  ][code];

/** Request, status, code, context. */
const refused: ReadonlyArray<readonly [string, string, number, number, object]> = [
  ["GET", "", 400, 0, { transport: undefined }],
  ["GET", "EIO=4", 400, 0, { transport: undefined }],
  ["GET", "EIO=4&transport=tobi", 400, 0, { transport: "tobi" }],
  ["GET", "EIO=4&transport=constructor", 400, 0, { transport: "constructor" }],
  ["GET", "EIO=4&transport=__proto__", 400, 0, { transport: "__proto__" }],
  ["GET", "EIO=4&transport=webtransport", 400, 0, { transport: "webtransport" }],
  ["GET", "EIO=4&transport=polling&transport=tobi", 400, 0, { transport: "tobi" }],
  ["GET", "EIO=4&transport=polling&sid=test", 400, 1, { sid: "test" }],
  ["GET", "EIO=4&transport=polling&sid=__proto__", 400, 1, { sid: "__proto__" }],
  ["POST", "EIO=4&transport=polling&sid=hasOwnProperty", 400, 1, { sid: "hasOwnProperty" }],
  ["POST", "EIO=4&transport=polling", 400, 2, { method: "POST" }],
  ["HEAD", "EIO=4&transport=polling", 400, 2, { method: "HEAD" }],
  ["OPTIONS", "EIO=4&transport=polling", 400, 2, { method: "OPTIONS" }],
  ["PUT", "EIO=4&transport=polling", 400, 2, { method: "PUT" }],
  ["GET", "EIO=4&transport=websocket", 400, 3, { name: "TRANSPORT_HANDSHAKE_ERROR", transport: "websocket" }],
  ["GET", "EIO=3&transport=polling", 400, 5, { protocol: 3 }],
  ["GET", "transport=polling", 400, 5, { protocol: 3 }],
  ["GET", "EIO=5&transport=polling", 400, 5, { protocol: 3 }],
];

describe("a request that is refused", () => {
  for (const [method, query, status, code, context] of refused) {
    it(
      `${method} ?${query} -> ${status}, code ${code}`,
      withRig({ transports: ["polling", "websocket", "webtransport"] }, async (rig) => {
        const answer = await send(rig, `/engine.io/?${query}`, { method }).answer;
        expect(answer.status).toBe(status);
        expect(answer.headers["content-type"]).toBe("application/json");
        if (method !== "HEAD") expect(JSON.parse(answer.body)).toEqual({ code, message: text(code) });
        expect(rig.errors).toEqual([{ code, message: text(code), context }]);
        expect(rig.engine.inspect()).toMatchObject({ sessions: 0, pendingHandshakes: 0, deadlines: 0 });
      }),
    );
  }

  it(
    "names transports that the server does not offer",
    withRig({ transports: ["websocket"] }, async (rig) => {
      expect(JSON.parse((await get(rig, "EIO=4&transport=polling")).body).code).toBe(0);
    }),
  );

  it(
    "with another transport than its session's is a mismatch",
    withRig({}, async (rig) => {
      const { sid } = await handshake(rig);
      const { status, body } = await get(rig, `EIO=4&transport=websocket&sid=${sid}`);
      expect([status, JSON.parse(body).code]).toEqual([400, 3]);
      expect(rig.errors[0]?.context).toEqual({
        name: "TRANSPORT_MISMATCH",
        transport: "websocket",
        previousTransport: "polling",
      });
    }),
  );

  it(
    "with another revision than its session's is a mismatch, polls and upgrades alike",
    withRig({}, async (rig) => {
      const { sid } = await handshake(rig);
      expect((await get(rig, `EIO=3&transport=polling&sid=${sid}`)).status).toBe(400);
      const context = { name: "PROTOCOL_MISMATCH", protocol: 3, previousProtocol: 4 };
      expect(rig.errors[0]?.context).toEqual(context);
      const peer = new Peer(rig, `EIO=3&transport=websocket&sid=${sid}`);
      await peer.until(() => peer.refusal !== "");
      expect(rig.errors[1]?.context).toEqual(context);
      expect(rig.engine.clientsCount).toBe(1);
    }),
  );
});

describe("an upgrade request that is refused", () => {
  for (const [query, message] of [
    ["EIO=4&transport=tobi", "Transport unknown"],
    ["EIO=4&transport=websocket&sid=test", "Session ID unknown"],
    ["EIO=4&transport=polling", "Bad request"],
    ["EIO=3&transport=websocket", "Unsupported protocol version"],
  ] as const) {
    it(
      `?${query} -> 400 ${message}`,
      withRig({}, async (rig) => {
        const peer = new Peer(rig, query);
        await peer.until(() => peer.refusal !== "");
        expect([peer.refused, peer.refusal]).toEqual([400, message]);
        expect(rig.errors).toHaveLength(1);
        expect(rig.engine.inspect()).toMatchObject({ sessions: 0, pendingHandshakes: 0, deadlines: 0 });
      }),
    );
  }
});

describe("allowRequest", () => {
  it(
    "refuses with its own words",
    withRig({ allowRequest: (_request, callback) => callback("Thou shall not pass", false) }, async (rig) => {
      const { status, body } = await get(rig, "EIO=4&transport=polling");
      expect([status, JSON.parse(body)]).toEqual([403, { code: 4, message: "Thou shall not pass" }]);
      const peer = new Peer(rig, "EIO=4&transport=websocket");
      await peer.until(() => peer.refusal !== "");
      expect([peer.refused, peer.refusal]).toEqual([400, "Thou shall not pass"]);
      expect(rig.errors[0]).toEqual({ code: 4, message: "Forbidden", context: { message: "Thou shall not pass" } });
    }),
  );

  it(
    "refuses without words",
    withRig({ allowRequest: (_request, callback) => setImmediate(callback, null, false) }, async (rig) => {
      expect(JSON.parse((await get(rig, "EIO=4&transport=polling")).body)).toEqual({ code: 4, message: "Forbidden" });
    }),
  );

  it("is asked for the first request only", async () => {
    const asked: string[] = [];
    await withRig(
      {
        allowRequest: (request, callback) => {
          asked.push(request._query.transport);
          callback(null, true);
        },
      },
      async (rig) => {
        const { sid } = await handshake(rig);
        await (await new Peer(rig, `EIO=4&transport=websocket&sid=${sid}`).opened()).ws.close();
        expect(asked).toEqual(["polling"]);
      },
    )();
  });

  for (const [name, allowRequest] of [
    [
      "throws",
      () => {
        throw new TypeError("oops");
      },
    ],
    ["rejects", () => Promise.reject(new TypeError("oops"))],
  ] as const) {
    it(
      `that ${name} refuses, and nobody else notices`,
      withRig({ allowRequest }, async (rig) => {
        expect((await get(rig, "EIO=4&transport=polling")).status).toBe(403);
        expect(rig.errors[0]).toMatchObject({ code: 4, context: { error: new TypeError("oops") } });
      }),
    );
  }

  it(
    "that never answers is given up after handshakeTimeout",
    withRig({ allowRequest: () => undefined, handshakeTimeout: 60 }, async (rig) => {
      const peer = new Peer(rig, "EIO=4&transport=websocket");
      expect((await get(rig, "EIO=4&transport=polling")).status).toBe(503);
      await peer.until(() => peer.refused !== undefined);
      expect(peer.refused).toBe(503);
      expect(rig.errors.map(({ context }) => context.name)).toEqual(["HANDSHAKE_TIMEOUT", "HANDSHAKE_TIMEOUT"]);
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, pendingHandshakes: 0, deadlines: 0 });
    }),
  );
});

describe("generateId", () => {
  it(
    "may be replaced, and may take its time",
    withRig({}, async (rig) => {
      rig.engine.generateId = () => "sync";
      expect((await handshake(rig)).sid).toBe("sync");
      rig.engine.generateId = () => new Promise((resolve) => setTimeout(resolve, 5, "async"));
      expect((await handshake(rig)).sid).toBe("async");
    }),
  );

  it("gives long ids, all different", async () => {
    const { randomSessionId } = await import("../../src/session-id.js");
    const ids = new Set(Array.from({ length: 2000 }, randomSessionId));
    expect(ids.size).toBe(2000);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{20}$/);
  });

  for (const [name, generateId] of [
    ["rejects", () => Promise.reject(new TypeError("nope"))],
    [
      "throws",
      () => {
        throw new TypeError("nope");
      },
    ],
    ["gives nothing", () => ""],
  ] as const) {
    it(
      `that ${name} refuses the request`,
      withRig({}, async (rig) => {
        rig.engine.generateId = generateId;
        expect(JSON.parse((await get(rig, "EIO=4&transport=polling")).body).code).toBe(3);
        const peer = new Peer(rig, "EIO=4&transport=websocket");
        await peer.until(() => peer.refusal !== "");
        expect([peer.refused, peer.refusal]).toEqual([400, "Bad request"]);
        expect(rig.errors.map(({ context }) => context.name)).toEqual(["ID_GENERATION_ERROR", "ID_GENERATION_ERROR"]);
      }),
    );
  }

  it(
    "that gives an id in use is asked again, and given up",
    withRig({}, async (rig) => {
      rig.engine.generateId = () => "same";
      await handshake(rig);
      expect((await get(rig, "EIO=4&transport=polling")).status).toBe(400);
      let calls = 0;
      rig.engine.generateId = () => (++calls < 3 ? "same" : "other");
      expect((await handshake(rig)).sid).toBe("other");
    }),
  );
});
