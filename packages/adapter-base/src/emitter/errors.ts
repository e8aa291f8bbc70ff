/** Codes of {@link EmitterError}. */
export type EmitterErrorCode =
  /** Only the library itself emits an event of this name. */
  | "ERR_SOCKEYE_EMITTER_RESERVED_EVENT"
  /** Answers were asked for on a bus whose servers cannot answer an emitter. */
  | "ERR_SOCKEYE_EMITTER_UNANSWERABLE"
  /** A callback was given without `timeout()`: it would wait for ever. */
  | "ERR_SOCKEYE_EMITTER_NO_TIMEOUT"
  /** Some did not answer in time; `responses` holds what arrived. */
  | "ERR_SOCKEYE_EMITTER_TIMEOUT"
  /** The emitter was closed. */
  | "ERR_SOCKEYE_EMITTER_CLOSED";

export class EmitterError extends Error {
  override readonly name = "EmitterError";

  constructor(
    readonly code: EmitterErrorCode,
    message: string,
    /** With `ERR_SOCKEYE_EMITTER_TIMEOUT`: the answers that came. */
    readonly responses: readonly unknown[] = [],
  ) {
    super(message);
  }
}
