import { describe, expect, it } from "vitest";
import { eventually, get, handshake, nextSession, poll, post, type Rig, send, tcp, withRig } from "../rig.js";

/** What the session's end was, once it has come. */
async function ending(rig: Rig, act: (sid: string) => Promise<unknown>): Promise<[reason: string, message?: string]> {
  const session = nextSession(rig);
  const { sid } = await handshake(rig);
  const socket = await session;
  const closed = new Promise<[string, string?]>((resolve) => {
    socket.on("close", (reason, description) => resolve([reason, (description as Error | undefined)?.message]));
  });
  await act(sid);
  const result = await closed;
  expect(rig.engine.clientsCount).toBe(0);
  return result;
}

describe("a poll", () => {
  it(
    "answers the handshake with the open packet",
    withRig({}, async (rig) => {
      const { status, headers, body } = await get(rig, "EIO=4&transport=polling");
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe("text/plain; charset=UTF-8");
      expect(headers["cache-control"]).toBe("no-store");
      expect(headers["content-length"]).toBe(String(Buffer.byteLength(body)));
      const open = JSON.parse(body.slice(1));
      expect(body[0]).toBe("0");
      expect(Object.keys(open)).toEqual(["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
      expect(open).toMatchObject({ upgrades: ["websocket"], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1e6 });
      expect(open.sid).toMatch(/^[A-Za-z0-9_-]{20}$/);
    }),
  );

  it(
    "waits until there is something to say, and says all of it",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      const waiting = poll(rig, sid);
      await eventually(() => rig.engine.inspect().openResponses === 1);
      socket.send("a");
      socket.send(Buffer.from([1, 2]));
      socket.send("ü");
      expect((await waiting).body).toBe("4a\x1ebAQI=\x1e4ü");
      expect(rig.engine.inspect().openResponses).toBe(0);
    }),
  );

  it(
    "brings the initial packet along with the handshake, and nothing else",
    withRig({ initialPacket: "first" }, async (rig) => {
      rig.engine.on("connection", (socket) => socket.send("second"));
      const { body } = await get(rig, "EIO=4&transport=polling");
      const [open, ...others] = body.split("\x1e");
      expect(others).toEqual(["4first"]);
      expect((await poll(rig, JSON.parse(open!.slice(1)).sid)).body).toBe("4second");
    }),
  );

  it(
    "that overlaps another is refused and ends the session",
    withRig({}, async (rig) => {
      const end = await ending(rig, async (sid) => {
        const first = poll(rig, sid);
        await eventually(() => rig.engine.inspect().openResponses === 1);
        expect(await poll(rig, sid)).toMatchObject({ status: 400, body: "" });
        expect((await first).body).toBe("1");
        expect(JSON.parse((await poll(rig, sid)).body)).toEqual({ code: 1, message: "Session ID unknown" });
      });
      expect(end).toEqual(["transport error", "a second poll while one is open"]);
    }),
  );

  it(
    "that the client gives up ends the session",
    withRig({}, async (rig) => {
      const end = await ending(rig, async (sid) => {
        const { answer, request } = send(rig, `/engine.io/?EIO=4&transport=polling&sid=${sid}`);
        answer.catch(() => undefined);
        await eventually(() => rig.engine.inspect().openResponses === 1);
        request.destroy();
      });
      expect(end).toEqual(["transport error", "poll connection closed prematurely"]);
    }),
  );

  it(
    "protects old browsers from themselves",
    withRig({}, async (rig) => {
      for (const agent of ["Mozilla/4.0 (compatible;MSIE 8.0; Windows NT 6.1)", "Mozilla/5.0 (Trident/7.0; rv:11.0)"]) {
        const { headers } = await get(rig, "EIO=4&transport=polling", { headers: { "user-agent": agent } });
        expect(headers["x-xss-protection"]).toBe("0");
      }
      expect((await get(rig, "EIO=4&transport=polling")).headers["x-xss-protection"]).toBeUndefined();
    }),
  );
});

