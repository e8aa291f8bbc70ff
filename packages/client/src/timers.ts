import { unref } from "#platform";
import type { Cancel, TimerOptions } from "./engine/contract.js";

export type { Cancel, TimerOptions };

/** Longest delay that a platform's timer takes; more would fire at once. */
const LONGEST = 2 ** 31 - 1;

const native = { setTimeout, clearTimeout };

/** Starts a timer under the options of one connection; none without a number. */
export function later(options: TimerOptions, run: () => void, ms: number | false | undefined): Cancel {
  if (typeof ms !== "number") return () => {};
  const { setTimeout: start, clearTimeout: stop } = options.useNativeTimers ? native : globalThis;
  const timer = start(run, Math.min(ms, LONGEST));
  unref(timer, options);
  return () => stop(timer);
}
