import assert from "node:assert/strict";
import { encodeEnvelope } from "../../cluster/codec.js";
import type { Channel } from "../../cluster/contract.js";
import type { Envelope } from "../../cluster/envelope.js";
import type { AdapterCase, Bench } from "../bench.js";
import { eventually } from "../eventually.js";
import { seededRandom } from "../random.js";
import type { SimulatedNamespace, SimulatedSocket } from "../simulated-namespace.js";
import { to } from "./selection.js";

const CLUSTER: Channel = { kind: "cluster" };
const ALL: Channel = { kind: "all", namespace: "/" };
const STRANGER = "00000000000000aa";

async function begin(bench: Bench): Promise<{ nodes: SimulatedNamespace[]; socket: SimulatedSocket }> {
  const nodes = await bench.openCluster(2);
  return { nodes, socket: await nodes[1]!.connect("b", "x") };
}

/** The cluster works as before. */
async function works({ nodes, socket }: { nodes: SimulatedNamespace[]; socket: SimulatedSocket }): Promise<void> {
  nodes[0]!.adapter.broadcast({ type: 2, data: ["after"] }, to(["x"]));
  await eventually(() => assert.deepEqual(socket.events, [["after"]]));
  const found = await nodes[0]!.adapter.fetchSockets(to());
  assert.deepEqual(
    found.map(({ id }) => id),
    ["b"],
  );
}

/** As another version would write it. */
function envelope(fields: Record<string, unknown>): Uint8Array {
  return encodeEnvelope({ origin: STRANGER, sequence: 1, ...fields } as unknown as Envelope);
}

export const strangerCases: readonly AdapterCase[] = (
  [
    {
      title: "drops garbage on the bus, reports it, and goes on",
      async run(bench) {
        const stage = await begin(bench);
        const random = seededRandom(5);
        const whole = envelope({
          kind: "broadcast",
          namespace: "/",
          rooms: [],
          except: [],
          flags: {},
          event: ["never"],
        });
        for (const channel of [ALL, CLUSTER]) {
          await bench.inject(channel, new Uint8Array(0));
          await bench.inject(channel, new TextEncoder().encode('{"uid":"emitter","type":3}'));
          for (let n = 0; n < 30; n++) {
            await bench.inject(
              channel,
              Uint8Array.from({ length: 1 + n * 3 }, () => random() * 256),
            );
            await bench.inject(channel, whole.slice(0, Math.floor(random() * (whole.length - 1))));
          }
        }
        await works(stage);
        for (const { errors } of stage.nodes) {
          const codes = errors.splice(0).map((error) => (error as { code?: unknown }).code);
          assert.deepEqual([...new Set(codes)], ["ERR_SOCKEYE_CLUSTER_ENVELOPE"]);
        }
      },
    },
    {
      title: "ignores kinds, fields and flags that only a later version knows",
      async run(bench) {
        const stage = await begin(bench);
        await bench.inject(CLUSTER, envelope({ kind: "drain", until: 5 }));
        await bench.inject(ALL, envelope({ kind: "drain", namespace: "/", sequence: 2 }));
        await works(stage);
        stage.socket.received.length = 0;
        const known = { kind: "broadcast", namespace: "/", rooms: ["x"], except: [], event: ["after"] };
        await bench.inject(ALL, envelope({ ...known, sequence: 3, flags: { later: true }, deadline: 7 }));
        await eventually(() => assert.deepEqual(stage.socket.events, [["after"]]));
      },
    },
    {
      title: "is not misled by answers that nobody asked for",
      async run(bench) {
        const stage = await begin(bench);
        const forged = { kind: "sockets", namespace: "/", request: "1", sockets: [] };
        const pending = stage.nodes[0]!.adapter.fetchSockets(to());
        await bench.inject(ALL, envelope(forged));
        assert.equal((await pending).length, 1);
        await works(stage);
      },
    },
  ] satisfies AdapterCase[]
).map((one): AdapterCase => ({ ...one, needs: "inject" }));
