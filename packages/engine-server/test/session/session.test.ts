import { EngineProtocolViolation } from "@sockeye/engine-parser";
import { beforeEach, describe, expect, it } from "vitest";
import { OutgoingPacket, prepareMessages } from "../../src/session/outbox.js";
import { type Protocol, protocolV4 } from "../../src/session/protocol.js";
import { LawBreach, Session, type SessionOptions, type SessionPort } from "../../src/session/session.js";

const OPTIONS: SessionOptions = {
  pingInterval: 100,
  pingTimeout: 50,
  unfinishedTimeout: 500,
  upgradeTimeout: 40,
  firstPollTimeout: 60,
  closeTimeout: 30,
  maxOutboxBytes: 1000,
  maxOutboxPackets: 10,
};

const protocolV3: Protocol = { ...protocolV4, revision: 3, pinger: "client" };

class TestPort implements SessionPort {
  read = 0;
  held = 0;
  /** Called by `flush`: what a ready transport would do. */
  onFlush: () => void = () => undefined;
  readonly calls: unknown[][] = [];
  confirmed = true;
  bytesRead = () => this.read;
  isConfirmed = () => this.confirmed;
  heldBytes = () => this.held;
  deliver = (data: unknown) => void this.calls.push(["deliver", data]);
  beat = () => void this.calls.push(["beat"]);
  wake = () => undefined;
  flush = () => this.onFlush();
  finish = () => void this.calls.push(["finish"]);
  ended = (reason: string, details: unknown) => void this.calls.push(["ended", reason, details]);
  rejectCandidate = () => void this.calls.push(["reject"]);
}

const at = (now: number, stalled = 0) => ({ now, stalled });
const message = (data: string, volatile = false) => new OutgoingPacket("message", data, true, volatile);

let port: TestPort;
let session: Session;

function open(options: Partial<SessionOptions> = {}, protocol = protocolV4): void {
  port = new TestPort();
  session = new Session({ ...OPTIONS, ...options }, protocol, port);
  session.open("{}", undefined, at(0));
}

/** What a driver does when the transport is ready. */
function flush(now = 0): string[] {
  const batch = session.outbox.take();
  const types = batch.map((packet) => packet.type);
  session.flushed(at(now));
  return types;
}

const ends = () => port.calls.filter(([name]) => name === "ended");

beforeEach(() => open());

describe("opening", () => {
  it("queues the open packet, then the initial packet", () => {
    const other = new Session(OPTIONS, protocolV4, new TestPort());
    other.open("{}", "hi", at(0));
    expect(other.outbox.packets.map(({ type, data }) => [type, data])).toEqual([
      ["open", "{}"],
      ["message", "hi"],
    ]);
  });

  it("may be written to before it is open", () => {
    const other = new Session(OPTIONS, protocolV4, new TestPort());
    expect(other.write(message("early"), at(0))).toBe(true);
  });
});

describe("a session whose peer has not shown that it is there", () => {
  const unconfirmed = () => {
    port = new TestPort();
    port.confirmed = false;
    session = new Session(OPTIONS, protocolV4, port);
    session.open("{}", undefined, at(0));
  };

  it("is given up after firstPollTimeout", () => {
    unconfirmed();
    expect(session.nextDeadline()).toBe(60);
    session.expire(at(60));
    expect(ends()).toEqual([["ended", "ping timeout", undefined]]);
  });

  it("lives on when it was confirmed in time", () => {
    unconfirmed();
    port.confirmed = true;
    session.expire(at(60));
    expect(session.state).toBe("open");
    expect(session.nextDeadline()).toBe(100);
  });

  it("is not given up while it upgrades", () => {
    unconfirmed();
    session.candidateOpened(at(50));
    session.expire(at(60));
    expect(session.state).toBe("open");
  });
});

describe("packets from the peer", () => {
  it("delivers messages in order, an empty one as an empty text", () => {
    session.receiveMessage("a");
    session.receive({ type: "message" }, at(1));
    expect(port.calls).toEqual([
      ["deliver", "a"],
      ["deliver", ""],
    ]);
  });

  it("ends with `transport close` on a close packet", () => {
    session.receive({ type: "close" }, at(1));
    expect(ends()).toEqual([["ended", "transport close", undefined]]);
  });

  it("ends with `parse error` on what is no packet", () => {
    const error = new EngineProtocolViolation("EMPTY_PACKET");
    session.receiveMalformed(error, at(1));
    expect(ends()).toEqual([["ended", "parse error", error]]);
  });

  for (const [type, kind] of [
    ["ping", "heartbeat direction"],
    ["open", "unexpected packet"],
    ["upgrade", "unexpected packet"],
  ] as const) {
    it(`takes ${type} for a breach (${kind})`, () => {
      session.receive({ type }, at(1));
      const [end] = ends();
      expect(end?.[1]).toBe("transport error");
      expect(end?.[2]).toBeInstanceOf(LawBreach);
      expect((end![2] as LawBreach).kind).toBe(kind);
    });
  }

  it("ignores a noop", () => {
    session.receive({ type: "noop" }, at(1));
    expect(port.calls).toEqual([]);
  });

  it("delivers nothing any more once it ended, and ends once", () => {
    session.receive({ type: "close" }, at(1));
    session.receiveMessage("late");
    session.receive({ type: "ping" }, at(2));
    session.transportEnded(undefined, at(3));
    session.close(true, at(4));
    expect(port.calls).toHaveLength(1);
  });
});

