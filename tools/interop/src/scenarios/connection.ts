import assert from "node:assert/strict";
import type { Socket as ServerSocket } from "socket.io";
import { fence } from "../fence.js";
import type { Scenario } from "../scenario.js";
import { next } from "../signals.js";

type Refusal = Error & { data?: unknown };

export const connectionScenarios: Scenario[] = [
  {
    name: "connects: the same id on both ends",
    group: "connection",
    async run(rig) {
      const { client, server } = await rig.connect();
      assert.equal(client.connected, true);
      assert.equal(server.connected, true);
      assert.equal(client.id, server.id);
      assert.match(server.id, /^[\w-]{20}$/);
      assert.notEqual(server.id, (server.conn as unknown as { id: string }).id, "the engine's id is a secret");
      assert.equal(server.recovered, false);
      assert.equal(rig.io.of("/").sockets.size, 1);
    },
  },
  {
    name: "connection event: handlers set there hear the first emit",
    group: "connection",
    async run(rig) {
      const heard = new Promise((resolve) => {
        rig.io.on("connection", (socket) => socket.on("early", (...args) => resolve(args)));
      });
      const client = rig.client();
      client.emit("early", 1, { two: 2 });
      assert.deepEqual(await heard, [1, { two: 2 }]);
    },
  },
  {
    name: "upgrade: ends on WebSocket and says so",
    group: "connection",
    needs: { http: true },
    async run(rig) {
      const { client, server } = await rig.connect();
      await rig.settle({ client, server });
      const expected = rig.cell.transport === "upgrade" ? "websocket" : rig.cell.transport;
      assert.equal(client.io.engine.transport.name, expected);
      await fence({ client, server });
      assert.equal(server.conn.transport.name, expected);
    },
  },
  {
    name: "handshake: auth object, query, extra headers",
    group: "connection",
    needs: { http: true },
    async run(rig) {
      const { server } = await rig.connect({
        auth: { token: "t-1", nested: { list: [1, "two"] } },
        query: { room: "kitchen", empty: "" },
        extraHeaders: { "x-trace": "abc" },
      });
      assert.deepEqual(server.handshake.auth, { token: "t-1", nested: { list: [1, "two"] } });
      assert.equal(server.handshake.query.room, "kitchen");
      assert.equal(server.handshake.query.empty, "");
      assert.equal(server.handshake.headers["x-trace"], "abc");
      assert.equal(server.handshake.secure, false);
      assert.equal(typeof server.handshake.issued, "number");
      assert.match(server.handshake.url, /^\/socket\.io\/\?/);
      assert.match(server.handshake.address, /127\.0\.0\.1/);
    },
  },
  {
    name: "handshake: auth as a function, asked again at each connect",
    group: "connection",
    async run(rig) {
      let asked = 0;
      const { client, server } = await rig.connect({ auth: (give) => give({ attempt: ++asked }) });
      assert.deepEqual(server.handshake.auth, { attempt: 1 });
      const again = next(client, "connect");
      client.disconnect().connect();
      await again;
      assert.deepEqual(rig.serverSocket(client).handshake.auth, { attempt: 2 });
    },
  },
  {
    name: "middleware refuses: message and data, no reconnection",
    group: "connection",
    async run(rig) {
      rig.io.use((_socket, pass) => {
        const error: Refusal = new Error("not authorized");
        error.data = { content: "please retry later", code: 7 };
        pass(error);
      });
      const client = rig.client();
      const [error] = await next<[Refusal]>(client, "connect_error");
      assert.ok(error instanceof Error);
      assert.equal(error.message, "not authorized");
      assert.deepEqual(error.data, { content: "please retry later", code: 7 });
      assert.equal(client.active, false);
      assert.equal(client.connected, false);
      assert.equal(rig.io.of("/").sockets.size, 0);
    },
  },
  {
    name: "middleware chain: in order, and not beyond a refusal",
    group: "connection",
    async run(rig) {
      const steps: string[] = [];
      rig.io.use((socket, pass) => {
        steps.push("first");
        socket.data.user = "ada";
        setImmediate(pass);
      });
      rig.io.use((socket, pass) => {
        steps.push("second");
        pass(socket.handshake.auth.ok ? undefined : new Error("no"));
      });
      rig.io.use((_socket, pass) => {
        steps.push("third");
        pass();
      });
      const refused = rig.client({ auth: { ok: false } });
      await next(refused, "connect_error");
      assert.deepEqual(steps, ["first", "second"]);
      refused.auth = { ok: true };
      const admitted = next(refused, "connect");
      refused.connect();
      await admitted;
      assert.deepEqual(steps, ["first", "second", "first", "second", "third"]);
      assert.equal(rig.serverSocket(refused).data.user, "ada");
    },
  },
  {
    name: "allowRequest refuses: connect_error, the client keeps trying",
    group: "connection",
    needs: { http: true },
    server: { allowRequest: (_request, answer) => answer("go away", false) },
    async run(rig) {
      const client = rig.client();
      const [error] = await next<[Error]>(client, "connect_error");
      assert.ok(error instanceof Error);
      assert.equal(client.active, true);
    },
  },
  {
    name: "unknown namespace: refused with Invalid namespace",
    group: "connection",
    async run(rig) {
      const client = rig.client({ nsp: "/nowhere" });
      const [error] = await next<[Error]>(client, "connect_error");
      assert.equal(error.message, "Invalid namespace");
      assert.equal(client.active, false);
    },
  },
  {
    name: "namespaces: several on one connection, each with its own life",
    group: "connection",
    async run(rig) {
      rig.io.of("/admin").use((socket, pass) => pass(socket.handshake.auth.key ? undefined : new Error("no key")));
      const { client, server } = await rig.connect();
      const admin = client.io.socket("/admin", { auth: { key: true } });
      await next(admin, "connect");
      const adminServer = rig.serverSocket(admin, "/admin");
      assert.notEqual(adminServer.id, server.id);
      assert.equal(adminServer.conn, server.conn, "one connection carries both");
      const heard = next(admin, "news");
      client.on("news", () => assert.fail("an event crossed namespaces"));
      rig.io.of("/admin").emit("news", "for admins");
      assert.deepEqual(await heard, ["for admins"]);
      const left = next(adminServer, "disconnect");
      admin.disconnect();
      assert.deepEqual((await left)[0], "client namespace disconnect");
      await fence({ client, server });
    },
  },
  {
    name: "dynamic namespaces: by pattern and by function, one child per name",
    group: "connection",
    async run(rig) {
      const parent = rig.io.of(/^\/dynamic-\d+$/);
      const names: string[] = [];
      parent.on("connection", (socket: ServerSocket) => names.push(socket.nsp.name));
      rig.io.of((_name, auth, admit) => admit(null, auth.token === "yes"));
      const one = await rig.connect({ nsp: "/dynamic-101" });
      const two = await rig.connect({ nsp: "/dynamic-102" });
      assert.deepEqual(names, ["/dynamic-101", "/dynamic-102"]);
      const heard = [next(one.client, "hello"), next(two.client, "hello")];
      parent.emit("hello", "children");
      assert.deepEqual(await Promise.all(heard), [["children"], ["children"]]);
      one.server.nsp.emit("hello", "only 101");
      assert.deepEqual(await next(one.client, "hello"), ["only 101"]);
      await rig.connect({ nsp: "/by-function", auth: { token: "yes" } });
      const refused = rig.client({ nsp: "/by-function-too", auth: { token: "no" } });
      assert.equal((await next<[Error]>(refused, "connect_error"))[0].message, "Invalid namespace");
    },
  },
];