describe("an upload", () => {
  it(
    "is delivered in order and answered with ok",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const got: unknown[] = [];
      (await session).on("data", (data) => got.push(data));
      const { status, headers, body } = await post(rig, sid, "4a\x1ebAQI=\x1e4");
      expect([status, headers["content-type"], headers["content-length"], body]).toEqual([200, "text/html", "2", "ok"]);
      expect(headers["cache-control"]).toBe("no-store");
      expect(got).toEqual(["a", Buffer.from([1, 2]), ""]);
    }),
  );

  it(
    "may come in chunks, also cut inside a character",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      const got = new Promise((resolve) => socket.on("data", resolve));
      const connection = await tcp(rig);
      connection.write(
        `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      for (const byte of Buffer.from("4ü€")) {
        connection.write(Buffer.concat([Buffer.from("1\r\n"), Buffer.from([byte]), Buffer.from("\r\n")]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      connection.write("0\r\n\r\n");
      expect(await got).toBe("ü€");
      connection.destroy();
    }),
  );

  it(
    "that overlaps another is refused and ends the session",
    withRig({}, async (rig) => {
      const end = await ending(rig, async (sid) => {
        const connection = await tcp(rig);
        connection.write(
          `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4hel`,
        );
        await eventually(() => rig.engine.inspect().openResponses === 1);
        expect(await post(rig, sid, "4x")).toMatchObject({ status: 400, body: "" });
        connection.destroy();
      });
      expect(end).toEqual(["transport error", "a second upload while one is being read"]);
    }),
  );

  it(
    "that the client gives up ends the session",
    withRig({}, async (rig) => {
      const end = await ending(rig, async (sid) => {
        const connection = await tcp(rig);
        connection.write(
          `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4hel`,
        );
        await eventually(() => rig.engine.inspect().unfinishedBytes === 4);
        connection.destroy();
      });
      expect(end).toEqual(["transport error", "data request connection closed prematurely"]);
    }),
  );

  it(
    "of bytes is refused and ends the session",
    withRig({}, async (rig) => {
      const end = await ending(rig, async (sid) => {
        const headers = { "content-type": "application/octet-stream" };
        expect(await post(rig, sid, "4x", { headers })).toMatchObject({ status: 400, body: "" });
      });
      expect(end).toEqual(["transport error", "invalid content"]);
    }),
  );

  for (const [name, body] of [
    ["an unknown packet", "abc"],
    ["nothing", ""],
    ["an empty packet between others", "4a\x1e\x1e4b"],
    ["bad base64", "b%%%"],
  ] as const) {
    it(
      `that holds ${name} is answered with 400 and ends the session`,
      withRig({}, async (rig) => {
        const [reason] = await ending(rig, async (sid) => {
          expect(await post(rig, sid, body)).toMatchObject({ status: 400, body: "" });
        });
        expect(reason).toBe("parse error");
      }),
    );
  }

  it(
    "delivers what came before a bad packet, and nothing after it",
    withRig({}, async (rig) => {
      const got: unknown[] = [];
      rig.engine.on("connection", (socket) => socket.on("data", (data) => got.push(data)));
      await ending(rig, (sid) => post(rig, sid, "4a\x1eX\x1e4b"));
      expect(got).toEqual(["a"]);
    }),
  );

  it(
    "with the heartbeat of the wrong side is answered with 400 and ends the session",
    withRig({}, async (rig) => {
      const end = await ending(rig, async (sid) => {
        expect(await post(rig, sid, "2")).toMatchObject({ status: 400 });
      });
      expect(end).toEqual(["transport error", "invalid heartbeat direction"]);
    }),
  );

  it(
    "of a close packet ends the session and lets the poll return",
    withRig({}, async (rig) => {
      const [reason] = await ending(rig, async (sid) => {
        const waiting = poll(rig, sid);
        await eventually(() => rig.engine.inspect().openResponses === 1);
        expect(await post(rig, sid, "1")).toMatchObject({ status: 200, body: "ok" });
        expect((await waiting).body).toBe("6");
      });
      expect(reason).toBe("transport close");
    }),
  );
});

describe("an upload that is too large", () => {
  it(
    "is refused on its declared length",
    withRig({ maxHttpBufferSize: 100 }, async (rig) => {
      const end = await ending(rig, async (sid) => {
        expect(await post(rig, sid, `4${"x".repeat(100)}`)).toMatchObject({ status: 413, body: "" });
      });
      expect(end).toEqual(["transport error", "upload larger than maxHttpBufferSize"]);
    }),
  );

  it(
    "is refused while it comes in, and what follows is not kept",
    withRig({ maxHttpBufferSize: 100 }, async (rig) => {
      const [reason] = await ending(rig, async (sid) => {
        const connection = await tcp(rig);
        let answer = "";
        connection.on("data", (chunk: Buffer) => {
          answer += chunk.toString();
        });
        connection.write(
          `POST /engine.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        connection.write(`65\r\n4${"x".repeat(100)}\r\n`);
        await eventually(() => answer.includes("\r\n\r\n"));
        expect(answer).toMatch(/^HTTP\/1\.1 413 /);
        connection.destroy();
      });
      expect(reason).toBe("transport error");
    }),
  );

  it(
    "may have exactly the limit",
    withRig({ maxHttpBufferSize: 100 }, async (rig) => {
      const { sid } = await handshake(rig);
      expect(await post(rig, sid, `4${"x".repeat(99)}`)).toMatchObject({ status: 200 });
    }),
  );
});

describe("other requests of a session", () => {
  for (const method of ["PUT", "DELETE", "PATCH"]) {
    it(
      `${method} is answered with 500`,
      withRig({}, async (rig) => {
        const { sid } = await handshake(rig);
        const path = `/engine.io/?EIO=4&transport=polling&sid=${sid}`;
        expect(await send(rig, path, { method }).answer).toMatchObject({ status: 500, body: "" });
        expect(rig.engine.clientsCount).toBe(1);
      }),
    );
  }
});

