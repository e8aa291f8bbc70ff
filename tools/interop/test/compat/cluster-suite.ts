import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Maker } from "../../src/cell.js";
import { fence } from "../../src/fence.js";
import type { Ends } from "../../src/rig.js";
import { next, repeatUntil, until } from "../../src/signals.js";
import { Node } from "./nodes.js";

export interface ClusterPlan {
  readonly name: string;
  /** Who the two nodes are. */
  readonly makers: readonly [Maker, Maker];
  /** Options of one more node, its adapter among them. */
  options(): Promise<object> | object;
  /** Releases what `options` opened, after the nodes are closed. */
  release?(): Promise<unknown>;
}

const LATE = 5_000;

/** What two nodes with a foreign adapter must do together, seen by a client on each. */
export function clusterSuite(plan: ClusterPlan): void {
  describe(plan.name, () => {
    const nodes: Node[] = [];
    let ada: Ends;
    let bob: Ends;

    beforeAll(async () => {
      for (const maker of plan.makers) nodes.push(await Node.open(maker, await plan.options()));
      const [first, second] = nodes as [Node, Node];
      await knowEachOther(first, second);
      ada = await first.connect();
      bob = await second.connect();
      await hear(first, bob);
      await hear(second, ada);
      await ada.server.join(["here", "both"]);
      await bob.server.join(["there", "both"]);
    });

    afterAll(async () => {
      for (const node of nodes) await node.close();
      await plan.release?.();
    });

    const [here, there] = [() => nodes[0]!.io, () => nodes[1]!.io];

    it("broadcasts reach the clients of both nodes, from either", async () => {
      for (const io of [here(), there()]) {
        const heard = [next(ada.client, "news"), next(bob.client, "news")];
        io.emit("news", "text", { deep: [1] }, Buffer.from([1, 2, 3]));
        for (const args of await Promise.all(heard)) {
          expect(args.slice(0, 2)).toEqual(["text", { deep: [1] }]);
          expect([...new Uint8Array(args[2] as ArrayBuffer)]).toEqual([1, 2, 3]);
        }
      }
    });

    it("rooms, except and the sender's own broadcast hold across nodes", async () => {
      const heard: string[] = [];
      ada.client.on("call", (text: string) => heard.push(`ada ${text}`));
      bob.client.on("call", (text: string) => heard.push(`bob ${text}`));
      here().to("there").emit("call", "one room");
      here().to("both").except("there").emit("call", "except");
      ada.server.broadcast.emit("call", "broadcast");
      ada.server.to("both").emit("call", "to");
      here().local.emit("call", "local");
      here().emit("call", "last");
      // Counted, not awaited by its last line: an adapter may change the order of what passes through its backend.
      await until(() => heard.length >= 7);
      await Promise.all([fence(ada), fence(bob)]);
      expect(heard.sort()).toEqual([
        "ada except",
        "ada last",
        "ada local",
        "bob broadcast",
        "bob last",
        "bob one room",
        "bob to",
      ]);
    });

    it("fetchSockets sees both nodes; a remote socket can be written to, joined, left", async () => {
      const sockets = await here().fetchSockets();
      expect(sockets.map(({ id }) => id).sort()).toEqual([ada.server.id, bob.server.id].sort());
      const remote = sockets.find(({ id }) => id === bob.server.id)!;
      expect([...remote.rooms].sort()).toEqual([bob.server.id, "there", "both"].sort());
      expect(remote.handshake.query.EIO).toBe("4");
      const heard = next(bob.client, "hello");
      remote.emit("hello", "remote");
      expect(await heard).toEqual(["remote"]);
      remote.join("later");
      await until(() => bob.server.rooms.has("later"));
      remote.leave("later");
      await until(() => !bob.server.rooms.has("later"));
    });

    it("socketsJoin, socketsLeave, and the number of servers", async () => {
      here().in("both").socketsJoin("everyone");
      await until(() => ada.server.rooms.has("everyone") && bob.server.rooms.has("everyone"));
      there().socketsLeave("everyone");
      await until(() => !ada.server.rooms.has("everyone") && !bob.server.rooms.has("everyone"));
      expect(await here().of("/").adapter.serverCount()).toBe(2);
    });

    it("broadcasts with acknowledgements gather the answers of both nodes", async () => {
      ada.client.on("who", (answer: (name: string) => void) => answer("ada"));
      bob.client.on("who", (answer: (name: string) => void) => answer("bob"));
      expect((await here().timeout(LATE).emitWithAck("who")).sort()).toEqual(["ada", "bob"]);
      expect(await here().to("there").timeout(LATE).emitWithAck("who")).toEqual(["bob"]);
    });

    it("serverSideEmit reaches the other node, and its answer comes back", async () => {
      const heard = new Promise((resolve) => there().on("side", (...args) => resolve(args)));
      here().serverSideEmit("side", "world", 1, { two: 3 });
      expect(await heard).toEqual(["world", 1, { two: 3 }]);
      there().on("ask", (answer: (value: string) => void) => answer("pong"));
      expect(await here().serverSideEmitWithAck("ask")).toEqual(["pong"]);
    });

    it("namespaces are apart", async () => {
      const [first, second] = nodes as [Node, Node];
      for (const { io } of [first, second]) io.of("/other");
      const other = await second.connect("/other");
      await ready(first, second, "/other");
      await hear(first, other, "/other");
      let crossed = 0;
      other.client.on("news", () => crossed++);
      here().emit("news");
      const heard = next(other.client, "own");
      here().of("/other").emit("own", 1);
      expect(await heard).toEqual([1]);
      await fence(other);
      expect(crossed).toBe(0);
    });

    it("disconnectSockets reaches the other node", async () => {
      const gone = next(bob.client, "disconnect");
      here().in("there").disconnectSockets(true);
      expect((await gone)[0]).toBe("io server disconnect");
      expect(ada.client.connected).toBe(true);
    });
  });
}

/** An adapter that has announced itself may not have begun to read yet: what is said until then is lost. */
async function hear(speaker: Node, { client }: Ends, nsp = "/"): Promise<void> {
  await repeatUntil(() => speaker.io.of(nsp).emit("do you hear me?"), next(client, "do you hear me?"));
}

const knowEachOther = (first: Node, second: Node) => ready(first, second, "/");

/** Adapters with heartbeats, and those that count subscriptions, need a moment until both nodes are counted. */
async function ready(first: Node, second: Node, nsp: string): Promise<void> {
  for (const { io } of [first, second]) {
    while ((await io.of(nsp).adapter.serverCount()) !== 2) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
