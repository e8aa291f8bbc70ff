import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createOfficialWireAdapter,
  fromCatalog,
  type OfficialWireAdapter,
  type WireMember,
} from "../../../src/compat/wire/index.js";
import { SimulatedNamespace } from "../../../src/conformance/index.js";
import { HubBus, WireHub } from "../../support/wire-hub.js";

const opened: OfficialWireAdapter[] = [];

/** A bus that remembers its members, and whose subscriptions the test confirms. */
class ControlledBus extends HubBus {
  members: WireMember[] = [];
  followed: string[] = [];
  confirm: (() => void)[] = [];

  override async open(member: WireMember): Promise<void> {
    this.members.push(member);
    return super.open(member);
  }

  async unfollow(_member: WireMember, room: string): Promise<void> {
    this.followed = this.followed.filter((followed) => followed !== room);
  }

  follow(_member: WireMember, room: string): Promise<void> {
    this.followed.push(room);
    return new Promise((resolve) => this.confirm.push(resolve));
  }
}

async function open(hub: WireHub, bus = hub.bus(), options: object = {}) {
  const nsp = new SimulatedNamespace();
  const adapter = createOfficialWireAdapter({ bus, ...options })(nsp);
  nsp.adapter = adapter;
  await adapter.init();
  opened.push(adapter);
  return { nsp, adapter, bus };
}

const all = { rooms: new Set<string>() };

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "performance", "setImmediate"],
  });
});

afterEach(async () => {
  for (const adapter of opened.splice(0)) await adapter.close();
  vi.useRealTimers();
});

