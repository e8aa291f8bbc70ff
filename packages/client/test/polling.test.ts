import { decodePayload, type EnginePacket, encodePayload } from "@sockeye/engine-parser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HttpRequest, OutgoingPacket } from "../src/engine/contract.js";
import { Engine } from "../src/engine/engine.js";
import { Transport } from "../src/engine/transport.js";
import { Polling } from "../src/engine/transports/polling.js";
import { TransportError } from "../src/errors.js";

/** Long-polling over requests that the test answers, and a WebSocket that does as it is told. */

interface Pending {
  readonly uri: string;
  readonly packets: EnginePacket[] | undefined;
  aborted: boolean;
  answer(packets: EnginePacket[] | string, status?: number): void;
}

let pending: Pending[];
const gets = () => pending.filter(({ packets, aborted }) => !packets && !aborted);
const posts = () => pending.filter(({ packets, aborted }) => packets && !aborted);

class Manual extends Polling {
  protected readonly failures = ["poll error", "post error"] as const;
  protected readonly request: HttpRequest = (uri, body, _options, done) => {
    const entry: Pending = {
      uri,
      packets: body === undefined ? undefined : decodePayload(body).packets,
      aborted: false,
      answer(packets, status = 200) {
        pending.splice(pending.indexOf(entry), 1);
        done({ status, text: typeof packets === "string" ? packets : encodePayload(packets) });
      },
    };
    pending.push(entry);
    return () => {
      entry.aborted = true;
    };
  };
}

let candidates: Candidate[];
class Candidate extends Transport {
  readonly sent: OutgoingPacket[] = [];
  closed = false;
  get name(): string {
    return "websocket";
  }
  open(): void {
    candidates.push(this);
  }
  opened(): void {
    this.host.drained(this);
  }
  send(packets: readonly OutgoingPacket[]): void {
    this.sent.push(...packets);
    Promise.resolve().then(() => this.closed || this.host.drained(this));
  }
  close(): void {
    this.closed = true;
  }
}

/** Another way, which goes before it. */
class Preferred extends Candidate {
  override get name(): string {
    return "webtransport";
  }
}

const OPEN: EnginePacket = {
  type: "open",
  data: JSON.stringify({
    sid: "s",
    upgrades: ["websocket"],
    pingInterval: 25_000,
    pingTimeout: 20_000,
    maxPayload: 100,
  }),
};
const message = (data: string): EnginePacket => ({ type: "message", data });
const turn = () => vi.advanceTimersByTimeAsync(0);

let engine: Engine;
let log: unknown[];

beforeEach(async () => {
  vi.useFakeTimers();
  pending = [];
  candidates = [];
  log = [];
  engine = new Engine("http://polling", { path: "/p" }, { polling: Manual, websocket: Candidate });
  engine.on("message", (data) => log.push(data));
  engine.on("upgrade", () => log.push("upgrade"));
  engine.on("upgradeError", (error) => log.push((error as TransportError).message));
  engine.on("close", (reason) => log.push(reason));
  await turn();
  gets()[0]!.answer([OPEN, message("hello")]);
});

afterEach(async () => {
  vi.useRealTimers();
});

