import { Decoder, Encoder as JsonEncoder, type Packet, PacketType } from "@sockeye/socketio-parser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ENTRIES, ModelServer, type ModelSession, Network } from "./link.js";

vi.mock("#platform", async (load) => ({
  ...(await load<object>()),
  ...(await import("./web-socket-link.js")),
}));

/**
 * Client and a model of our server over a link that breaks at every byte in turn. The invariants: no event lost or
 * doubled, order kept, each acknowledgement settled once, nothing left behind.
 */

const EVENTS = 6;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server that drops duplicates of retried events, as ours does. */
function deduplicating(server: ModelServer, handled: unknown[]): void {
  const answers = new Map<string, unknown[]>();
  server.onconnect = (_session, auth) => (auth.dedup ? { tag: "~abc", dedup: true } : {});
  server.onevent = (_session, data, answer) => {
    const mark = data.at(-1) as string;
    expect(mark).toMatch(/^~abc[\w-]{8,24}\.\d+$/);
    const known = answers.get(mark);
    if (!known) {
      handled.push(data[1]);
      answers.set(mark, [`answer ${String(data[1])}`]);
    }
    answer(...answers.get(mark)!);
  };
}

async function deliverOverCut(budget: number): Promise<{ bytes: number }> {
  const server = new ModelServer();
  const network = new Network(server);
  const handled: unknown[] = [];
  deduplicating(server, handled);
  // The second connection breaks as well, a little later.
  network.budgets = [budget, budget + 3];
  const socket = network.io("/", { retries: 5, ackTimeout: 1000 });
  const settled: unknown[] = [];
  for (let n = 0; n < EVENTS; n++)
    socket.emit("event", n, (error: unknown, answer: unknown) => settled.push(error ?? answer));
  await vi.advanceTimersByTimeAsync(60_000);
  const numbers = Array.from({ length: EVENTS }, (_, n) => n);
  expect(handled, `cut after ${budget} bytes`).toEqual(numbers);
  expect(settled).toEqual(numbers.map((n) => `answer ${n}`));
  socket.disconnect();
  await vi.advanceTimersByTimeAsync(100);
  expect(vi.getTimerCount()).toBe(0);
  return { bytes: network.bytes };
}

