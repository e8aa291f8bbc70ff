import type { PacketType } from "@sockeye/engine-parser";
import { describe, expect, it } from "vitest";
import type { SessionState } from "../src/contract.js";
import { LAW, Session, type Verdict } from "../src/engine/session.js";
import { encodedSize } from "../src/engine/size.js";

const HANDSHAKE = { sid: "s", upgrades: [], pingInterval: 300, pingTimeout: 200, maxPayload: 100 };

function sessionIn(state: SessionState): Session {
  const session = new Session();
  if (state !== "opening") session.open(HANDSHAKE, 0);
  session.state = state;
  return session;
}

describe("the law of a session", () => {
  /** State, packet, verdict; every pair, those that nobody may send included. */
  const types: PacketType[] = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
  const expected: Record<SessionState, Verdict[]> = {
    opening: ["open", "close", "error", "error", "error", "error", "error"],
    open: ["error", "close", "pong", "error", "message", "error", "ignore"],
    closing: ["error", "close", "pong", "error", "message", "error", "ignore"],
    closed: ["ignore", "ignore", "ignore", "ignore", "ignore", "ignore", "ignore"],
  };

  it.each(
    Object.entries(expected).flatMap(([state, verdicts]) =>
      types.map((type, n) => [state as SessionState, type, verdicts[n]!] as const),
    ),
  )("%s x %s: %s", (state, type, verdict) => {
    expect(sessionIn(state).receive({ type }, 1)).toBe(verdict);
  });

  it("has a row for each state", () => {
    expect(Object.keys(LAW)).toEqual(Object.keys(expected));
  });
});

describe("the deadline of a session", () => {
  it("is open until there is a handshake", () => {
    expect(new Session().deadline).toBe(Infinity);
  });

  it("moves with every packet, of whatever kind", () => {
    const session = sessionIn("open");
    expect(session.deadline).toBe(500);
    session.receive({ type: "ping" }, 100);
    expect(session.deadline).toBe(600);
    session.receive({ type: "message", data: "x" }, 250);
    expect(session.deadline).toBe(750);
  });
});

describe("the outbox of a session", () => {
  const message = (data: string | Uint8Array) => ({ type: "message", data }) as const;

  it("takes packets while opening and open, no longer", () => {
    expect(
      (["opening", "open", "closing", "closed"] as const).map((state) => sessionIn(state).push(message("x"))),
    ).toEqual([true, true, false, false]);
  });

  it("hands over one batch at a time, in order", () => {
    const session = sessionIn("open");
    session.push(message("a"));
    session.push(message("b"));
    expect(session.take()).toEqual([message("a"), message("b")]);
    session.push(message("c"));
    expect(session.take()).toEqual([]);
    expect(session.outbox).toHaveLength(3);
    session.handedOver();
    expect(session.take()).toEqual([message("c")]);
    session.handedOver();
    expect(session.outbox).toEqual([]);
  });

  it("is held while the session moves to another transport", () => {
    const session = sessionIn("open");
    session.push(message("a"));
    session.held = true;
    expect(session.take()).toEqual([]);
    session.held = false;
    expect(session.take()).toHaveLength(1);
  });

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
  ])("takes of %j within %i bytes the first %i", (data, limit, count) => {
    const session = sessionIn("open");
    for (const each of data) session.push(message(each));
    expect(session.take(limit)).toHaveLength(count);
  });
});

describe("encodedSize", () => {
  it.each(["", "a", "ß", "€", "😀", "a😀ß€"])("counts %j as UTF-8", (text) => {
    expect(encodedSize(text, false)).toBe(Buffer.byteLength(text));
  });

  it.each([0, 1, 2, 3, 4, 100])("counts %i bytes, and their base64", (length) => {
    const bytes = Buffer.alloc(length);
    expect(encodedSize(bytes, false)).toBe(length);
    expect(encodedSize(bytes, true)).toBe(bytes.toString("base64").length);
  });
});
