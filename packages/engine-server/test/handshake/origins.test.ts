import { describe, expect, it } from "vitest";
import { isLegalHeaderValue, isSameOrigin, type OriginPolicy, originAllowed } from "../../src/handshake/origins.js";
import type { RequestView } from "../../src/handshake/request-view.js";
import type { EngineOptions } from "../../src/index.js";
import { get, handshake, Peer, poll, post, send, withRig } from "../rig.js";

function view(headers: Record<string, string>): RequestView {
  return {
    method: "GET",
    url: "/",
    query: new Map(),
    header: (name) => headers[name],
    address: undefined,
    secure: false,
    raw: undefined,
  };
}

describe("originAllowed", () => {
  const asked = view({ origin: "https://a.example", host: "b.example" });
  for (const [policy, allowed] of [
    [undefined, true],
    ["*", true],
    ["https://a.example", true],
    ["https://A.example", false],
    ["https://a.example.evil.org", false],
    [/\.example$/g, true],
    [/^https:\/\/b/, false],
    [["https://x.example", /^https:\/\/a\./], true],
    [[], false],
    ["same-origin", false],
    [["same-origin", "https://a.example"], true],
    [(origin: string) => origin.endsWith("a.example"), true],
    [() => false, false],
  ] as ReadonlyArray<[OriginPolicy | undefined, boolean]>) {
    it(`${Array.isArray(policy) ? `[${policy}]` : String(policy)} -> ${allowed}`, () => {
      // Twice: a pattern with the g flag must not remember.
      expect(originAllowed(policy, asked)).toBe(allowed);
      expect(originAllowed(policy, asked)).toBe(allowed);
    });
  }

  it("is not asked about requests without Origin", () => {
    expect(originAllowed([], view({ host: "b.example" }))).toBe(true);
  });
});

describe("isSameOrigin", () => {
  for (const [origin, host, same] of [
    ["https://a.example", "a.example", true],
    ["http://a.example:8080", "A.example:8080", true],
    ["https://a.example", "a.example:8443", false],
    ["https://evil.example", "a.example", false],
    ["null", "null", false],
    ["a.example", "a.example", false],
  ] as const) {
    it(`${origin} at ${host} -> ${same}`, () => expect(isSameOrigin(origin, view({ host }))).toBe(same));
  }
});

describe("isLegalHeaderValue", () => {
  it("refuses control characters", () => {
    for (const bad of ["a\nb", "a\rb", "a\0b", "\x7f", "\u0100"]) expect(isLegalHeaderValue(bad)).toBe(false);
    for (const good of ["", "https://a.example", "a\tb", "ü"]) expect(isLegalHeaderValue(good)).toBe(true);
  });
});