describe("retries over a link that breaks", () => {
  it("deliver every event once, in order, wherever the link is cut", async () => {
    const { bytes } = await deliverOverCut(Infinity);
    for (let budget = 0; budget <= bytes; budget++) await deliverOverCut(budget);
  }, 60_000);

  it("send no mark to a server that does not ask for it", async () => {
    const server = new ModelServer();
    const network = new Network(server);
    const seen: unknown[] = [];
    server.onevent = (_session, data, answer) => {
      seen.push(data);
      answer();
    };
    const socket = network.io("/", { retries: 1 });
    socket.emit("a", 1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(seen).toEqual([["a", 1]]);
    socket.disconnect();
  });

  it("try again with a new id, then give up", async () => {
    const server = new ModelServer();
    const network = new Network(server);
    const socket = network.io("/", { retries: 2, ackTimeout: 100 });
    const given = vi.fn();
    socket.emit("a", given);
    socket.emit("b");
    await vi.advanceTimersByTimeAsync(1000);
    const events = server.received.filter((packet) => "id" in packet && packet.id !== undefined);
    expect(events.map((packet) => [(packet as { data: unknown[] }).data[0], (packet as { id: number }).id])).toEqual([
      ["a", 0],
      ["a", 1],
      ["a", 2],
      ["b", 3],
      ["b", 4],
      ["b", 5],
    ]);
    expect(given).toHaveBeenCalledTimes(1);
    expect(given.mock.calls[0]![0]).toMatchObject({ code: "ERR_SOCKEYE_CLIENT_ACK_TIMEOUT" });
    socket.disconnect();
  });

  it("are not used up by a connection that is away", async () => {
    const server = new ModelServer();
    server.handshake = { ...server.handshake, pingInterval: 1000, pingTimeout: 1000 };
    const network = new Network(server);
    const socket = network.io("/", { retries: 1, ackTimeout: 100 });
    const given = vi.fn();
    await vi.advanceTimersByTimeAsync(50);
    server.last.silent = true;
    network.down = true;
    // The timers are late, the clock is not: the event waits for the next connection, and its time is over before that.
    vi.setSystemTime(Date.now() + 60_000);
    socket.emit("a", given);
    await vi.advanceTimersByTimeAsync(5000);
    expect(given).not.toHaveBeenCalled();
    let tries = 0;
    server.onevent = (_session, _data, answer) => ++tries === 2 && answer("at the second try");
    network.down = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(given.mock.calls).toEqual([[null, "at the second try"]]);
    socket.disconnect();
  });

  it("end with whatever a parser throws", async () => {
    const network = new Network(new ModelServer());
    class Encoder extends JsonEncoder {
      override encode(packet: Packet) {
        if (packet.type === PacketType.EVENT && packet.data[0] === "a") throw new Error("not with me");
        return super.encode(packet);
      }
    }
    const socket = network.io("/", { retries: 1, parser: { Encoder, Decoder } });
    const given = vi.fn();
    const dropped = vi.fn();
    socket.io.on("packet_dropped", ({ data }) => dropped(data));
    socket.emit("a", given).emit("b", given);
    await vi.advanceTimersByTimeAsync(1000);
    expect(given.mock.calls).toEqual([[expect.objectContaining({ message: "not with me" })]]);
    expect(dropped.mock.calls).toEqual([[["a"]]]);
    expect(network.server.received.at(-1)).toMatchObject({ data: ["b"] });
    socket.disconnect();
  });

  it("wait ten seconds where no time-out is given", async () => {
    const server = new ModelServer();
    const network = new Network(server);
    const socket = network.io("/", { retries: 1 });
    socket.emit("a");
    await vi.advanceTimersByTimeAsync(9_000);
    const count = () => server.received.filter((packet) => packet.type === 2).length;
    expect(count()).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(count()).toBe(2);
    socket.disconnect();
  });
});

/** A server whose events are logged, and sent again to a session that resumes. */
function recoverable(server: ModelServer): { emit(n: number): void; resumed: () => number } {
  const log: number[] = [];
  let resumed = 0;
  let current: ModelSession | undefined;
  const send = (session: ModelSession, n: number) => session.emit("event", n, `~tag${n}`);
  server.onconnect = (session, auth) => {
    if (typeof auth.pid === "string") {
      const from = Number(String(auth.offset).slice(4)) + 1;
      expect(auth.offset).toMatch(/^~tag-?\d+$/);
      for (let n = from; n < log.length; n++) send(session, n);
      resumed++;
    }
    current = session;
    return { pid: "p", tag: "~tag", offset: `~tag${log.length - 1}` };
  };
  return {
    emit: (n) => {
      log.push(n);
      if (current) send(current, n);
    },
    resumed: () => resumed,
  };
}

describe.each(ENTRIES)("recovery over a link that breaks, %s entry", (entry) => {
  async function receiveOverCut(budget: number): Promise<number> {
    const server = new ModelServer();
    const network = new Network(server);
    network.budgets = [budget, budget + 5];
    const app = recoverable(server);
    const socket = network.io("/", {}, entry);
    const got: unknown[][] = [];
    const any: unknown[][] = [];
    socket.on("event", (...args) => got.push(args));
    if (entry === "whole") socket.onAny((...args) => any.push(args));
    let sent = 0;
    let started = false;
    socket.on("connect", () => {
      started = true;
    });
    for (let step = 0; step < 400 && sent < EVENTS; step++) {
      await vi.advanceTimersByTimeAsync(50);
      if (started && sent < EVENTS) app.emit(sent++);
    }
    await vi.advanceTimersByTimeAsync(20_000);
    const numbers = Array.from({ length: EVENTS }, (_, n) => n);
    // No handler sees the offset.
    expect(got, `cut after ${budget} bytes`).toEqual(numbers.map((n) => [n]));
    if (entry === "whole") expect(any).toEqual(numbers.map((n) => ["event", n]));
    socket.disconnect();
    await vi.advanceTimersByTimeAsync(100);
    expect(vi.getTimerCount()).toBe(0);
    return network.bytes;
  }

  it("loses and doubles nothing, wherever the link is cut", async () => {
    const bytes = await receiveOverCut(Infinity);
    // Every byte, for the time that takes with one entry point alone.
    const step = entry === "whole" ? 1 : 5;
    for (let budget = 0; budget <= bytes; budget += step) await receiveOverCut(budget);
  }, 60_000);

  it("resumes a client that has not heard an event yet", async () => {
    const server = new ModelServer();
    const network = new Network(server);
    const app = recoverable(server);
    const socket = network.io("/", {}, entry);
    const got: unknown[] = [];
    socket.on("event", (n) => got.push(n));
    await vi.advanceTimersByTimeAsync(50);
    network.cut();
    app.emit(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(socket.recovered).toBe(true);
    expect(socket.recovery).toEqual({ ok: true, reason: undefined });
    expect(got).toEqual([0]);
    socket.disconnect();
  });

  it("tells why it could not resume", async () => {
    const server = new ModelServer();
    const network = new Network(server);
    let count = 0;
    server.onconnect = () => ({
      pid: `p${count++}`,
      tag: "~t",
      offset: "~t0",
      recovery: count > 1 ? "expired" : undefined,
    });
    const socket = network.io("/", {}, entry);
    await vi.advanceTimersByTimeAsync(50);
    expect(socket.recovery).toBe(undefined);
    network.cut();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(socket.recovered).toBe(false);
    expect(socket.recovery).toEqual({ ok: false, reason: "expired" });
    socket.disconnect();
  });

  it("bounds what comes before the namespace is joined", async () => {
    const server = new ModelServer();
    const network = new Network(server);
    server.onconnect = (session) => {
      for (let n = 0; n < 11; n++) session.emit("early", n);
      return {};
    };
    const socket = network.io("/", { receiveBufferLimit: 10, reconnection: false }, entry);
    const closed = vi.fn();
    socket.io.on("close", closed);
    await vi.advanceTimersByTimeAsync(50);
    expect(closed).toHaveBeenCalledWith(
      "parse error",
      expect.objectContaining({ code: "ERR_SOCKEYE_CLIENT_BUFFER_FULL" }),
    );
    socket.disconnect();
  });
});
