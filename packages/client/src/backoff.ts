import type { ManagerOptions } from "./options.js";

/** Read anew for every delay: they may be set while running. */
export type BackoffOptions = Pick<ManagerOptions, "reconnectionDelay" | "reconnectionDelayMax" | "randomizationFactor">;

/**
 * Milliseconds before a reconnection attempt, of which `attempts` went before: doubling from `reconnectionDelay` up to
 * `reconnectionDelayMax`, every one of them random. Chance is applied after the clamp, and never leads over the maximum: after a long
 * outage a thousand clients still come back spread out instead of all at once. `advised` is the least that the server asked for.
 */
export function backoff(
  {
    reconnectionDelay: min = 1000,
    reconnectionDelayMax: max = 5000,
    randomizationFactor: jitter = 0.5,
  }: BackoffOptions,
  attempts: number,
  advised = 0,
  chance: () => number = Math.random,
): number {
  const base = Math.min(min * 2 ** attempts, max);
  const low = base * (1 - jitter);
  const delay = low + chance() * (Math.min(base * (1 + jitter), max) - low);
  return Math.round(Math.max(delay, advised * (1 + chance() * jitter)));
}
