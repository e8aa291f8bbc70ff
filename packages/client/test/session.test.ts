import type { EnginePacket, PacketType } from "@sockeye/engine-parser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SessionState } from "../src/contract.js";
import type { OutgoingPacket } from "../src/engine/contract.js";
import { Engine } from "../src/engine/engine.js";
import { countWithin, encodedSize } from "../src/engine/size.js";
import { Transport } from "../src/engine/transport.js";

/** The engine over a transport that does as it is told: what may come when, how long a server may be silent, what leaves when. */

class Manual extends Transport {
  readonly sent: OutgoingPacket[][] = [];
  closed = 0;
  get name(): string {
    return "websocket";
  }
  open(): void {
    this.drain();
  }
  drain(): void {
    this.host.drained(this);
  }
  send(packets: readonly OutgoingPacket[]): void {
    this.sent.push([...packets]);
  }
  close(): void {
    this.closed++;
  }
  says(packet: EnginePacket | Error | undefined): void {
    this.host.received(this, packet);
  }
}

const HANDSHAKE = { sid: "s", upgrades: [], pingInterval: 300, pingTimeout: 200, maxPayload: 100 };
const opening = (handshake: unknown = HANDSHAKE): EnginePacket => ({ type: "open", data: JSON.stringify(handshake) });
const message = (data: string | Uint8Array) => ({ type: "message", data }) as const;
const turn = () => vi.advanceTimersByTimeAsync(0);

let engine: Engine;
let transport: Manual;
let log: unknown[];

