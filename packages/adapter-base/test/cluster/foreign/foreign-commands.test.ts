import { afterEach, describe, expect, it } from "vitest";
import { type ClusterAdapter, createClusterAdapter } from "../../../src/cluster/cluster-adapter.js";
import type { CommandReceiver, CommandSource } from "../../../src/cluster/foreign/contract.js";
import { fromCatalog, hearEmitter } from "../../../src/compat/wire/index.js";
import { MemoryBus, SimulatedNamespace } from "../../../src/conformance/index.js";

class Source implements CommandSource {
  readonly receivers = new Map<string, CommandReceiver>();
  async open(namespace: string, receiver: CommandReceiver): Promise<void> {
    this.receivers.set(namespace, receiver);
  }
  async close(namespace: string): Promise<void> {
    this.receivers.delete(namespace);
  }
}

const opened: ClusterAdapter[] = [];

async function open(...sources: CommandSource[]) {
  const nsp = new SimulatedNamespace();
  const adapter = createClusterAdapter({ driver: new MemoryBus().driver(), sources })(nsp);
  nsp.adapter = adapter;
  await adapter.init();
  opened.push(adapter);
  return { nsp, adapter };
}

afterEach(async () => {
  for (const adapter of opened.splice(0)) await adapter.close();
});

describe("a node with a source of foreign commands", () => {
  it("carries them out on its own sockets", async () => {
    const source = new Source();
    const { nsp } = await open(source);
    const [a, b] = [await nsp.connect("a", "x"), await nsp.connect("b", "x", "y")];
    const say: CommandReceiver["receive"] = (command) => source.receivers.get("/")!.receive(command);
    say({ kind: "broadcast", rooms: ["x"], except: ["y"], flags: {}, event: ["event", 1] });
    say({ kind: "join", rooms: ["x"], except: [], target: ["z"] });
    say({ kind: "leave", rooms: ["y"], except: [], target: ["x"] });
    say({ kind: "server-side-emit", args: ["hello", 1] });
    expect([a.events, b.events]).toEqual([[["event", 1]], []]);
    expect([[...a.rooms], [...b.rooms]]).toEqual([
      ["a", "x", "z"],
      ["b", "y", "z"],
    ]);
    expect(nsp.serverSideEvents).toEqual([["hello", 1]]);
    say({ kind: "disconnect", rooms: ["y"], except: [], close: true });
    expect([a.connected, b.connected, b.closed]).toEqual([true, false, true]);
  });

  it("reports what a source reports, and one that cannot be opened, and what a command does wrong", async () => {
    const source = new Source();
    const broken: CommandSource = { open: () => Promise.reject(new Error("refused")), close: async () => {} };
    const { nsp } = await open(broken, source);
    source.receivers.get("/")!.report(new Error("garbage"));
    nsp._onServerSideEmit = () => {
      throw new Error("thrown");
    };
    source.receivers.get("/")!.receive({ kind: "server-side-emit", args: ["x"] });
    expect(nsp.errors.map(({ message }) => message)).toEqual(["refused", "garbage", "thrown"]);
  });

  it("closes them with itself, and does nothing afterwards", async () => {
    const source = new Source();
    const { nsp, adapter } = await open(source);
    const receiver = source.receivers.get("/")!;
    await adapter.close();
    expect(source.receivers.size).toBe(0);
    receiver.receive({ kind: "server-side-emit", args: ["x"] });
    expect(nsp.serverSideEvents).toEqual([]);
  });
});

describe("what an emitter of the incumbent's says", () => {
  const heard = (message: unknown) => {
    const said: unknown[] = [];
    hearEmitter(fromCatalog(message, "/"), {
      receive: (command) => said.push(command),
      report: (error) => said.push((error as Error & { code?: string }).code),
    });
    return said;
  };
  const opts = { rooms: ["x"], except: [], flags: { volatile: true } };

  it("becomes commands", () => {
    const selection = { rooms: ["x"], except: [] };
    const say = (type: number, data: object) => heard({ uid: "emitter", type, data });
    const event = ["event", 1];
    expect(say(3, { opts, packet: { type: 2, data: event } })).toEqual([
      { kind: "broadcast", ...selection, flags: { volatile: true }, event },
    ]);
    expect(say(4, { opts, rooms: ["y"] })).toEqual([{ kind: "join", ...selection, target: ["y"] }]);
    expect(say(5, { opts, rooms: ["y"] })).toEqual([{ kind: "leave", ...selection, target: ["y"] }]);
    expect(say(6, { opts, close: true })).toEqual([{ kind: "disconnect", ...selection, close: true }]);
    expect(say(9, { packet: event })).toEqual([{ kind: "server-side-emit", args: event }]);
  });

  it("is not what servers say to each other, nor a question", () => {
    expect(heard({ uid: "0123456789abcdef", type: 9, data: { packet: ["x"] } })).toEqual([]);
    expect(heard({ uid: "emitter", type: 9, data: { packet: ["x"], requestId: "1" } })).toEqual([]);
    expect(heard({ uid: "emitter", type: 7, data: { opts, requestId: "1" } })).toEqual([]);
    expect(heard({ uid: "emitter", type: 2 })).toEqual([]);
    expect(heard({ uid: "emitter", type: 77 })).toEqual([]);
  });

  it("is reported when it is malformed", () => {
    expect(heard({ uid: "emitter", type: 9, data: { packet: "x" } })).toEqual(["ERR_SOCKEYE_CLUSTER_ENVELOPE"]);
  });
});