describe("closing", () => {
  it("finishes at once when nothing waits", () => {
    flush();
    session.close(false, at(1));
    expect(session.state).toBe("closing");
    expect(port.calls).toEqual([["finish"]]);
    session.transportEnded(undefined, at(2));
    expect(ends()).toEqual([["ended", "forced close", undefined]]);
  });

  it("finishes after what is queued was written, and takes nothing more", () => {
    session.write(message("last"), at(1));
    session.close(false, at(1));
    expect(port.calls).toEqual([]);
    expect(session.write(message("too late"), at(1))).toBe(false);
    expect(flush(2)).toEqual(["open", "message"]);
    expect(port.calls).toEqual([["finish"]]);
  });

  it("does not wait with discard", () => {
    session.write(message("lost"), at(1));
    session.close(true, at(1));
    expect(ends()).toEqual([["ended", "forced close", undefined]]);
  });

  it("gives up after closeTimeout", () => {
    flush();
    session.close(false, at(10));
    expect(session.nextDeadline()).toBe(40);
    session.expire(at(39));
    expect(ends()).toEqual([]);
    session.expire(at(40));
    expect(ends()).toEqual([["ended", "forced close", undefined]]);
  });

  it("waits on while the peer takes what it is sent", () => {
    flush();
    port.held = 500;
    session.close(false, at(10));
    port.held = 400;
    session.expire(at(40));
    expect(ends()).toEqual([]);
    expect(session.nextDeadline()).toBe(70);
    session.expire(at(70));
    expect(ends()).toHaveLength(1);
  });

  it("does not deliver what the peer still says", () => {
    session.close(false, at(1));
    session.receiveMessage("too late");
    session.receive({ type: "ping" }, at(1));
    expect(port.calls.filter(([name]) => name === "deliver")).toEqual([]);
    expect(session.state).toBe("closing");
  });
});

describe("the heartbeat", () => {
  it("pings after pingInterval and gives up after pingTimeout", () => {
    flush();
    expect(session.nextDeadline()).toBe(100);
    session.expire(at(100));
    expect(flush()).toEqual(["ping"]);
    expect(session.nextDeadline()).toBe(150);
    session.expire(at(150));
    expect(ends()).toEqual([["ended", "ping timeout", undefined]]);
  });

  it("rests after the pong", () => {
    flush();
    session.expire(at(100));
    session.receive({ type: "pong" }, at(120));
    expect(port.calls).toEqual([["beat"]]);
    expect(session.nextDeadline()).toBe(220);
  });

  it("answers the pings of a protocol 3 client, and gives it up when they stay away", () => {
    open({}, protocolV3);
    flush();
    expect(session.nextDeadline()).toBe(150);
    session.receive({ type: "ping" }, at(100));
    expect(flush()).toEqual(["pong"]);
    expect(session.nextDeadline()).toBe(250);
    session.expire(at(250));
    expect(ends()).toEqual([["ended", "ping timeout", undefined]]);
  });

  it("takes a pong of a protocol 3 client for a breach", () => {
    open({}, protocolV3);
    session.receive({ type: "pong" }, at(1));
    expect((ends()[0]![2] as LawBreach).kind).toBe("heartbeat direction");
  });
});

