import assert from "node:assert/strict";
import { fence } from "../fence.js";
import type { Ends, Rig } from "../rig.js";
import type { Scenario } from "../scenario.js";
import { collect, next } from "../signals.js";

/** A broken connection is seen as one or the other, by what the transport was doing when it broke. */
const BROKEN = ["transport close", "transport error"];

/**
 * The incumbent's client stalls when its connection ends while it changes transports: it has left the one, takes the end of the
 * other for a failed upgrade, and notices with the next heartbeat that does not come. Ours is left where it happens to be.
 */
async function atRest(rig: Rig, ends: Ends): Promise<void> {
  if (rig.cell.client === "official") await rig.settle(ends);
}

/** A connection at rest. With heartbeats as short as here a busy machine may miss one before that; then another is made. */
async function alive(rig: Rig): Promise<Ends> {
  for (;;) {
    const ends = await rig.connect({ reconnection: false });
    const lost = Promise.race([next(ends.client, "disconnect"), next(ends.server, "disconnect")]);
    const isLost = await Promise.race([rig.settle(ends), lost]);
    if (isLost === undefined && ends.client.connected && ends.server.connected) return ends;
  }
}

export const lifecycleScenarios: Scenario[] = [
  {
    name: "client disconnects: reasons, rooms until the last moment",
    group: "life cycle",
    async run(rig) {
      const { client, server } = await rig.connect();
      await server.join("r");
      const leaving = new Promise((resolve) => {
        server.on("disconnecting", (reason) => resolve([reason, server.rooms.has("r")]));
      });
      const left = new Promise((resolve) => {
        server.on("disconnect", (reason) => resolve([reason, server.rooms.size]));
      });
      const heard = next(client, "disconnect");
      client.disconnect();
      assert.equal((await heard)[0], "io client disconnect");
      assert.deepEqual(await leaving, ["client namespace disconnect", true]);
      assert.deepEqual(await left, ["client namespace disconnect", 0]);
      assert.equal(client.id, undefined);
      assert.equal(client.active, false);
      assert.equal(server.connected, false);
    },
  },
  {
    name: "client leaves and comes back: a new socket, one disconnect event",
    group: "life cycle",
    async run(rig) {
      const { client, server } = await rig.connect();
      let disconnects = 0;
      client.on("disconnect", () => disconnects++);
      const again = next(client, "connect");
      client.disconnect().connect();
      await again;
      assert.equal(disconnects, 1);
      assert.notEqual(client.id, server.id);
      await fence({ client, server: rig.serverSocket(client) });
    },
  },
  {
    name: "server disconnects the socket: reasons, no reconnection",
    group: "life cycle",
    async run(rig) {
      const { client, server } = await rig.connect();
      const heard = next(client, "disconnect");
      const left = next(server, "disconnect");
      server.emit("last words");
      const last = next(client, "last words");
      server.disconnect();
      await last;
      assert.equal((await heard)[0], "io server disconnect");
      assert.equal((await left)[0], "server namespace disconnect");
      assert.equal(client.active, false);
    },
  },
  {
    name: "server closes the connection: every namespace is told",
    group: "life cycle",
    async run(rig) {
      rig.io.of("/second");
      const { client, server } = await rig.connect();
      const second = client.io.socket("/second");
      await next(second, "connect");
      const secondServer = rig.serverSocket(second, "/second");
      const heard = [next(client, "disconnect"), next(second, "disconnect")];
      const left = [next(server, "disconnect"), next(secondServer, "disconnect")];
      server.disconnect(true);
      for (const [reason] of await Promise.all(heard)) assert.equal(reason, "io server disconnect");
      for (const [reason] of await Promise.all(left)) assert.equal(reason, "server namespace disconnect");
    },
  },
  {
    name: "io.close(): the server's reason, nobody listens any more",
    group: "life cycle",
    needs: { link: true },
    async run(rig) {
      const ends = await rig.connect({ reconnection: false });
      await atRest(rig, ends);
      const heard = next<[string]>(ends.client, "disconnect");
      const left = next(ends.server, "disconnect");
      assert.equal(await rig.answers(), true);
      await rig.stop();
      assert.equal((await left)[0], "server shutting down");
      assert.ok([...BROKEN, "io server disconnect"].includes((await heard)[0]));
      assert.equal(await rig.answers(), false);
    },
  },
  {
    name: "cable pulled: reasons, reconnection with a new id, nothing kept back is lost",
    group: "life cycle",
    needs: { link: true },
    async run(rig) {
      const { client, server } = await rig.connect();
      await rig.settle({ client, server });
      const heard = next<[string]>(client, "disconnect");
      const left = next<[string]>(server, "disconnect");
      const attempt = next(client.io, "reconnect_attempt");
      const back = next(client.io, "reconnect");
      const resumed = new Promise<unknown[]>((resolve) => {
        rig.io.on("connection", (socket) => socket.on("kept", (...args) => resolve([socket.id, ...args])));
      });
      rig.link.cut();
      assert.ok(BROKEN.includes((await heard)[0]));
      assert.ok(BROKEN.includes((await left)[0]));
      assert.equal(client.active, true);
      client.emit("kept", "while away");
      assert.deepEqual(await attempt, [1]);
      assert.equal(typeof (await back)[0], "number");
      const [id, text] = await resumed;
      assert.equal(text, "while away");
      assert.notEqual(id, server.id);
      assert.equal(client.id, id);
      assert.ok(!client.recovered);
    },
  },
  {
    name: "server restarts: the client finds the new one",
    group: "life cycle",
    needs: { link: true },
    async run(rig) {
      const ends = await rig.connect();
      await atRest(rig, ends);
      const { client } = ends;
      const gone = next(client, "disconnect");
      await rig.stop();
      await gone;
      const failed = next<[Error]>(client.io, "reconnect_error");
      assert.ok((await failed)[0] instanceof Error);
      let hear = (_text: unknown) => {};
      const heard = new Promise((resolve) => {
        hear = resolve;
      });
      client.emit("kept", "for the new server");
      await rig.start((io) => io.on("connection", (socket) => socket.on("kept", hear)));
      assert.equal(await heard, "for the new server");
    },
  },
  {
    name: "no server yet: connect_error, and a connection once there is one",
    group: "life cycle",
    needs: { link: true },
    async run(rig) {
      await rig.stop();
      const client = rig.client();
      const [error] = await next<[Error]>(client, "connect_error");
      assert.ok(error instanceof Error);
      assert.equal(client.active, true);
      const connected = next(client, "connect");
      await rig.start();
      await connected;
    },
  },
  {
    name: "reconnection gives up after the attempts it was given",
    group: "life cycle",
    needs: { link: true },
    async run(rig) {
      await rig.stop();
      const client = rig.client({ reconnectionAttempts: 2, reconnectionDelayMax: 20 });
      const attempts: unknown[] = [];
      client.io.on("reconnect_attempt", (n) => attempts.push(n));
      await next(client.io, "reconnect_failed");
      assert.deepEqual(attempts, [1, 2]);
      assert.equal(client.active, true);
      await rig.start();
    },
  },
  {
    name: "silence: both ends notice a frozen connection",
    group: "life cycle",
    needs: { link: true },
    server: { pingInterval: 150, pingTimeout: 150 },
    async run(rig) {
      const { client, server } = await alive(rig);
      const heard = next(client, "disconnect");
      const left = next(server, "disconnect");
      rig.link.freeze();
      assert.equal((await left)[0], "ping timeout");
      assert.equal((await heard)[0], "ping timeout");
    },
  },
  {
    name: "heartbeats keep a quiet connection up",
    group: "life cycle",
    needs: { http: true },
    server: { pingInterval: 25, pingTimeout: 2_000 },
    async run(rig) {
      const { client, server } = await rig.connect();
      const reasons: unknown[] = [];
      client.on("disconnect", (reason) => reasons.push(reason));
      await collect(client.io, "ping", 4);
      await fence({ client, server });
      assert.deepEqual(reasons, []);
    },
  },
];
