import { unref } from "#platform";

/** Ends a timer; harmless when it has fired. */
export type Cancel = () => void;

/** Longest delay that a platform's timer takes; more would fire at once. */
const LONGEST = 2 ** 31 - 1;

const native = { setTimeout, clearTimeout };

export interface TimerOptions {
  /** Use the timers that were there when this module was loaded, past any that a test put in their place later. */
  useNativeTimers?: boolean;
  /** Let the process exit while a timer runs (Node.js, Bun, Deno). */
  autoUnref?: boolean;
}

/** Starts a timer under the options of one connection. */
export function later(options: TimerOptions, run: () => void, ms: number): Cancel {
  const { setTimeout: start, clearTimeout: stop } = options.useNativeTimers ? native : globalThis;
  const timer = start(run, Math.min(ms, LONGEST));
  unref(timer, options);
  return () => stop(timer);
}
