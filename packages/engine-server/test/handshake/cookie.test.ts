import { describe, expect, it } from "vitest";
import { type CookieOptions, serializeCookie } from "../../src/handshake/cookie.js";
import { get, handshake, Peer, poll, withRig } from "../rig.js";

describe("serializeCookie", () => {
  for (const [options, expected] of [
    [{}, "io=id; Path=/; HttpOnly; SameSite=Lax"],
    [{ name: "sid", httpOnly: false }, "sid=id; Path=/; SameSite=Lax"],
    [{ httpOnly: "no" as never }, "io=id; Path=/; HttpOnly; SameSite=Lax"],
    [{ path: false }, "io=id; HttpOnly; SameSite=Lax"],
    [{ path: "/custom", sameSite: "strict" }, "io=id; Path=/custom; HttpOnly; SameSite=Strict"],
    [{ sameSite: true }, "io=id; Path=/; HttpOnly; SameSite=Strict"],
    [{ sameSite: false, secure: true, domain: "a.example" }, "io=id; Domain=a.example; Path=/; HttpOnly; Secure"],
    [{ maxAge: 3.9, sameSite: "none" }, "io=id; Max-Age=3; Path=/; HttpOnly; SameSite=None"],
    [
      { expires: new Date(0), priority: "high", partitioned: true },
      "io=id; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Partitioned; Priority=High; SameSite=Lax",
    ],
  ] as ReadonlyArray<[CookieOptions, string]>) {
    it(expected, () => expect(serializeCookie(options, "id")).toBe(expected));
  }

  it("encodes the value, and refuses names and attributes that would break out", () => {
    expect(serializeCookie({ path: false, httpOnly: false, sameSite: false }, "a;b\r\n")).toBe("io=a%3Bb%0D%0A");
    for (const bad of [{ name: "a b" }, { name: "a;b" }, { path: "/;x" }, { domain: "a\r\nb" }]) {
      expect(() => serializeCookie(bad, "id")).toThrow(/invalid cookie/);
    }
  });
});

describe("the cookie", () => {
  it(
    "comes with the first polling response only",
    withRig({ cookie: true }, async (rig) => {
      const { headers, body } = await get(rig, "EIO=4&transport=polling");
      const { sid } = JSON.parse(body.slice(1));
      expect(headers["set-cookie"]).toEqual([`io=${sid}; Path=/; HttpOnly; SameSite=Lax`]);
      Object.values(rig.engine.clients)[0]!.send("x");
      expect((await poll(rig, sid)).headers["set-cookie"]).toBeUndefined();
    }),
  );

  it(
    "does not come with a WebSocket, nor by default",
    withRig({}, async (rig) => {
      expect((await get(rig, "EIO=4&transport=polling")).headers["set-cookie"]).toBeUndefined();
    }),
  );
});

describe("headers", () => {
  it(
    "may be changed by listeners, on the first and on every response, polling and WebSocket alike",
    withRig({}, async (rig) => {
      const seen: string[] = [];
      rig.engine.on("initial_headers", (headers, request) => {
        seen.push(`initial ${request._query.transport}`);
        headers["x-initial"] = "1";
        headers["set-cookie"] = ["a=1", "b=2"];
      });
      rig.engine.on("headers", (headers, request) => {
        seen.push(`each ${request.method}`);
        headers["x-each"] = "1";
      });
      const first = await get(rig, "EIO=4&transport=polling");
      expect(first.headers).toMatchObject({ "x-initial": "1", "x-each": "1", "set-cookie": ["a=1", "b=2"] });
      const { sid } = JSON.parse(first.body.slice(1));
      Object.values(rig.engine.clients)[0]!.send("x");
      const second = await poll(rig, sid);
      expect(second.headers["x-initial"]).toBeUndefined();
      expect(second.headers["x-each"]).toBe("1");

      const peer = new Peer(rig, "EIO=4&transport=websocket");
      const upgrade = await new Promise<{ headers: object }>((resolve) => peer.ws.on("upgrade", resolve));
      expect(upgrade.headers).toMatchObject({ "x-initial": "1", "x-each": "1", "set-cookie": ["a=1", "b=2"] });
      expect(seen).toEqual(["initial polling", "each GET", "each GET", "initial websocket", "each GET"]);
    }),
  );

  it(
    "of an upgrade to an existing session are no first ones",
    withRig({}, async (rig) => {
      const { sid } = await handshake(rig);
      let initial = 0;
      rig.engine.on("initial_headers", () => initial++);
      await new Peer(rig, `EIO=4&transport=websocket&sid=${sid}`).opened();
      expect(initial).toBe(0);
    }),
  );
});
