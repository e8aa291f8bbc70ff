import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { fence } from "../fence.js";
import { upgraded } from "../rig.js";
import type { Scenario } from "../scenario.js";
import { next } from "../signals.js";

const MEGABYTE = 1024 * 1024;
/** Room for a megabyte in base64 (polling) and its packet around it. */
const LARGE = 4 * MEGABYTE;
const MANY = 1_000;
const BURST = 50;

type Answer = (digest: string) => void;

const digest = (data: string | Uint8Array) => createHash("sha1").update(data).digest("hex");

export const bulkScenarios: Scenario[] = [
  {
    name: "1 MB of text, both ways",
    group: "bulk",
    server: { maxHttpBufferSize: LARGE },
    async run(rig) {
      const { client, server } = await rig.connect();
      const text = "déjà-vu 🦜 ".repeat(MEGABYTE / 16);
      for (const end of [client, server]) end.on("big", (data: string, answer: Answer) => answer(digest(data)));
      assert.equal(await client.emitWithAck("big", text), digest(text));
      assert.equal(await server.emitWithAck("big", text), digest(text));
    },
  },
  {
    name: "1 MB of binary, both ways",
    group: "bulk",
    server: { maxHttpBufferSize: LARGE },
    async run(rig) {
      const { client, server } = await rig.connect();
      const data = randomBytes(MEGABYTE);
      for (const end of [client, server]) {
        end.on("big", (got: Uint8Array | ArrayBuffer, answer: Answer) => answer(digest(new Uint8Array(got))));
      }
      assert.equal(await client.emitWithAck("big", data), digest(data));
      assert.equal(await server.emitWithAck("big", data), digest(data));
    },
  },
  {
    name: "1,000 messages both ways at once, in order, while the transport may change",
    group: "bulk",
    async run(rig) {
      const [up, down]: [number[], number[]] = [[], []];
      let change = () => {};
      const changed = new Promise<void>((resolve) => {
        change = resolve;
      });
      const arrivedUp = new Promise<void>((resolve) => {
        rig.io.on("connection", (socket) => {
          socket.on("n", (n: number) => up.push(n) === MANY && resolve());
          void pour((n) => socket.emit("n", n), changed);
        });
      });
      const client = rig.client({ autoConnect: false });
      const arrivedDown = new Promise<void>((resolve) => {
        client.on("n", (n: number) => down.push(n) === MANY && resolve());
      });
      client.connect();
      await next(client, "connect");
      void pour((n) => client.emit("n", n), changed);
      if (rig.cell.transport === "upgrade") await upgraded(client);
      change();
      await Promise.all([arrivedUp, arrivedDown]);
      const expected = Array.from({ length: MANY }, (_, n) => n);
      assert.deepEqual(up, expected);
      assert.deepEqual(down, expected);
    },
  },
  {
    name: "1,000 messages with binary among them, in order",
    group: "bulk",
    async run(rig) {
      const { client, server } = await rig.connect();
      const seen: number[] = [];
      const done = new Promise<void>((resolve) => {
        client.on("n", (n: number, data: Uint8Array | ArrayBuffer | null) => {
          assert.equal(data === null ? n : new Uint8Array(data)[0], data === null ? n : n % 256);
          if (seen.push(n) === MANY) resolve();
        });
      });
      for (let n = 0; n < MANY; n++) server.emit("n", n, n % 2 ? Buffer.from([n % 256]) : null);
      await done;
      assert.deepEqual(
        seen,
        Array.from({ length: MANY }, (_, n) => n),
      );
    },
  },
  {
    name: "a message over the server's limit ends that connection only",
    group: "bulk",
    needs: { http: true, officialClient: true },
    server: { maxHttpBufferSize: 100_000 },
    async run(rig) {
      const victim = await rig.connect();
      const witness = await rig.connect();
      const reasons: unknown[] = [];
      witness.client.on("disconnect", (reason) => reasons.push(reason));
      const gone = next(victim.client, "disconnect");
      const back = next(victim.client, "connect");
      victim.client.emit("too big", "x".repeat(200_000));
      assert.ok(["transport close", "transport error"].includes((await gone)[0] as string));
      await back;
      await fence(witness);
      assert.deepEqual(reasons, []);
    },
  },
  {
    name: "a message over the server's limit is refused at its sender, and the connection lives",
    group: "bulk",
    needs: { http: true, sockeyeClient: true },
    server: { maxHttpBufferSize: 100_000 },
    async run(rig) {
      const ends = await rig.connect();
      const text = "x".repeat(200_000);
      assert.throws(() => ends.client.emit("too big", text), { code: "ERR_SOCKEYE_CLIENT_TOO_LARGE" });
      await fence(ends);
    },
  },
];

/** Emits 0 to MANY - 1 in bursts, the last of them only after `changed`: the change of transport falls among them. */
async function pour(emit: (n: number) => void, changed: Promise<void>): Promise<void> {
  for (let n = 0; n < MANY; n++) {
    if (n === MANY - BURST) await changed;
    emit(n);
    if (n % BURST === BURST - 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