describe("the upgrade", () => {
  const probe = { type: "ping", data: "probe" } as const;

  it("accepts one candidate, answers its probe, and switches", () => {
    flush();
    expect(session.candidateOpened(at(0))).toBe(true);
    expect(session.receiveFromCandidate(probe, at(1))).toBe("answer");
    expect(session.receiveFromCandidate({ type: "upgrade" }, at(2))).toBe("switch");
    expect(session.upgrade).toBe("done");
    expect(session.nextDeadline()).toBe(100);
  });

  it("accepts no second candidate, neither during nor after", () => {
    session.candidateOpened(at(0));
    expect(session.candidateOpened(at(0))).toBe(false);
    open();
    session.candidateOpened(at(0));
    session.receiveFromCandidate(probe, at(1));
    session.receiveFromCandidate({ type: "upgrade" }, at(2));
    expect(session.candidateOpened(at(3))).toBe(false);
    expect(session.upgrade).toBe("done");
  });

  it("does a first candidate no harm when a second one comes", () => {
    session.candidateOpened(at(0));
    session.candidateOpened(at(0));
    expect(port.calls).toEqual([]);
    expect(session.upgrade).toBe("waiting");
  });

  for (const packet of [
    { type: "message", data: "x" },
    { type: "ping" },
    { type: "ping", data: "other" },
    { type: "upgrade" },
    { type: "close" },
    { type: "pong", data: "probe" },
  ] as const) {
    it(`rejects a candidate that begins with ${packet.type} ${"data" in packet ? packet.data : ""}`, () => {
      session.candidateOpened(at(0));
      expect(session.receiveFromCandidate(packet, at(1))).toBe("reject");
      expect(port.calls).toEqual([["reject"]]);
      expect(session.upgrade).toBe("none");
      expect(session.state).toBe("open");
    });
  }

  it("rejects a candidate that takes longer than upgradeTimeout", () => {
    session.candidateOpened(at(10));
    expect(session.nextDeadline()).toBe(50);
    session.expire(at(50));
    expect(port.calls).toEqual([["reject"]]);
    expect(session.nextDeadline()).toBe(100);
  });

  it("lets each poll return while the client changes over", () => {
    flush();
    session.candidateOpened(at(0));
    session.transportReady();
    expect(session.outbox.length).toBe(0);
    session.receiveFromCandidate(probe, at(1));
    session.transportReady();
    expect(flush()).toEqual(["noop"]);
    session.transportReady();
    expect(flush()).toEqual(["noop"]);
  });

  it("is refused once the session is closing", () => {
    session.close(false, at(0));
    expect(session.candidateOpened(at(1))).toBe(false);
  });

  it("finishes a closing session on the new transport", () => {
    session.candidateOpened(at(0));
    session.receiveFromCandidate(probe, at(1));
    session.close(false, at(2));
    expect(session.receiveFromCandidate({ type: "upgrade" }, at(3))).toBe("switch");
    session.switched();
    flush(4);
    expect(port.calls).toEqual([["finish"]]);
  });
});

describe("the outbox budget", () => {
  beforeEach(() => {
    open();
    session.outbox.clear();
  });

  it("takes one packet of any size when nothing is before it", () => {
    expect(session.write(message("x".repeat(5000)), at(0))).toBe(true);
  });

  it("measures what follows an oversized packet from there, until all is written", () => {
    session.write(message("x".repeat(5000)), at(0));
    expect(session.write(message("y".repeat(500)), at(0))).toBe(true);
    session.outbox.take();
    session.write(message("y".repeat(600)), at(0));
    session.write(message("y".repeat(600)), at(0));
    expect(ends()).toEqual([]);
    session.write(message("y"), at(0));
    expect(ends()).toHaveLength(1);
  });

  it("ends with `slow consumer` when over the budget", () => {
    session.write(message("x".repeat(999)), at(0));
    expect(session.write(message("y"), at(0))).toBe(false);
    const [end] = ends();
    expect(end?.[1]).toBe("slow consumer");
    expect((end![2] as LawBreach).kind).toBe("slow consumer");
  });

  it("counts packets as well", () => {
    for (let i = 0; i < 10; i++) session.write(message("x"), at(0));
    expect(ends()).toEqual([]);
    session.write(message("x"), at(0));
    expect(ends()).toHaveLength(1);
  });

  it("first lets a ready transport take what it can", () => {
    port.onFlush = () => void session.outbox.take();
    session.write(message("x".repeat(999)), at(0));
    expect(session.write(message("y".repeat(999)), at(0))).toBe(true);
    expect(session.outbox.length).toBe(1);
  });

  it("drops volatile packets before it gives up", () => {
    session.write(message("x".repeat(500)), at(0));
    session.write(message("v".repeat(600), true), at(0));
    expect(session.write(message("y"), at(0))).toBe(true);
    expect(session.outbox.dropped).toBe(1);
    expect(session.outbox.packets.map(({ data }) => String(data)[0])).toEqual(["x", "y"]);
  });

  it("counts what the transport holds", () => {
    open({ maxOutboxBytes: 100_000 });
    session.outbox.clear();
    port.held = 50_000;
    session.write(message("x".repeat(70_000)), at(0));
    session.write(message("y"), at(0));
    expect(ends()).toHaveLength(1);
  });

  it("counts a prepared message with all its parts", () => {
    const prepared = prepareMessages(["x".repeat(400), new Uint8Array(500)], true, false);
    session.write(prepared, at(0));
    expect(session.outbox.size).toBe(901);
    session.write(message("y".repeat(200)), at(0));
    expect(ends()).toEqual([]);
    session.write(message("y"), at(0));
    expect(ends()).toHaveLength(1);
  });
});