describe("polling", () => {
  it("reads one request after the other, and delivers what comes with the handshake", () => {
    expect(log).toEqual(["hello"]);
    expect(gets()).toHaveLength(1);
    expect(gets()[0]!.uri).toMatch(/^http:\/\/polling\/p\/\?EIO=4&transport=polling&sid=s&t=\w+$/);
    gets()[0]!.answer([message("a"), message("b")]);
    expect(log).toEqual(["hello", "a", "b"]);
    expect(gets()).toHaveLength(1);
  });

  it("writes one request at a time: a turn's packets together, as many as the server takes", async () => {
    engine.write("a");
    engine.write("b");
    expect(posts()).toHaveLength(0);
    await turn();
    expect(posts()[0]!.packets).toEqual([message("a"), message("b")]);
    engine.write("x".repeat(60));
    engine.write("y".repeat(60));
    await turn();
    expect(posts()).toHaveLength(1);
    posts()[0]!.answer("ok");
    expect(posts()[0]!.packets).toEqual([message("x".repeat(60))]);
    posts()[0]!.answer("ok");
    expect(posts()[0]!.packets).toEqual([message("y".repeat(60))]);
    posts()[0]!.answer("ok");
    expect(engine.writeBuffer).toEqual([]);
  });

  it("stops delivering in the middle of a payload when a handler closes", () => {
    engine.on("message", (data) => data === "a" && engine.close());
    gets()[0]!.answer([message("a"), message("b")]);
    expect(log).toEqual(["hello", "a", "forced close"]);
  });

  it("says farewell, then lets go of the waiting request", async () => {
    engine.write("last");
    engine.close();
    await turn();
    posts()[0]!.answer("ok");
    expect(log).toEqual(["hello", "forced close"]);
    expect(posts()[0]!.packets).toEqual([{ type: "close" }]);
    expect(gets()).toHaveLength(1);
    posts()[0]!.answer("ok");
    expect(gets()).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("says farewell even to a handshake that is just being read", async () => {
    pending = [];
    const early = new Engine("http://polling", {}, { polling: Manual });
    early.on("open", () => early.close());
    await turn();
    gets()[0]!.answer([OPEN]);
    expect(posts().map(({ packets, uri }) => [packets, uri.includes("sid=s")])).toEqual([[[{ type: "close" }], true]]);
    expect(gets()).toEqual([]);
  });

  it.each([
    ["a refused GET", () => gets()[0]!.answer('{"code":1,"message":"Session ID unknown"}', 400), "transport error"],
    ["a body that is no payload", () => gets()[0]!.answer("\x1e"), "parse error"],
  ])("ends with %s, and what waits is let go of", (_title, act, reason) => {
    act();
    expect(log).toEqual(["hello", reason]);
    expect(gets()).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends with a refused POST", async () => {
    engine.write("a");
    await turn();
    const [get] = gets();
    posts()[0]!.answer("", 413);
    expect(log).toEqual(["hello", "transport error"]);
    expect(get!.aborted).toBe(true);
  });
});

describe("the upgrade from polling", () => {
  /** The candidate has won: the pong of its probe is here. */
  async function won(): Promise<Candidate> {
    const [candidate] = candidates;
    candidate!.opened();
    expect(candidate!.sent).toEqual([{ type: "ping", data: "probe" }]);
    candidate!.host.received(candidate!, { type: "pong", data: "probe" });
    await turn();
    return candidate!;
  }

  it("waits for both requests, holds what is written, and then goes on", async () => {
    engine.write("a");
    await turn();
    const candidate = await won();
    engine.write("b");
    await turn();
    expect(candidate.sent).toHaveLength(1);
    gets()[0]!.answer([message("last of polling")]);
    expect(gets()).toHaveLength(0);
    expect(engine.transport.name).toBe("polling");
    posts()[0]!.answer("ok");
    await turn();
    expect(engine.transport).toBe(candidate);
    expect(candidate.sent.slice(1)).toEqual([{ type: "upgrade" }, message("b")]);
    candidate.host.received(candidate, message("first of websocket"));
    expect(log).toEqual(["hello", "last of polling", "upgrade", "first of websocket"]);
    expect(pending).toEqual([]);
    engine.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  // The batch in flight was not accounted for, and nothing was written any more.
  it.each(["before", "after"])("that fails %s the requests are through goes back to polling", async (when) => {
    engine.write("a");
    await turn();
    const candidate = await won();
    engine.write("b");
    if (when === "after") posts()[0]!.answer("ok");
    candidate.host.ended(candidate, { description: "gone" });
    if (when === "before") posts()[0]!.answer("ok");
    await turn();
    expect(log).toEqual(["hello", "transport closed"]);
    expect(posts().map(({ packets }) => packets)).toEqual([[message("b")]]);
    expect(gets()).toHaveLength(1);
    gets()[0]!.answer([message("still here")]);
    expect(log.at(-1)).toBe("still here");
    expect(gets()).toHaveLength(1);
  });

  it("once made, is not taken back: the loss of WebSocket is the loss of the session", async () => {
    const candidate = await won();
    gets()[0]!.answer([{ type: "noop" }]);
    expect(engine.transport).toBe(candidate);
    candidate.host.ended(candidate, { description: "gone" });
    expect(log).toEqual(["hello", "upgrade", "transport close"]);
  });

  it.each([
    ["a wrong pong", { type: "pong", data: "wrong" }],
    ["any other packet", { type: "message", data: "x" }],
    ["a frame that is none", new TransportError("TRANSPORT", "bad")],
  ] as const)("does not happen after %s", async (_title, packet) => {
    const [candidate] = candidates;
    candidate!.opened();
    candidate!.host.received(candidate!, packet);
    expect(log).toEqual(["hello", "probe error"]);
    expect(candidate!.closed).toBe(true);
  });

  it("is called off with the session", async () => {
    const [candidate] = candidates;
    candidate!.opened();
    engine.close();
    expect(candidate!.closed).toBe(true);
    expect(log).toEqual(["hello", "forced close"]);
    posts()[0]!.answer("ok");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("delays a close that comes in its middle", async () => {
    const candidate = await won();
    engine.write("last");
    engine.close();
    expect(log).toEqual(["hello"]);
    gets()[0]!.answer([{ type: "noop" }]);
    await turn();
    expect(candidate.sent.at(-1)).toEqual(message("last"));
    expect(log).toEqual(["hello", "upgrade", "forced close"]);
    expect(candidate.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the upgrade from a transport that pauses at once", () => {
  class Instant extends Transport {
    readonly sent: OutgoingPacket[] = [];
    get name(): string {
      return "polling";
    }
    open(): void {
      this.host.drained(this);
    }
    send(packets: readonly OutgoingPacket[]): void {
      this.sent.push(...packets);
    }
    close(): void {}
  }

  it("does not send again what that has taken, and loses nothing behind it", async () => {
    candidates = [];
    const instant = new Engine("http://polling", {}, { polling: Instant, websocket: Candidate });
    await turn();
    const old = instant.transport as Instant;
    old.host.received(old, OPEN);
    instant.write("a");
    await turn();
    expect(old.sent).toEqual([message("a")]);
    instant.write("b");
    const [candidate] = candidates;
    candidate!.opened();
    candidate!.host.received(candidate!, { type: "pong", data: "probe" });
    old.host.drained(old);
    instant.write("c");
    await turn();
    expect(candidate!.sent.slice(1)).toEqual([{ type: "upgrade" }, message("b"), message("c")]);
    expect(instant.writeBuffer).toEqual([]);
    instant.end("forced close");
    engine.end("forced close");
  });
});

describe("the upgrade with two transports to choose from", () => {
  beforeEach(async () => {
    engine.end("forced close");
    pending = [];
    candidates = [];
    log = [];
    engine = new Engine("http://polling", {}, { polling: Manual, websocket: Candidate, webtransport: Preferred });
    for (const event of ["upgrading", "upgrade"] as const) engine.on(event, ({ name }) => log.push(`${event} ${name}`));
    engine.on("upgradeError", ({ code, message }) => log.push(`${code.slice(19)} ${message}`));
    engine.on("close", (reason) => log.push(reason));
    await turn();
    const offer = { ...JSON.parse(OPEN.data as string), upgrades: ["websocket", "webtransport", "carrier pigeon"] };
    gets()[0]!.answer([{ type: "open", data: JSON.stringify(offer) }]);
  });
  afterEach(() => {
    engine.end("forced close");
    for (const { closed } of candidates) expect(closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
  const names = () => candidates.map(({ name }) => name);
  const pong = (candidate: Candidate) => candidate.host.received(candidate, { type: "pong", data: "probe" });

  it("gives WebTransport a head start, and takes whichever answers first; the other is let go", async () => {
    expect(names()).toEqual(["webtransport"]);
    await vi.advanceTimersByTimeAsync(199);
    expect(names()).toEqual(["webtransport"]);
    await vi.advanceTimersByTimeAsync(1);
    const [slow, quick] = candidates as [Candidate, Candidate];
    expect(names()).toEqual(["webtransport", "websocket"]);
    quick.opened();
    slow.opened();
    pong(quick);
    expect([slow.closed, quick.closed]).toEqual([true, false]);
    pong(slow);
    gets()[0]!.answer([{ type: "noop" }]);
    expect(log).toEqual(["upgrading websocket", "upgrade websocket"]);
    expect(engine.transport).toBe(quick);
    slow.host.ended(slow, { description: "gone" });
    expect(engine.readyState).toBe("open");
  });

  it("does not start WebSocket where WebTransport was quick", async () => {
    const [quick] = candidates as [Candidate];
    quick.opened();
    pong(quick);
    gets()[0]!.answer([{ type: "noop" }]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(names()).toEqual(["webtransport"]);
    expect(log).toEqual(["upgrading webtransport", "upgrade webtransport"]);
  });

  it("tells of each that fails, and goes on with the other", async () => {
    await vi.advanceTimersByTimeAsync(200);
    const [first, second] = candidates as [Candidate, Candidate];
    first.host.ended(first, new TransportError("TRANSPORT", "webtransport error"));
    first.host.ended(first, { description: "twice" });
    expect(log).toEqual(["TRANSPORT webtransport error"]);
    second.opened();
    pong(second);
    gets()[0]!.answer([{ type: "noop" }]);
    expect(log.slice(1)).toEqual(["upgrading websocket", "upgrade websocket"]);
  });

  it("gives each its time, from its own start", async () => {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(log).toEqual(["PROBE_FAILED upgrade timeout"]);
    await vi.advanceTimersByTimeAsync(200);
    expect(log).toEqual(["PROBE_FAILED upgrade timeout", "PROBE_FAILED upgrade timeout"]);
    engine.write("still here");
    await turn();
    expect(posts()[0]!.packets).toEqual([message("still here")]);
  });

  it("is called off by a handler of its own event", async () => {
    const [first] = candidates as [Candidate];
    engine.on("upgrading", () => engine.end("forced close"));
    first.opened();
    pong(first);
    expect(log).toEqual(["upgrading webtransport", "forced close"]);
    expect(engine.transport.name).toBe("polling");
  });
});