async function start(state: SessionState = "open"): Promise<void> {
  log = [];
  engine = new Engine("http://session", {}, { websocket: Manual });
  for (const event of ["open", "message", "ping", "pong"] as const) engine.on(event, () => log.push(event));
  engine.on("error", (error) => log.push((error as Error & { code: string }).code));
  engine.on("close", (reason) => log.push(reason));
  await turn();
  transport = engine.transport as Manual;
  if (state !== "opening") transport.says(opening());
  // A packet in flight keeps it from closing at once.
  if (state === "closing") engine.write("last");
  await turn();
  if (state === "closing") engine.close();
  if (state === "closed") engine.end("forced close");
  expect(engine.readyState).toBe(state);
  log.length = 0;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  engine.end("forced close");
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("the law of a session", () => {
  /** State, packet, what comes of it; every pair, those that nobody may send included. */
  const types: PacketType[] = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
  const refused = ["ERR_SOCKEYE_CLIENT_PROTOCOL", "parse error"];
  const left = ["transport close"];
  const running = [refused, left, ["ping", "pong"], refused, ["message"], refused, []];
  const expected: Record<SessionState, string[][]> = {
    opening: [["open"], left, refused, refused, refused, refused, refused],
    open: running,
    // What was under way when `close()` was called still counts.
    closing: running,
    closed: [[], [], [], [], [], [], []],
  };

  it.each(
    Object.entries(expected).flatMap(([state, rows]) =>
      types.map((type, n) => [state as SessionState, type, rows[n]!] as const),
    ),
  )("%s x %s: %j", async (state, type, events) => {
    await start(state);
    transport.says(type === "open" ? opening() : { type });
    expect(log).toEqual(events);
  });

  it.each([
    ["nothing", undefined, "CLIENT_PROTOCOL"],
    ["an error of the codec", Object.assign(new Error(), { code: "ERR_SOCKEYE_X" }), "X"],
    ["a type that is none", { type: "hello" } as unknown as EnginePacket, "CLIENT_PROTOCOL"],
  ] as const)("in place of a packet %s: one error, and no packet", async (_title, packet, code) => {
    for (const state of ["opening", "open", "closing"] as const) {
      await start(state);
      transport.says(packet);
      transport.says(packet);
      expect(log).toEqual([`ERR_SOCKEYE_${code}`, "parse error"]);
      expect(transport.closed).toBe(1);
    }
  });

  it("makes nothing of a packet at which a handler closes", async () => {
    await start();
    engine.once("packet", () => engine.end("forced close"));
    transport.says(message("x"));
    expect(log).toEqual(["forced close"]);
  });
});

describe("a handshake", () => {
  it("tells the id, the limit, and all that came", async () => {
    await start("opening");
    const told = vi.fn();
    engine.on("handshake", told);
    expect([engine.id, engine.maxPayload]).toEqual([undefined, Infinity]);
    transport.says(opening({ ...HANDSHAKE, more: 1 }));
    expect([engine.id, engine.maxPayload, engine.readyState]).toEqual(["s", 100, "open"]);
    expect(told.mock.calls).toEqual([[{ ...HANDSHAKE, more: 1 }]]);
  });

  it.each([undefined, null, 0])("with %j for a limit has none", async (maxPayload) => {
    await start("opening");
    transport.says(opening({ ...HANDSHAKE, maxPayload }));
    expect(engine.maxPayload).toBe(Infinity);
  });

  it.each([
    ["no JSON", "{"],
    ["no text", new Uint8Array(3)],
    ["nothing", undefined],
    ...[
      null,
      1,
      "text",
      [],
      {},
      { ...HANDSHAKE, sid: undefined },
      { ...HANDSHAKE, sid: 1 },
      { ...HANDSHAKE, sid: "" },
      { ...HANDSHAKE, upgrades: undefined },
      { ...HANDSHAKE, upgrades: "websocket" },
      { ...HANDSHAKE, upgrades: { length: 1 } },
      { ...HANDSHAKE, pingInterval: undefined },
      { ...HANDSHAKE, pingTimeout: -301 },
      { ...HANDSHAKE, pingTimeout: {} },
    ].map((each) => [JSON.stringify(each), JSON.stringify(each)] as const),
  ] as const)("that is %s is none: one error", async (_title, data) => {
    await start("opening");
    transport.says({ type: "open", data: data! });
    transport.says(opening());
    expect(log).toEqual(["ERR_SOCKEYE_CLIENT_PROTOCOL", "parse error"]);
    expect([engine.id, engine.readyState, transport.closed]).toEqual([undefined, "closed", 1]);
  });

  it("that offers what is no transport moves nowhere", async () => {
    await start("opening");
    transport.says(opening({ ...HANDSHAKE, upgrades: [1, null, "websocket", "polling", {}] }));
    await turn();
    expect(log).toEqual(["open"]);
  });
});

describe("the deadline of a session", () => {
  it("is open until there is a handshake", async () => {
    await start("opening");
    await vi.advanceTimersByTimeAsync(1e9);
    expect([engine.expired(), engine.readyState]).toEqual([false, "opening"]);
  });

  it.each([{ type: "ping" }, { type: "noop" }, message("x")] as const)(
    "moves with every packet, of whatever kind: %j",
    async (packet) => {
      await start();
      await vi.advanceTimersByTimeAsync(400);
      transport.says(packet);
      await vi.advanceTimersByTimeAsync(499);
      expect([engine.expired(), engine.readyState]).toEqual([false, "open"]);
      await vi.advanceTimersByTimeAsync(2);
      expect([engine.readyState, log.at(-1)]).toEqual(["closed", "ping timeout"]);
    },
  );

  it("holds although timers are late: asked, the engine ends, and not before it has answered", async () => {
    await start();
    vi.setSystemTime(Date.now() + 501);
    expect([engine.expired(), engine.readyState]).toEqual([true, "open"]);
    await turn();
    expect(log).toEqual(["ping timeout"]);
  });
});

describe("what waits in a session", () => {
  it("is taken while opening and open, no longer", async () => {
    const accepted = [];
    for (const state of ["opening", "open", "closing", "closed"] as const) {
      await start(state);
      const created = vi.fn();
      engine.on("packetCreate", created).write("x");
      accepted.push(created.mock.calls.length);
      engine.end("forced close");
    }
    expect(accepted).toEqual([1, 1, 0, 0]);
  });

  it("could leave at once while the session is open, and not before or after", async () => {
    const writable = [];
    for (const state of ["opening", "open", "closing", "closed"] as const) {
      await start(state);
      transport.writable = true;
      writable.push(engine.writable);
      engine.end("forced close");
    }
    expect(writable).toEqual([false, true, false, false]);
    engine = new Engine("http://session", { transports: [] }, {});
    expect(engine.writable).toBe(false);
  });

  it("leaves when the session is open", async () => {
    await start("opening");
    engine.write("a").write("b");
    await turn();
    expect(transport.sent).toEqual([]);
    transport.says(opening());
    expect(transport.sent).toEqual([[message("a"), message("b")]]);
  });

  it("leaves in one batch at a time, in order, a turn's packets together", async () => {
    await start();
    const told: unknown[] = [];
    for (const event of ["flush", "drain"] as const) engine.on(event, () => told.push(event));
    const sent = vi.fn(() => told.push("sent"));
    expect(engine.writable).toBe(true);
    engine.write("a", undefined, sent).write("b");
    expect([engine.writable, transport.sent]).toEqual([false, []]);
    await turn();
    engine.write("c");
    await turn();
    expect(transport.sent).toEqual([[message("a"), message("b")]]);
    expect(engine.writeBuffer.map(({ data }) => data)).toEqual(["a", "b", "c"]);
    transport.drain();
    expect(transport.sent.slice(1)).toEqual([[message("c")]]);
    transport.drain();
    expect([engine.writable, engine.writeBuffer]).toEqual([true, []]);
    expect(told).toEqual(["flush", "sent", "flush", "drain"]);
    engine.write("d");
    await turn();
    expect(transport.sent.slice(2)).toEqual([[message("d")]]);
  });

  it("leaves before a close, and is forgotten with an end", async () => {
    await start();
    engine.write("last").close();
    await turn();
    expect([engine.readyState, transport.sent]).toEqual(["closing", [[message("last")]]]);
    transport.drain();
    expect([log, engine.writeBuffer, transport.closed]).toEqual([["forced close"], [], 1]);
    await start();
    engine.write("lost").end("transport close");
    await turn();
    expect([log, engine.writeBuffer, transport.sent]).toEqual([["transport close"], [], []]);
  });

  it("closes at once where nothing waits, and where nothing is open", async () => {
    for (const state of ["open", "opening"] as const) {
      await start(state);
      engine.close().close();
      expect([log, engine.readyState]).toEqual([["forced close"], "closed"]);
    }
  });

  it("does not open what was closed in the same turn", async () => {
    log = [];
    engine = new Engine("http://session", {}, { websocket: Manual });
    const open = vi.spyOn(engine.transport as Manual, "open");
    engine.close();
    await turn();
    expect(open).not.toHaveBeenCalled();
  });
});

describe("countWithin", () => {
  it.each([
    // "4" + data, separator: 5 + 1 + 5 = 11 bytes.
    [["aaaa", "bbbb", "c"], 11, 2],
    [["aaaa", "bbbb", "c"], 10, 1],
    [["ßß", "x"], 8, 2],
    [["ßß", "x"], 7, 1],
    // Three bytes are four characters of base64.
    [[new Uint8Array(3), "x"], 8, 2],
    [[new Uint8Array(4), "x"], 8, 1],
    // One that is too large leaves alone, for the server to judge.
    [["a".repeat(50), "b"], 10, 1],
    [["a".repeat(50), "b"], Infinity, 2],
  ])("takes of %j within %i bytes the first %i", (data, limit, count) => {
    expect(countWithin(data.map(message), limit)).toBe(count);
  });
});

describe("encodedSize", () => {
  it.each(["", "a", "ß", "€", "😀", "a😀ß€"])("counts %j as UTF-8, and its type", (text) => {
    expect(encodedSize(text, false)).toBe(1 + Buffer.byteLength(text));
  });

  it.each([0, 1, 2, 3, 4, 100])("counts %i bytes, and their base64", (length) => {
    const bytes = Buffer.alloc(length);
    expect(encodedSize(bytes, false)).toBe(length);
    expect(encodedSize(bytes, true)).toBe(1 + bytes.toString("base64").length);
  });
});
