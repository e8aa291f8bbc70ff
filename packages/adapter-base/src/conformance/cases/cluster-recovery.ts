import assert from "node:assert/strict";
import type { OutgoingEvent } from "../../contract.js";
import type { AdapterCase, Bench } from "../bench.js";
import { eventually } from "../eventually.js";
import { RecoveringPeer } from "../recovering-peer.js";
import type { SimulatedNamespace } from "../simulated-namespace.js";
import { to } from "./selection.js";

const RECOVERY = { recovery: { maxDisconnectionDuration: 20_000 } };

interface Stage {
  readonly nodes: readonly [SimulatedNamespace, SimulatedNamespace, SimulatedNamespace];
  /** Its session began on the first node, in room `x`. */
  readonly peer: RecoveringPeer;
}

async function begin(bench: Bench): Promise<Stage> {
  const [one, two, three] = await bench.openCluster(3, RECOVERY);
  const peer = new RecoveringPeer("pid-a");
  await peer.connect(one!, "x");
  return { nodes: [one!, two!, three!], peer };
}

const event = (name: string): OutgoingEvent => ({ type: 2, data: [name] });

function say(node: SimulatedNamespace, name: string, rooms: string[] = [], except: string[] = []): void {
  node.adapter.broadcast(event(name), to(rooms, except));
}

async function arrived(peer: RecoveringPeer, expected: readonly unknown[]): Promise<void> {
  await eventually(() => assert.deepEqual(peer.read(), expected));
}

