/**
 * The law of an upgrade: a second transport (the candidate) asks to replace the first.
 *
 *   candidate opens     "2probe"           "5"
 *   none ------> waiting --------> probed ------> done
 *     ^             |                 |
 *     +-------------+-----------------+   anything else, the end of the candidate, or upgradeTimeout:
 *                                         the candidate is closed, the session stays where it is
 *
 * `done` is final: a session is upgraded once, and never taken over by a further connection that knows its id.
 */
export type UpgradeState = "none" | "waiting" | "probed" | "done";

export type UpgradeEvent =
  | "candidate" // a second transport opened with this session's id
  | "probe" // it sent `2probe`
  | "upgrade" // it sent `5`
  | "failed"; // it sent something else, went away, or took too long

export type UpgradeAction =
  | "accept" // take the candidate in, start upgradeTimeout
  | "answer" // send `3probe` on the candidate, and a noop on the open poll so that the peer's request returns
  | "switch" // the candidate becomes the session's transport
  | "reject"; // close the candidate

export interface UpgradeRule {
  readonly to: UpgradeState;
  readonly act: UpgradeAction;
}

export const upgradeLaw: Readonly<Record<UpgradeState, Readonly<Partial<Record<UpgradeEvent, UpgradeRule>>>>> = {
  none: { candidate: { to: "waiting", act: "accept" } },
  waiting: { probe: { to: "probed", act: "answer" }, failed: { to: "none", act: "reject" } },
  probed: { upgrade: { to: "done", act: "switch" }, failed: { to: "none", act: "reject" } },
  done: {},
};