describe("origins are enforced on every transport and every request", () => {
  const evil = { origin: "https://evil.example" };
  const good = { origin: "https://good.example" };
  const policies: ReadonlyArray<[string, EngineOptions]> = [
    ["cors.origin as text", { cors: { origin: "https://good.example" } }],
    ["cors.origin as a list", { cors: { origin: [/good\.example$/] } }],
    [
      "cors.origin as a function",
      { cors: { origin: (origin, done) => done(null, origin === "https://good.example") } },
    ],
    ["a cors delegate", { cors: (_request, done) => setImmediate(done, null, { origin: ["https://good.example"] }) }],
    ["origins", { origins: ["https://good.example"] }],
    ["origins as a promise", { origins: (origin) => Promise.resolve(origin === "https://good.example") }],
  ];
  for (const [name, options] of policies) {
    it(
      `by ${name}`,
      withRig(options, async (rig) => {
        const refused = await get(rig, "EIO=4&transport=polling", { headers: evil });
        expect([refused.status, JSON.parse(refused.body)]).toEqual([403, { code: 4, message: "Forbidden" }]);
        const thief = new Peer(rig, "EIO=4&transport=websocket", { headers: evil });
        await thief.until(() => thief.refused !== undefined);
        expect(thief.refused).toBe(403);
        expect(rig.errors.map(({ context }) => context)).toEqual([
          { name: "ORIGIN_REFUSED", origin: evil.origin },
          { name: "ORIGIN_REFUSED", origin: evil.origin },
        ]);
        expect(rig.engine.inspect()).toMatchObject({ sessions: 0, pendingHandshakes: 0, deadlines: 0 });

        expect((await get(rig, "EIO=4&transport=polling", { headers: good })).status).toBe(200);
        await new Peer(rig, "EIO=4&transport=websocket", { headers: good }).opened();
        const { sid } = await handshake(rig);
        expect((await poll(rig, sid, { headers: evil })).status).toBe(403);
        expect((await post(rig, sid, "4x", { headers: evil })).status).toBe(403);
        const taker = new Peer(rig, `EIO=4&transport=websocket&sid=${sid}`, { headers: evil });
        await taker.until(() => taker.refused !== undefined);
        expect(taker.refused).toBe(403);
      }),
    );
  }

  it(
    "but the server's own pages always may with cors, and with origins only when named",
    withRig({ cors: { origin: "https://good.example" } }, async (rig) => {
      const own = { headers: { origin: `http://127.0.0.1:${rig.port}` } };
      expect((await get(rig, "EIO=4&transport=polling", own)).status).toBe(200);
      await new Peer(rig, "EIO=4&transport=websocket", own).opened();
    }),
  );

  it(
    "same-origin by name",
    withRig({ origins: "same-origin" }, async (rig) => {
      const own = { headers: { origin: `http://127.0.0.1:${rig.port}` } };
      expect((await get(rig, "EIO=4&transport=polling", own)).status).toBe(200);
      expect((await get(rig, "EIO=4&transport=polling", { headers: evil })).status).toBe(403);
      expect((await get(rig, "EIO=4&transport=polling")).status).toBe(200);
    }),
  );

  it(
    "a script element, which sends no Origin, counts as an unknown page",
    withRig({ cors: { origin: "https://good.example" } }, async (rig) => {
      expect((await get(rig, "EIO=4&transport=polling&j=0")).status).toBe(403);
      expect((await get(rig, "EIO=4&transport=polling")).status).toBe(200);
    }),
  );

  it(
    "everybody is let in when nothing is configured, and with cors for everybody",
    withRig({ cors: true }, async (rig) => {
      const { status, headers } = await get(rig, "EIO=4&transport=polling", { headers: evil });
      expect([status, headers["access-control-allow-origin"]]).toEqual([200, "*"]);
      await new Peer(rig, "EIO=4&transport=websocket", { headers: evil }).opened();
    }),
  );

  it(
    "a policy that throws lets nobody in",
    withRig(
      {
        origins: () => {
          throw new TypeError("oops");
        },
      },
      async (rig) => {
        expect((await get(rig, "EIO=4&transport=polling", { headers: good })).status).toBe(403);
        expect((await get(rig, "EIO=4&transport=polling")).status).toBe(200);
      },
    ),
  );

  it(
    "a header that could split a response is a bad request",
    withRig({}, async (rig) => {
      const { connect } = await import("node:net");
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(rig.port, "127.0.0.1");
        socket.write("GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nOrigin: a\x7fb\r\n\r\n");
        socket.on("data", (chunk: Buffer) => {
          resolve(chunk.toString());
          socket.destroy();
        });
      });
      expect(answer).toMatch(/^HTTP\/1\.1 400/);
    }),
  );
});

describe("a preflight request", () => {
  it(
    "of a foreign origin is answered without permission",
    withRig({ cors: { origin: ["https://good.example"] } }, async (rig) => {
      const answer = await send(rig, "/engine.io/?EIO=4&transport=polling", {
        method: "OPTIONS",
        headers: evil(),
      }).answer;
      expect(answer.status).toBe(204);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }),
  );
});

function evil(): Record<string, string> {
  return { origin: "https://evil.example" };
}