/** Says something to everybody that all nodes have delivered when this resolves. */
async function everywhere(nodes: readonly SimulatedNamespace[], name: string): Promise<void> {
  const ears = nodes.map((node, i) => node.sockets.get(`ear ${i}`) ?? node.enter(`ear ${i}`, []));
  say(nodes[0]!, name, ["ears"]);
  for (const ear of ears) await ear.join("ears");
  say(nodes[0]!, name, ["ears"]);
  for (const ear of ears) await eventually(() => assert.equal(ear.events.at(-1)?.[0], name));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

export const clusterRecoveryCases: readonly AdapterCase[] = (
  [
    {
      title: "resumes on another node what ended on one, with rooms, data and what was missed from all of them",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        peer.data = { name: "ada" };
        say(nodes[0], "before");
        await arrived(peer, ["before"]);
        peer.notice();
        for (const [i, node] of nodes.entries()) {
          say(node, `from ${i}`);
          await everywhere(nodes, `fence ${i}`);
        }
        say(nodes[1], "to x", ["x"]);
        say(nodes[1], "to y", ["y"]);
        say(nodes[1], "not to x", [], ["x"]);
        assert.equal(await peer.resume(nodes[1]), undefined);
        await arrived(peer, ["before", "from 0", "from 1", "from 2", "to x"]);
        assert.deepEqual(peer.data, { name: "ada" });
        assert.deepEqual(peer.socket?.rooms, new Set([peer.id, "x"]));
        say(nodes[2], "live", ["x"]);
        await arrived(peer, ["before", "from 0", "from 1", "from 2", "to x", "live"]);
      },
    },
    {
      title: "resumes a session that has received nothing",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        peer.notice();
        say(nodes[1], "one");
        await everywhere(nodes, "fence");
        assert.equal(await peer.resume(nodes[2]), undefined);
        await arrived(peer, ["one"]);
      },
    },
    {
      title: "resumes on a survivor when the node was killed without a word",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        await peer.socket?.join("late");
        peer.data = { name: "ada" };
        await peer.socket?.leave("x");
        peer.emit("own");
        say(nodes[1], "before", ["late"]);
        await arrived(peer, ["own", "before"]);
        await everywhere(nodes, "fence");
        peer.cut();
        await bench.kill(0);
        say(nodes[1], "missed", ["late"]);
        say(nodes[1], "not for it", ["x"]);
        assert.equal(await peer.resume(nodes[1]), undefined);
        await arrived(peer, ["own", "before", "missed"]);
        assert.deepEqual(peer.socket?.rooms, new Set([peer.id, "late"]));
      },
    },
    {
      title: "takes a session over at once from a node that has not noticed",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        say(nodes[0], "before");
        await arrived(peer, ["before"]);
        const old = peer.socket!;
        peer.cut();
        say(nodes[0], "into the void");
        peer.emit("own, into the void");
        await everywhere(nodes, "fence");
        assert.equal(await peer.resume(nodes[1]), undefined);
        assert.equal(old.connected, false);
        await arrived(peer, ["before", "into the void", "own, into the void"]);
        assert.equal(nodes[0].sockets.has(peer.id), false);
      },
    },
    {
      title: "joins replay and live traffic without gap or overlap",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        const sent: string[][] = [[], [], []];
        let number = 0;
        const traffic = setInterval(() => {
          const from = number % 3;
          const name = `${from}:${number++}`;
          sent[from]!.push(name);
          say(nodes[from]!, name, number % 2 ? ["x"] : []);
        }, 1);
        try {
          for (const round of upTo(12)) {
            await new Promise((resolve) => setTimeout(resolve, 10));
            if (round % 2 === 0) peer.notice();
            else peer.cut();
            await new Promise((resolve) => setTimeout(resolve, 5));
            assert.equal(await peer.resume(nodes[round % 3]!), undefined);
          }
        } finally {
          clearInterval(traffic);
        }
        await eventually(() => assert.equal(peer.read().length, number));
        for (const [from, names] of sent.entries()) {
          const heard = peer.received.filter((name) => String(name).startsWith(`${from}:`));
          assert.deepEqual(heard, names);
        }
      },
    },
    {
      title: "keeps broadcasts and events sent directly in order, live and replayed",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        const names = (part: string): string[] => upTo(20).map((n) => `${part} ${n}`);
        const speak = (part: string): void => {
          for (const [n, name] of names(part).entries()) {
            if (n % 3 === 0) peer.emit(name);
            else say(nodes[0], name, n % 3 === 1 ? [] : ["x"]);
          }
        };
        speak("live");
        await arrived(peer, names("live"));
        peer.cut();
        speak("missed");
        assert.equal(await peer.resume(nodes[2]), undefined);
        await arrived(peer, [...names("live"), ...names("missed")]);
      },
    },
    {
      title: "counts rooms where a broadcast stands in the order of its node",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        say(nodes[0], "before the join", ["y"]);
        void peer.socket!.join("y");
        assert.ok(peer.socket!.rooms.has("y"), "a join shows at once");
        say(nodes[0], "after the join", ["y"]);
        void peer.socket!.leave("y");
        say(nodes[0], "after the leave", ["y"]);
        say(nodes[0], "end");
        await arrived(peer, ["after the join", "end"]);
        peer.cut();
        await everywhere(nodes, "fence");
        peer.offset = undefined;
        const { received } = peer;
        received.length = 0;
        assert.equal(await peer.resume(nodes[1]), undefined);
        await arrived(peer, ["after the join", "end"]);
      },
    },
    {
      title: "says what was broadcast before it disconnects",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        const other = await nodes[1].connect("other");
        say(nodes[0], "goodbye");
        nodes[0].adapter.disconnectSockets(to(), false);
        await eventually(() => assert.deepEqual([peer.isConnected, other.connected], [false, false]));
        await arrived(peer, ["goodbye"]);
        assert.deepEqual(other.events, [["goodbye"]]);
      },
    },
    {
      title: "gives a session to one of several nodes, and never to two",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        peer.notice();
        const live = new Set<number>();
        const attempts = [...nodes, ...nodes].map(async ({ adapter }, i) => {
          const log = adapter.recovery!;
          const result = await log.resume(peer.pid, peer.offset);
          if (!result.ok) return result.reason;
          const abandon = (): void => {
            live.delete(i);
            void log.persist(result.session);
          };
          live.add(i);
          log.open({ pid: peer.pid, sid: peer.id, rooms: new Set(result.session.rooms), abandon });
          return undefined;
        });
        const failures = await Promise.all(attempts);
        assert.equal(live.size, 1, "one of them has it in the end");
        assert.ok(failures.every((reason) => reason === undefined || reason === "unknown"));
      },
    },
    {
      title: "refuses on any node what was forgotten, and offsets that are not its own",
      async run(bench) {
        const { nodes, peer } = await begin(bench);
        peer.notice();
        const [one, two] = nodes.map(({ adapter }) => adapter.recovery!);
        const second = new RecoveringPeer("pid-b");
        await second.connect(nodes[0], "x");
        second.notice();
        one!.forget(second.pid);
        await everywhere(nodes, "fence");
        assert.deepEqual(await two!.resume("pid-b", second.offset), { ok: false, reason: "unknown" });
        assert.deepEqual(await two!.resume("pid-a", "~forged1"), { ok: false, reason: "invalid-offset" });
        assert.deepEqual(await two!.resume("pid-a", peer.offset), { ok: false, reason: "unknown" });
      },
    },
    {
      title: "has one tag on all nodes",
      async run(bench) {
        const { nodes } = await begin(bench);
        assert.equal(new Set(nodes.map(({ adapter }) => adapter.recovery!.tag)).size, 1);
      },
    },
  ] satisfies AdapterCase[]
).map((one): AdapterCase => ({ ...one, needs: "clusterRecovery" }));
