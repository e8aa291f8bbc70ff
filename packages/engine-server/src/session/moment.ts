/**
 * A point in time as the session sees it. Time always comes in as an argument: nothing under `session/` reads a clock.
 */
export interface Moment {
  /** Milliseconds of a monotonic clock. */
  readonly now: number;
  /**
   * Milliseconds, summed up since the start, by which this process was late to look at its sockets (a blocked event
   * loop, a suspended machine). A deadline that kills a peer is moved by what was lost since it was set: the peer is not
   * to blame for our pause.
   */
  readonly stalled: number;
}
