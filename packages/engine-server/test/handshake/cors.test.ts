import { describe, expect, it } from "vitest";
import type { CorsOptions } from "../../src/index.js";
import { type Answer, get, Peer, type Rig, send, withRig } from "../rig.js";

const ASKER = "https://a.example";

function preflight(rig: Rig, headers: Record<string, string> = {}): Promise<Answer> {
  return send(rig, "/engine.io/?EIO=4&transport=polling", { method: "OPTIONS", headers: { origin: ASKER, ...headers } })
    .answer;
}

const actual = (rig: Rig) => get(rig, "EIO=4&transport=polling", { headers: { origin: ASKER } });

const sharing = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("access-control-") || name === "vary"));

/** Options, headers of the actual request, headers of the preflight. */
const table: ReadonlyArray<[string, CorsOptions, object, object]> = [
  [
    "{}",
    {},
    { "access-control-allow-origin": "*" },
    {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
      vary: "Access-Control-Request-Headers",
    },
  ],
  [
    "one origin",
    { origin: ASKER, methods: ["GET", "POST"], allowedHeaders: ["x-a", "x-b"], credentials: true, maxAge: 60 },
    { "access-control-allow-origin": ASKER, "access-control-allow-credentials": "true", vary: "Origin" },
    {
      "access-control-allow-origin": ASKER,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET,POST",
      "access-control-allow-headers": "x-a,x-b",
      "access-control-max-age": "60",
      vary: "Origin",
    },
  ],
  [
    "reflection",
    { origin: true, exposedHeaders: ["x-c", "x-d"], headers: "x-e" },
    { "access-control-allow-origin": ASKER, "access-control-expose-headers": "x-c,x-d", vary: "Origin" },
    {
      "access-control-allow-origin": ASKER,
      "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
      "access-control-allow-headers": "x-e",
      "access-control-expose-headers": "x-c,x-d",
      vary: "Origin",
    },
  ],
  [
    "a pattern",
    { origin: /\.example$/ },
    { "access-control-allow-origin": ASKER, vary: "Origin" },
    {
      "access-control-allow-origin": ASKER,
      "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
      vary: "Origin, Access-Control-Request-Headers",
    },
  ],
  [
    "a function",
    { origin: (origin, done) => setImmediate(done, null, [origin ?? ""]) },
    { "access-control-allow-origin": ASKER, vary: "Origin" },
    {
      "access-control-allow-origin": ASKER,
      "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
      vary: "Origin, Access-Control-Request-Headers",
    },
  ],
];

describe("cors", () => {
  for (const [name, cors, onActual, onPreflight] of table) {
    it(
      `with ${name}`,
      withRig({ cors }, async (rig) => {
        const answer = await actual(rig);
        expect([answer.status, sharing(answer)]).toEqual([200, onActual]);
        const before = await preflight(rig);
        expect([before.status, before.body, before.headers["content-length"]]).toEqual([204, "", "0"]);
        expect(sharing(before)).toEqual(onPreflight);
      }),
    );
  }

  it(
    "reflects the headers that a preflight asks for",
    withRig({ cors: {} }, async (rig) => {
      const { headers } = await preflight(rig, { "access-control-request-headers": "x-one, x-two" });
      expect(headers["access-control-allow-headers"]).toBe("x-one, x-two");
    }),
  );

  it(
    "answers preflights with another status",
    withRig({ cors: { optionsSuccessStatus: 200 } }, async (rig) => {
      expect((await preflight(rig)).status).toBe(200);
    }),
  );

  it(
    "hands preflights on with preflightContinue",
    withRig({ cors: { preflightContinue: true } }, async (rig) => {
      const answer = await preflight(rig);
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 2]);
      expect(answer.headers["access-control-allow-origin"]).toBe("*");
    }),
  );

  it(
    "says nothing with origin false, and guards nothing",
    withRig({ cors: { origin: false } }, async (rig) => {
      const answer = await actual(rig);
      expect([answer.status, sharing(answer)]).toEqual([200, {}]);
    }),
  );

  it(
    "takes options per request",
    withRig(
      {
        cors: (request, done) => done(null, { origin: (request as { url: string }).url.includes("x=1") ? "*" : ASKER }),
      },
      async (rig) => {
        expect(sharing(await get(rig, "EIO=4&transport=polling&x=1"))).toEqual({ "access-control-allow-origin": "*" });
        expect(sharing(await actual(rig))).toMatchObject({ "access-control-allow-origin": ASKER });
      },
    ),
  );

  it(
    "stays on refusals",
    withRig({ cors: { origin: ASKER, credentials: true } }, async (rig) => {
      const answer = await get(rig, "EIO=4&transport=polling&sid=x", { headers: { origin: ASKER } });
      expect(answer.status).toBe(400);
      expect(answer.headers["access-control-allow-origin"]).toBe(ASKER);
      expect(answer.headers["access-control-allow-credentials"]).toBe("true");
    }),
  );

  for (const [name, cors] of [
    [
      "throws",
      {
        origin: () => {
          throw new TypeError("oops");
        },
      },
    ],
    ["fails", { origin: (_origin: unknown, done: (error: Error) => void) => done(new TypeError("oops")) }],
  ] as ReadonlyArray<[string, CorsOptions]>) {
    it(
      `refuses the request when the origin function ${name}`,
      withRig({ cors }, async (rig) => {
        expect((await actual(rig)).status).toBe(400);
        const peer = new Peer(rig, "EIO=4&transport=websocket", { headers: { origin: ASKER } });
        await peer.until(() => peer.refused !== undefined);
        expect(rig.errors.map(({ context }) => context.name)).toEqual(["MIDDLEWARE_FAILURE", "MIDDLEWARE_FAILURE"]);
      }),
    );
  }
});
