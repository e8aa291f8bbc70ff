/**
 * The law of an Engine.IO session: state x event -> what becomes of it. Everything a session may live through stands in
 * this file; an event that has no rule in the current state is the peer's violation and ends the session.
 *
 *              opened            shut              (outbox written, transport closed)
 *   opening ----------> open ----------> closing ---------------------------------> closed
 *                         |                                                            ^
 *                         +-- close, lost, broken, malformed, silent, overflow, drop --+
 *
 * Heartbeats run in one direction only: from the server in protocol 4, from the client in protocol 3. The session
 * translates `ping` and `pong` into `pulse` (the right one) and `wrong pulse`.
 */
export type SessionState = "opening" | "open" | "closing" | "closed";

export type SessionEvent =
  // what the engine does
  | "opened" // the handshake was queued
  | "shut" // the application closes, after what is queued
  | "drop" // the application closes at once
  // what the peer sends on the session's transport
  | "message"
  | "pulse"
  | "close"
  | "noop"
  | "malformed"
  // what happens to the peer
  | "lost" // the transport ended in good order
  | "broken" // the transport failed
  | "silent" // no sign of life within pingTimeout
  | "overflow" // the outbox is over its budget
  | "expired"; // closing took longer than closeTimeout

/** Events that have no rule anywhere: named so that they can be recognised, and always a violation while open. */
export type UnlawfulEvent = "wrong pulse" | "open" | "upgrade";

export type SessionAction =
  | "none"
  | "deliver" // hand the message to the application
  | "beat" // the peer answered (or sent) the heartbeat
  | "drain" // write what is queued, then close the transport
  | "end"; // the session is over

export interface Rule {
  readonly to: SessionState;
  readonly act: SessionAction;
  /** With `end`: the reason that the application is told. */
  readonly reason?: string;
}

const stay = (state: SessionState): Rule => ({ to: state, act: "none" });
const end = (reason: string): Rule => ({ to: "closed", act: "end", reason });

/** Whatever arrives late changes nothing any more. */
const nothing = stay("closed");

export const law: Readonly<Record<SessionState, Readonly<Partial<Record<SessionEvent | UnlawfulEvent, Rule>>>>> = {
  opening: {
    opened: { to: "open", act: "none" },
    drop: end("forced close"),
    lost: end("transport close"),
    broken: end("transport error"),
  },
  open: {
    message: { to: "open", act: "deliver" },
    pulse: { to: "open", act: "beat" },
    noop: stay("open"),
    close: end("transport close"),
    malformed: end("parse error"),
    shut: { to: "closing", act: "drain" },
    drop: end("forced close"),
    lost: end("transport close"),
    broken: end("transport error"),
    silent: end("ping timeout"),
    overflow: end("slow consumer"),
  },
  closing: {
    // The application has said goodbye: what the peer still says is not delivered, and is no violation either.
    message: stay("closing"),
    pulse: { to: "closing", act: "beat" },
    "wrong pulse": stay("closing"),
    noop: stay("closing"),
    open: stay("closing"),
    upgrade: stay("closing"),
    shut: stay("closing"),
    close: end("forced close"),
    malformed: end("forced close"),
    drop: end("forced close"),
    lost: end("forced close"),
    broken: end("transport error"),
    silent: end("ping timeout"),
    overflow: end("slow consumer"),
    expired: end("forced close"),
  },
  closed: {
    opened: nothing,
    shut: nothing,
    drop: nothing,
    message: nothing,
    pulse: nothing,
    "wrong pulse": nothing,
    open: nothing,
    upgrade: nothing,
    close: nothing,
    noop: nothing,
    malformed: nothing,
    lost: nothing,
    broken: nothing,
    silent: nothing,
    overflow: nothing,
    expired: nothing,
  },
};
