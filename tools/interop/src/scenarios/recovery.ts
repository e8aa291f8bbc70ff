import assert from "node:assert/strict";
import type { ServerOptions } from "socket.io";
import { fence } from "../fence.js";
import type { Ends, Rig } from "../rig.js";
import type { Scenario } from "../scenario.js";
import { collect, next } from "../signals.js";

const RECOVERY: Partial<ServerOptions> = { connectionStateRecovery: { maxDisconnectionDuration: 30_000 } };

/** A connected client that has heard one event already, in room `r`, with data. */
async function settled(rig: Rig): Promise<Ends> {
  const ends = await rig.connect();
  await ends.server.join("r");
  ends.server.data.name = "ada";
  const heard = next(ends.client, "news");
  rig.io.emit("news", "before");
  await heard;
  return ends;
}

export const recoveryScenarios: Scenario[] = [
  {
    name: "recovery: id, rooms, data and missed events, in order, come back after a cut",
    group: "recovery",
    needs: { link: true },
    server: RECOVERY,
    async run(rig) {
      const { client, server } = await settled(rig);
      const { id } = server;
      await rig.cut({ client, server });
      const missed = collect(client, "news", 3);
      const back = next(client, "connect");
      rig.io.emit("news", "to all", { n: 1 });
      rig.io.to("r").emit("news", "to the room", { n: 2 });
      rig.io.to(id).emit("news", Buffer.from([3]), { n: 3 });
      rig.io.to("another room").emit("news", "not for us");
      rig.io.except("r").emit("news", "not for us either");
      await back;
      assert.equal(client.recovered, true);
      assert.equal(client.id, id);
      assert.deepEqual(
        (await missed).map(([, second]) => second),
        [{ n: 1 }, { n: 2 }, { n: 3 }],
      );
      const again = rig.serverSocket(client);
      assert.equal(again.recovered, true);
      assert.equal(again.id, id);
      assert.deepEqual([...again.rooms].sort(), [id, "r"].sort());
      assert.equal(again.data.name, "ada");
      await fence({ client, server: again });
    },
  },
  {
    name: "recovery: a second cut is survived as the first",
    group: "recovery",
    needs: { link: true },
    server: RECOVERY,
    async run(rig) {
      const { client, server } = await settled(rig);
      let ends: Ends = { client, server };
      for (const text of ["first", "second"]) {
        await rig.cut(ends);
        const heard = next(client, "news");
        const back = next(client, "connect");
        rig.io.emit("news", text);
        assert.equal((await heard)[0], text);
        await back;
        assert.equal(client.recovered, true);
        ends = { client, server: rig.serverSocket(client) };
      }
    },
  },
  {
    name: "recovery: a session that was ended on purpose is not resumed",
    group: "recovery",
    needs: { link: true },
    server: RECOVERY,
    async run(rig) {
      const { client, server } = await settled(rig);
      const back = next(client, "connect");
      const gone = next(client, "disconnect");
      server.disconnect();
      await gone;
      client.connect();
      await back;
      assert.equal(client.recovered, false);
      assert.notEqual(client.id, server.id);
    },
  },
  {
    name: "recovery: a new server does not know the session, and says so",
    group: "recovery",
    needs: { link: true },
    server: RECOVERY,
    async run(rig) {
      const ends = await settled(rig);
      const { client } = ends;
      const gone = next(client, "disconnect");
      await rig.cut(ends);
      await gone;
      await rig.stop();
      const back = next(client, "connect");
      await rig.start();
      await back;
      assert.equal(client.recovered, false);
      await fence({ client, server: rig.serverSocket(client) });
    },
  },
  {
    name: "recovery: a client that heard nothing yet is recovered too",
    group: "recovery",
    needs: { link: true, sockeyeServer: true },
    server: RECOVERY,
    async run(rig) {
      const { client, server } = await rig.connect();
      await rig.cut({ client, server });
      const heard = next(client, "news");
      const back = next(client, "connect");
      rig.io.emit("news", "while away");
      await back;
      assert.equal(client.recovered, true);
      assert.equal((await heard)[0], "while away");
    },
  },
  {
    name: "recovery: the client is back before the server noticed the cut",
    group: "recovery",
    needs: { link: true, sockeyeServer: true },
    server: RECOVERY,
    async run(rig) {
      const { client, server } = await settled(rig);
      const seen: unknown[] = [];
      await rig.settle({ client, server });
      client.on("news", (text: unknown) => seen.push(text));
      const gone = next(client, "disconnect");
      const back = next(client, "connect");
      rig.link.cutClientSide();
      for (const n of [1, 2, 3]) rig.io.emit("news", n);
      await gone;
      rig.io.to("r").emit("news", 4);
      await back;
      assert.equal(client.recovered, true);
      const again = rig.serverSocket(client);
      assert.equal(again.id, server.id);
      rig.io.emit("news", 5);
      await fence({ client, server: again });
      assert.deepEqual(seen, [1, 2, 3, 4, 5]);
      assert.equal(rig.io.of("/").sockets.size, 1);
    },
  },
  {
    name: "recovery: handlers get no argument that the application did not send",
    group: "recovery",
    needs: { sockeyeServer: true, sockeyeClient: true },
    server: RECOVERY,
    async run(rig) {
      const { client, server } = await rig.connect();
      const heard = collect(client, "news", 2);
      rig.io.emit("news", "one");
      server.emit("news", "two", 2);
      assert.deepEqual(await heard, [["one"], ["two", 2]]);
    },
  },
];
