import { describe, expect, it } from "vitest";
import type { Channel, ClusterDriver, DriverReceiver } from "../../../src/cluster/contract.js";
import type { UplinkOptions } from "../../../src/cluster/drivers/hub-uplink.js";
import { IpcHub } from "../../../src/cluster/drivers/ipc-hub.js";
import type { Addressed, ToHub, ToNode } from "../../../src/cluster/drivers/ipc-messages.js";
import { portPair } from "../../support/port-pair.js";

const ALL: Channel = { kind: "all", namespace: "/" };
const node = (n: number): Channel => ({ kind: "node", node: `000000000000000${n}` });
const envelope = (channel: Channel, n: number): Addressed => ({ channel, bytes: Uint8Array.of(n) });

type Unmarked<M> = M extends object ? Omit<M, "sockeye"> : never;

function setup(count: number, options: UplinkOptions = {}) {
  const hub = new IpcHub(options);
  const ends = Array.from({ length: count }, () => {
    const [end, primary, disconnect] = portPair<ToHub, ToNode>();
    hub.attach(primary);
    const heard: ToNode[] = [];
    end.onMessage((message) => heard.push(message));
    const say = (message: Unmarked<ToHub>) => end.send({ sockeye: "hub", ...message } as ToHub);
    return { say, heard, disconnect };
  });
  return { hub, ends: ends as [(typeof ends)[0], (typeof ends)[0], (typeof ends)[0]] };
}

/** What was posted has been handled, and what that posted as well. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("IpcHub", () => {
  it("confirms subscriptions, and passes on to subscribers alone", async () => {
    const { ends } = setup(3);
    for (const [n, { say }] of ends.entries()) say({ op: "subscribe", channel: node(n), id: 7 });
    await settled();
    ends[0].say({ op: "publish", envelopes: [envelope(node(1), 1)] });
    await settled();
    const done: ToNode = { sockeye: "node", op: "done", id: 7 };
    expect(ends.map(({ heard }) => heard)).toEqual([
      [done],
      [done, { sockeye: "node", op: "deliver", envelopes: [envelope(node(1), 1)] }],
      [done],
    ]);
  });

  it("passes back to its sender what is said to the cluster, which proves its read path, and nothing else", async () => {
    const { ends } = setup(2);
    const cluster: Channel = { kind: "cluster" };
    for (const { say } of ends.slice(0, 2)) {
      for (const [n, channel] of [ALL, cluster].entries()) say({ op: "subscribe", channel, id: n });
    }
    await settled();
    ends[0].say({ op: "publish", envelopes: [envelope(ALL, 1), envelope(cluster, 2)] });
    await settled();
    const delivered = ends.slice(0, 2).map(({ heard }) => heard.slice(2));
    expect(delivered).toEqual([
      [{ sockeye: "node", op: "deliver", envelopes: [envelope(cluster, 2)] }],
      [{ sockeye: "node", op: "deliver", envelopes: [envelope(ALL, 1), envelope(cluster, 2)] }],
    ]);
  });

  it("keeps a batch together and in order", async () => {
    const { ends } = setup(2);
    ends[1].say({ op: "subscribe", channel: ALL, id: 1 });
    ends[1].say({ op: "subscribe", channel: node(1), id: 2 });
    await settled();
    const envelopes = [envelope(ALL, 1), envelope(node(2), 2), envelope(node(1), 3), envelope(ALL, 4)];
    ends[0].say({ op: "publish", envelopes });
    await settled();
    expect(ends[1].heard.slice(2)).toEqual([
      { sockeye: "node", op: "deliver", envelopes: [envelopes[0], envelopes[2], envelopes[3]] },
    ]);
  });

  it("forgets who unsubscribed, closed or disconnected", async () => {
    const { hub, ends } = setup(3);
    for (const { say } of ends) say({ op: "subscribe", channel: ALL, id: 1 });
    await settled();
    expect(hub.size).toBe(1);
    ends[0].say({ op: "unsubscribe", channel: ALL, id: 2 });
    ends[1].say({ op: "close" });
    ends[2].disconnect();
    await settled();
    expect(hub.size).toBe(0);
    ends[0].say({ op: "publish", envelopes: [envelope(ALL, 1)] });
    await settled();
    expect(ends[0].heard.map(({ op }) => op)).toEqual(["done", "done"]);
  });

  it("survives a subscriber that is gone but has not told yet", async () => {
    const hub = new IpcHub();
    let hear: (message: ToHub) => void = () => {};
    hub.attach({
      queuedBytes: 0,
      send() {
        throw new TypeError("channel closed");
      },
      onMessage: (listener) => {
        hear = listener;
      },
      onClose() {},
      detach() {},
    });
    const cluster: Channel = { kind: "cluster" };
    hear({ sockeye: "hub", op: "subscribe", channel: cluster, id: 1 });
    expect(() => hear({ sockeye: "hub", op: "publish", envelopes: [envelope(cluster, 1)] })).not.toThrow();
  });

  it("drops what is for a node that does not read, and tells it later", () => {
    const hub = new IpcHub({ maxQueuedBytes: 10 });
    const posted: unknown[] = [];
    let hear: (message: ToHub) => void = () => {};
    const slow = {
      queuedBytes: 0,
      send: (message: ToNode) => posted.push(message.op === "deliver" ? message.envelopes[0]!.bytes[0] : message.op),
      onMessage: (listener: typeof hear) => {
        hear = listener;
      },
      onClose() {},
      detach() {},
    };
    hub.attach(slow);
    hear({ sockeye: "hub", op: "subscribe", channel: ALL, id: 1 });
    hub.attach({ ...slow, send() {} });
    for (const [n, queued] of [10, 11, 12, 0, 0].entries()) {
      slow.queuedBytes = queued;
      hear({ sockeye: "hub", op: "publish", envelopes: [envelope(ALL, n)] });
    }
    expect(posted).toEqual(["done", 0, "gap", 3, 4]);
  });
});

/** Writes down what a hub asks of it. */
class Uplink implements ClusterDriver {
  readonly capabilities = { ordered: true, interest: true, replay: false, echo: true, maxEnvelopeBytes: 1_000 };
  readonly asked: unknown[] = [];
  receiver: DriverReceiver | undefined;
  /** What it answers with. */
  failure: Error | undefined;