describe("closing from the server", () => {
  it(
    "answers the open poll, queued messages first",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      const waiting = poll(rig, sid);
      await eventually(() => rig.engine.inspect().openResponses === 1);
      socket.send("bye");
      socket.close();
      expect((await waiting).body).toBe("4bye");
      expect((await poll(rig, sid)).body).toBe("1");
      expect(rig.engine.clientsCount).toBe(0);
    }),
  );

  it(
    "tells an idle client in its open poll",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { sid } = await handshake(rig);
      const socket = await session;
      const waiting = poll(rig, sid);
      await eventually(() => rig.engine.inspect().openResponses === 1);
      socket.close();
      expect((await waiting).body).toBe("1");
    }),
  );

  it(
    "waits for the next poll, but not for ever",
    withRig({ closeTimeout: 50 }, async (rig) => {
      const session = nextSession(rig);
      await handshake(rig);
      const socket = await session;
      const closed = new Promise((resolve) => socket.on("close", resolve));
      socket.close();
      expect(await closed).toBe("forced close");
      expect(rig.engine.inspect()).toMatchObject({ sessions: 0, deadlines: 0 });
    }),
  );

  it(
    "with discard drops what is queued, and keeps it readable for `close` listeners",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      await handshake(rig);
      const socket = await session;
      socket.send("never");
      let seen: unknown;
      socket.on("close", () => {
        seen = socket.writeBuffer.map(({ data }) => data);
      });
      socket.close(true);
      expect(seen).toEqual(["never"]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(socket.writeBuffer).toEqual([]);
    }),
  );
});

describe("compression", () => {
  const gzip = { headers: { "accept-encoding": "gzip, deflate" } };

  async function answerTo(rig: Rig, data: string, headers: Record<string, string>, compress = true) {
    const session = nextSession(rig);
    const { sid } = await handshake(rig);
    (await session).send(data, { compress });
    return poll(rig, sid, { headers });
  }

  it(
    "is used for large bodies when the client takes it",
    withRig({}, async (rig) => {
      const { headers, raw } = await answerTo(rig, "x".repeat(2000), gzip.headers);
      expect(headers["content-encoding"]).toBe("gzip");
      const { gunzipSync } = await import("node:zlib");
      expect(gunzipSync(raw).toString()).toBe(`4${"x".repeat(2000)}`);
    }),
  );

  it(
    "falls back to deflate, and honours q=0",
    withRig({}, async (rig) => {
      const large = "x".repeat(2000);
      expect((await answerTo(rig, large, { "accept-encoding": "deflate" })).headers["content-encoding"]).toBe(
        "deflate",
      );
      const refused = await answerTo(rig, large, { "accept-encoding": "gzip;q=0, br" });
      expect(refused.headers["content-encoding"]).toBeUndefined();
    }),
  );

  it(
    "is not used below the threshold, nor for messages that must not be compressed",
    withRig({ httpCompression: { threshold: 1000 } }, async (rig) => {
      expect((await answerTo(rig, "x".repeat(900), gzip.headers)).headers["content-encoding"]).toBeUndefined();
      const plain = await answerTo(rig, "x".repeat(2000), gzip.headers, false);
      expect(plain.headers["content-encoding"]).toBeUndefined();
    }),
  );

  it(
    "can be turned off",
    withRig({ httpCompression: false }, async (rig) => {
      expect((await answerTo(rig, "x".repeat(9000), gzip.headers)).headers["content-encoding"]).toBeUndefined();
    }),
  );
});

describe("JSONP", () => {
  it(
    "answers with a script that can hold nothing but digits and a JSON text",
    withRig({}, async (rig) => {
      rig.engine.on("connection", (socket) => socket.send('a\u2028b"</script>'));
      const { headers, body } = await get(rig, "EIO=4&transport=polling&j=a0b1;alert(1)");
      expect(headers["content-type"]).toBe("text/javascript; charset=UTF-8");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(body).toMatch(/^___eio\[011\]\("0\{/);
      expect(body).not.toContain("\u2028");
    }),
  );

  it(
    "takes uploads as a form field",
    withRig({}, async (rig) => {
      const session = nextSession(rig);
      const { body } = await get(rig, "EIO=4&transport=polling&j=0");
      const sid = JSON.parse(JSON.parse(body.slice("___eio[0](".length, -2)).slice(1)).sid;
      const got: unknown[] = [];
      (await session).on("data", (data) => got.push(data));
      const form = `d=${encodeURIComponent("4one\\ntwo\\\\nthree")}`;
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      await send(rig, `/engine.io/?EIO=4&transport=polling&j=0&sid=${sid}`, { method: "POST", body: form, headers })
        .answer;
      expect(got).toEqual(["one\ntwo\\nthree"]);
    }),
  );
});