describe("OfficialWireAdapter", () => {
  it("needs a bus, and times that are numbers", () => {
    const refused = expect.objectContaining({ code: "ERR_SOCKEYE_CLUSTER_OPTION" });
    expect(() => createOfficialWireAdapter({ bus: {} as never })).toThrowError(refused);
    const bus = new WireHub().bus();
    expect(() => createOfficialWireAdapter({ bus, heartbeatInterval: -1 })).toThrowError(refused);
  });

  it("says hello, is answered, says that it lives when it has nothing else to say, and goodbye", async () => {
    const hub = new WireHub();
    const a = await open(hub);
    await vi.advanceTimersByTimeAsync(1);
    const b = await open(hub);
    await vi.advanceTimersByTimeAsync(1);
    expect([await a.adapter.serverCount(), await b.adapter.serverCount()]).toEqual([2, 2]);
    expect(b.bus.sent.map(({ kind }) => kind)).toEqual(["hello"]);
    await vi.advanceTimersByTimeAsync(4_000);
    b.adapter.broadcast({ type: 2, data: ["event"] }, all);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(b.bus.sent.map(({ kind }) => kind)).toEqual(["hello", "broadcast"]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(b.bus.sent.map(({ kind }) => kind)).toEqual(["hello", "broadcast", "heartbeat"]);
    await b.adapter.close();
    expect(b.bus.sent.at(-1)?.kind).toBe("goodbye");
    await vi.advanceTimersByTimeAsync(1);
    expect(await a.adapter.serverCount()).toBe(1);
  });

  it("takes a server that falls silent for dead, and says what is missing", async () => {
    const hub = new WireHub();
    const a = await open(hub);
    const other = "0123456789abcdef";
    hub.send("/", { type: 2, uid: other, nsp: "/" });
    await vi.advanceTimersByTimeAsync(1);
    expect(await a.adapter.serverCount()).toBe(2);
    const fetching = a.adapter.fetchSockets(all).catch((error: unknown) => error);
    const asking = new Promise((resolve) => a.adapter.serverSideEmit(["ask", (...args: unknown[]) => resolve(args)]));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await fetching).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT", responses: [], missing: [other] });
    expect(await asking).toMatchObject([{ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT", missing: [other] }, []]);
    const late = a.adapter.fetchSockets({ ...all, flags: { timeout: 60_000 } }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(await a.adapter.serverCount()).toBe(1);
    expect(await late).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT", missing: [other] });
  });

  it("by counts, calls who is missing unknown", async () => {
    const hub = new WireHub();
    const a = await open(hub, hub.bus("counts"));
    hub.ears.add({ namespace: "/", hear() {} });
    hub.ears.add({ namespace: "/", hear() {} });
    expect(await a.adapter.serverCount()).toBe(3);
    const fetching = a.adapter.fetchSockets(all).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await fetching).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT", missing: ["unknown", "unknown"] });
  });

  it("does not wait when the bus cannot count, reports it once a second, and knows that it is down", async () => {
    const hub = new WireHub();
    const a = await open(hub, hub.bus("counts"));
    const health: string[] = [];
    a.adapter.on("health", (state: string) => health.push(state));
    hub.isUp = false;
    const fetching = a.adapter.fetchSockets(all).catch((error: unknown) => error);
    a.adapter.broadcast({ type: 2, data: ["event"] }, all);
    expect(await fetching).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_TIMEOUT", missing: ["unknown"] });
    expect(await a.adapter.serverCount()).toBe(1);
    expect(a.nsp.errors).toHaveLength(1);
    expect(a.adapter.health).toBe("down");
    hub.isUp = true;
    a.adapter.broadcast({ type: 2, data: ["event"] }, all);
    await vi.advanceTimersByTimeAsync(1);
    expect(health).toEqual(["down", "ok"]);
  });

  it("serves its own sockets while the bus is away", async () => {
    const hub = new WireHub();
    const a = await open(hub);
    const socket = await a.nsp.connect("a", "x");
    hub.isUp = false;
    a.adapter.broadcast({ type: 2, data: ["event"] }, { rooms: new Set(["x"]) });
    expect(socket.events).toEqual([["event"]]);
  });

  it("counts and reports garbage, and lives on", async () => {
    const hub = new WireHub();
    const a = await open(hub);
    const socket = await a.nsp.connect("a");
    for (const garbage of [null, 1, "x", {}, { type: 3, uid: "u", nsp: "/" }, { type: 99, uid: "u", nsp: "/" }]) {
      hub.send("/", garbage);
    }
    const good = { type: 3, uid: "emitter", nsp: "/", data: { opts: {}, packet: { type: 2, data: ["hi"] } } };
    expect(fromCatalog(good, "/")).toMatchObject({ kind: "broadcast" });
    hub.send("/", good);
    await vi.advanceTimersByTimeAsync(1);
    expect(a.adapter.traffic).toMatchObject({ malformed: 4, unknown: 2, received: 1 });
    expect(a.nsp.errors).toHaveLength(1);
    expect(a.nsp.errors[0]).toMatchObject({ code: "ERR_SOCKEYE_CLUSTER_ENVELOPE" });
    expect(socket.events).toEqual([["hi"]]);
    expect(await a.adapter.serverCount()).toBe(1); // an emitter is no member
  });

  it("counts what nobody here was to hear", async () => {
    const hub = new WireHub();
    const [a, b] = [await open(hub), await open(hub)];
    await b.nsp.connect("b", "y");
    a.adapter.broadcast({ type: 2, data: ["event"] }, { rooms: new Set(["x"]) });
    await vi.advanceTimersByTimeAsync(1);
    expect(b.adapter.traffic.wasted).toBe(1);
  });

  it("resolves a join when the room's own channel is followed, and leaves it with the last member", async () => {
    const hub = new WireHub();
    const bus = new ControlledBus(hub, "heartbeats");
    const a = await open(hub, bus);
    const joined = vi.fn();
    const joining = a.adapter.addAll("a", new Set(["x", "y"]));
    expect(bus.followed).toEqual(["x", "y"]);
    (joining as Promise<void>).then(joined);
    bus.confirm.shift()!();
    await vi.advanceTimersByTimeAsync(1);
    expect(joined).not.toHaveBeenCalled();
    bus.confirm.shift()!();
    await vi.advanceTimersByTimeAsync(1);
    expect(joined).toHaveBeenCalled();
    a.adapter.del("a", "x");
    expect(bus.followed).toEqual(["y"]);
    expect(bus.members[0]!.rooms.has("y")).toBe(true);
  });

  it("refuses what cannot be written down where it is said, and reports an answer of that kind", async () => {
    const hub = new WireHub();
    const bus = hub.bus();
    const a = await open(hub, bus);
    bus.publish = () => {
      throw Object.assign(new Error("no"), { code: "ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE" });
    };
    expect(() => a.adapter.serverSideEmit(["x", 1n])).toThrow("no");
    bus.reply = () => bus.publish({ kind: "hello", origin: "", namespace: "/" });
    hub.send("/", { type: 7, uid: "0123456789abcdef", nsp: "/", data: { opts: {}, requestId: "1" } });
    await vi.advanceTimersByTimeAsync(1);
    expect(a.nsp.errors.map(({ message }) => message)).toEqual(["no"]);
  });

  it("answers a server-side emit once", async () => {
    const hub = new WireHub();
    const a = await open(hub);
    a.nsp._onServerSideEmit = (args: unknown[]) => {
      const answer = args.at(-1) as (...args: unknown[]) => void;
      answer("once", 2);
      answer("twice");
    };
    hub.send("/", { type: 9, uid: "0123456789abcdef", nsp: "/", data: { packet: ["ask"], requestId: "1" } });
    await vi.advanceTimersByTimeAsync(1);
    expect(a.bus.sent.filter(({ kind }) => kind === "answer")).toMatchObject([{ args: ["once", 2], request: "1" }]);
  });

  it("leaves no timer behind", async () => {
    const hub = new WireHub();
    const [a, b] = [await open(hub), await open(hub, hub.bus("counts"))];
    await vi.advanceTimersByTimeAsync(1);
    hub.ears.add({ namespace: "/", hear() {} });
    a.adapter.broadcastWithAck(
      { type: 2, data: ["event"] },
      all,
      () => {},
      () => {},
    );
    b.adapter.broadcastWithAck(
      { type: 2, data: ["event"] },
      all,
      () => {},
      () => {},
    );
    a.adapter.fetchSockets(all).catch(() => {});
    b.adapter.fetchSockets(all).catch(() => {});
    await Promise.all([a.adapter.close(), b.adapter.close()]);
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
