/** Codes of {@link AdapterError}. They never change their meaning; the text of a message may. */
export type AdapterErrorCode =
  /** The object an adapter was constructed with is neither our namespace nor shaped like the incumbent's. */
  | "ERR_SOCKEYE_ADAPTER_TARGET"
  /** An option of an adapter or log has a value it cannot have. */
  | "ERR_SOCKEYE_ADAPTER_OPTION"
  /** A listener of the application threw something that is not an `Error`; it is the `cause`. */
  | "ERR_SOCKEYE_ADAPTER_LISTENER";

/** Local misuse: the application or an adapter's author can fix it. */
export class AdapterError extends Error {
  override readonly name = "AdapterError";

  constructor(
    readonly code: AdapterErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What was thrown, as an `Error`: applications may throw anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new AdapterError("ERR_SOCKEYE_ADAPTER_LISTENER", String(thrown), { cause: thrown });
}
