import { describe, expect, it } from "vitest";
import { law, type SessionEvent, type SessionState, type UnlawfulEvent } from "../../src/session/law.js";
import { upgradeLaw } from "../../src/session/upgrade.js";

const events: ReadonlyArray<SessionEvent | UnlawfulEvent> = [
  "opened",
  "shut",
  "drop",
  "message",
  "pulse",
  "close",
  "noop",
  "malformed",
  "lost",
  "broken",
  "silent",
  "overflow",
  "expired",
  "wrong pulse",
  "open",
  "upgrade",
];

/** State, event, next state, action or reason; what is missing here must be missing in the law. */
const table: ReadonlyArray<readonly [SessionState, SessionEvent | UnlawfulEvent, SessionState, string]> = [
  ["opening", "opened", "open", "none"],
  ["opening", "drop", "closed", "forced close"],
  ["opening", "lost", "closed", "transport close"],
  ["opening", "broken", "closed", "transport error"],
  ["open", "message", "open", "deliver"],
  ["open", "pulse", "open", "beat"],
  ["open", "noop", "open", "none"],
  ["open", "close", "closed", "transport close"],
  ["open", "malformed", "closed", "parse error"],
  ["open", "shut", "closing", "drain"],
  ["open", "drop", "closed", "forced close"],
  ["open", "lost", "closed", "transport close"],
  ["open", "broken", "closed", "transport error"],
  ["open", "silent", "closed", "ping timeout"],
  ["open", "overflow", "closed", "slow consumer"],
  ["closing", "message", "closing", "none"],
  ["closing", "pulse", "closing", "beat"],
  ["closing", "wrong pulse", "closing", "none"],
  ["closing", "noop", "closing", "none"],
  ["closing", "open", "closing", "none"],
  ["closing", "upgrade", "closing", "none"],
  ["closing", "shut", "closing", "none"],
  ["closing", "close", "closed", "forced close"],
  ["closing", "malformed", "closed", "forced close"],
  ["closing", "drop", "closed", "forced close"],
  ["closing", "lost", "closed", "forced close"],
  ["closing", "broken", "closed", "transport error"],
  ["closing", "silent", "closed", "ping timeout"],
  ["closing", "overflow", "closed", "slow consumer"],
  ["closing", "expired", "closed", "forced close"],
  ...events.map((event) => ["closed", event, "closed", "none"] as const),
];

describe("the law of a session", () => {
  for (const [state, event, to, action] of table) {
    it(`${state} + ${event} -> ${to} (${action})`, () => {
      const rule = law[state][event];
      expect(rule?.to).toBe(to);
      expect(rule?.act === "end" ? rule.reason : rule?.act).toBe(action);
    });
  }

  it("has no rule that this table does not name", () => {
    const named = new Set(table.map(([state, event]) => `${state} ${event}`));
    const written = Object.entries(law).flatMap(([state, rules]) =>
      Object.keys(rules).map((event) => `${state} ${event}`),
    );
    expect(written.filter((rule) => !named.has(rule))).toEqual([]);
  });

  it("has no way out of closed", () => {
    expect(Object.values(law.closed).every((rule) => rule.to === "closed" && rule.act === "none")).toBe(true);
  });
});

describe("the law of an upgrade", () => {
  it("is exactly this", () => {
    expect(upgradeLaw).toEqual({
      none: { candidate: { to: "waiting", act: "accept" } },
      waiting: { probe: { to: "probed", act: "answer" }, failed: { to: "none", act: "reject" } },
      probed: { upgrade: { to: "done", act: "switch" }, failed: { to: "none", act: "reject" } },
      done: {},
    });
  });
});
