import assert from "node:assert/strict";
import type { OutgoingEvent, Session } from "../../contract.js";
import type { AdapterCase, Bench } from "../bench.js";
import { eventually } from "../eventually.js";
import type { SimulatedNamespace, SimulatedSocket } from "../simulated-namespace.js";
import { to } from "./selection.js";

const event = (name: string): OutgoingEvent => ({ type: 2, data: [name] });

/** A namespace with recovery, a socket `a` in room `x`, and the offset of the first event it got. */
async function begin(bench: Bench): Promise<{ namespace: SimulatedNamespace; a: SimulatedSocket; offset: string }> {
  const namespace = await bench.open(0, { recovery: { maxDisconnectionDuration: 5000 } });
  const a = await namespace.connect("a", "x");
  namespace.adapter.broadcast(event("first"), to(["x"]));
  await eventually(() => assert.equal(a.received.length, 1));
  const { data, offset } = a.received[0]!;
  return { namespace, a, offset: offset ?? String(data.at(-1)) };
}

async function end(namespace: SimulatedNamespace, socket: SimulatedSocket): Promise<Session> {
  const session = { sid: socket.id, pid: `secret of ${socket.id}`, rooms: [...socket.rooms], data: { name: "ada" } };
  await namespace.adapter.persistSession!({ ...session });
  socket.disconnect();
  return session;
}

/** Events without the offset at their end. */
const names = (missed: readonly (readonly unknown[])[] | undefined) => missed?.map((args) => args.slice(0, -1));

export const sessionCases: readonly AdapterCase[] = [
  {
    title: "restores a session with what was missed, in order",
    needs: "sessions",
    async run(bench) {
      const { namespace, a, offset } = await begin(bench);
      const session = await end(namespace, a);
      for (const [name, rooms, except] of [
        ["second", ["x"]],
        ["elsewhere", ["y"]],
        ["not a", ["x"], ["a"]],
        ["third", []],
      ] as const) {
        namespace.adapter.broadcast(event(name), {
          rooms: new Set<string>(rooms),
          except: new Set<string>(except),
          flags: {},
        });
      }
      const restored = await namespace.adapter.restoreSession!(session.pid, offset);
      const { sid, pid, rooms, data } = restored!;
      assert.deepEqual({ sid, pid, rooms: [...rooms], data }, session);
      assert.deepEqual(names(restored?.missedPackets), [["second"], ["third"]]);
    },
  },
  {
    title: "keeps neither volatile events nor those that ask for an answer",
    needs: "sessions",
    async run(bench) {
      const { namespace, a, offset } = await begin(bench);
      const session = await end(namespace, a);
      namespace.adapter.broadcast(event("volatile"), {
        rooms: new Set(),
        except: new Set(),
        flags: { volatile: true },
      });
      namespace.adapter.broadcast({ ...event("asks"), id: 7 }, to());
      namespace.adapter.broadcast(event("kept"), to());
      const restored = await namespace.adapter.restoreSession!(session.pid, offset);
      assert.deepEqual(names(restored?.missedPackets), [["kept"]]);
    },
  },
  {
    title: "restores nothing for an unknown session or offset",
    needs: "sessions",
    async run(bench) {
      const { namespace, a, offset } = await begin(bench);
      const session = await end(namespace, a);
      assert.ok(!(await namespace.adapter.restoreSession!("unknown", offset)));
      assert.ok(!(await namespace.adapter.restoreSession!(session.pid, "unknown")));
    },
  },
  {
    title: "restores a session once",
    needs: "sessions",
    async run(bench) {
      const { namespace, a, offset } = await begin(bench);
      const { pid } = await end(namespace, a);
      assert.ok(await namespace.adapter.restoreSession!(pid, offset));
      assert.ok(!(await namespace.adapter.restoreSession!(pid, offset)));
    },
  },
];