  async start(_node: string, receiver: DriverReceiver): Promise<void> {
    this.receiver = receiver;
  }
  async subscribe(channel: Channel): Promise<void> {
    this.#asked("subscribe", channel);
  }
  async unsubscribe(channel: Channel): Promise<void> {
    this.#asked("unsubscribe", channel);
  }
  async publish(channel: Channel, bytes: Uint8Array): Promise<void> {
    this.#asked("publish", channel, ...bytes);
  }
  async close(): Promise<void> {
    this.#asked("close");
  }

  #asked(...what: unknown[]): void {
    this.asked.push(what);
    if (this.failure !== undefined) throw this.failure;
  }
}

describe("IpcHub with an uplink", () => {
  const done = (id: number): ToNode => ({ sockeye: "node", op: "done", id });

  it("subscribes to what any node subscribes to, once, until none does", async () => {
    const uplink = new Uplink();
    const { ends } = setup(2, { uplink });
    for (const { say } of ends) say({ op: "subscribe", channel: ALL, id: 1 });
    await settled();
    expect(uplink.asked).toEqual([["subscribe", ALL]]);
    expect([ends[0].heard, ends[1].heard]).toEqual([[done(1)], [done(1)]]);
    ends[0].say({ op: "unsubscribe", channel: ALL, id: 2 });
    await settled();
    expect(uplink.asked).toHaveLength(1);
    ends[1].disconnect();
    await settled();
    expect(uplink.asked.slice(1)).toEqual([["unsubscribe", ALL]]);
  });

  it("publishes on it alone, and passes on what comes from it, with its position and as one message", async () => {
    const uplink = new Uplink();
    const { ends } = setup(2, { uplink });
    ends[1].say({ op: "subscribe", channel: ALL, id: 1 });
    await settled();
    ends[0].say({ op: "publish", envelopes: [envelope(ALL, 1), envelope(ALL, 2)] });
    await settled();
    expect(uplink.asked.slice(1)).toEqual([
      ["publish", ALL, 1],
      ["publish", ALL, 2],
    ]);
    expect(ends[1].heard).toEqual([done(1)]);
    const position = { epoch: "e", number: 1 };
    uplink.receiver?.onEnvelope(ALL, Uint8Array.of(1), position);
    uplink.receiver?.onEnvelope(ALL, Uint8Array.of(2));
    await settled();
    const envelopes = [{ ...envelope(ALL, 1), position }, envelope(ALL, 2)];
    expect(ends[1].heard.slice(1)).toEqual([{ sockeye: "node", op: "deliver", envelopes }]);
    expect(ends[0].heard).toEqual([]);
  });

  it("tells gaps to those whom they concern, after what came before, and its state to all", async () => {
    const uplink = new Uplink();
    const { ends } = setup(2, { uplink });
    ends[0].say({ op: "subscribe", channel: ALL, id: 1 });
    ends[1].say({ op: "subscribe", channel: node(1), id: 1 });
    await settled();
    uplink.receiver?.onEnvelope(ALL, Uint8Array.of(1));
    uplink.receiver?.onGap([ALL]);
    uplink.receiver?.onState({ publish: "up", receive: "down" });
    await settled();
    const state: ToNode = { sockeye: "node", op: "state", publish: "up", receive: "down" };
    expect(ends[0].heard.slice(1).map(({ op }) => op)).toEqual(["deliver", "gap", "state"]);
    expect(ends[1].heard.slice(1)).toEqual([state]);
  });

  it("refuses a subscription that the uplink refuses, and tries again for the next; reports what was not published", async () => {
    const uplink = new Uplink();
    const errors: Error[] = [];
    const { ends } = setup(1, { uplink, onError: (error) => errors.push(error) });
    uplink.failure = new Error("away");
    ends[0].say({ op: "subscribe", channel: ALL, id: 1 });
    ends[0].say({ op: "publish", envelopes: [envelope(ALL, 1)] });
    await settled();
    expect(ends[0].heard).toEqual([{ ...done(1), error: "Error: away" }]);
    expect(errors).toEqual([uplink.failure]);
    uplink.failure = undefined;
    ends[0].say({ op: "subscribe", channel: ALL, id: 2 });
    await settled();
    expect(ends[0].heard.slice(1)).toEqual([done(2)]);
  });

  it("takes no uplink that does not echo", () => {
    const uplink = Object.assign(new Uplink(), { capabilities: { echo: false } });
    expect(() => new IpcHub({ uplink })).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_CLUSTER_OPTION" }));
  });
});
