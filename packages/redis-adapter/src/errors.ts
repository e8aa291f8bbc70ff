/** Codes of {@link RedisAdapterError}. */
export type RedisAdapterErrorCode =
  /** What was given as a client is not one that is understood: node-redis 4 to 6, ioredis 5 and 6. */
  | "ERR_SOCKEYE_REDIS_CLIENT"
  /** Redis refuses a command that the adapter cannot do without: too old a version, or a user who may not. */
  | "ERR_SOCKEYE_REDIS_REFUSED"
  /** An option has a value it cannot have. */
  | "ERR_SOCKEYE_REDIS_OPTION";

/** The adapter was asked for something that it cannot do. */
export class RedisAdapterError extends Error {
  override readonly name = "RedisAdapterError";

  constructor(
    readonly code: RedisAdapterErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function unusable(): RedisAdapterError {
  const message = "the Redis client is not connected: call its connect() first, and end it after the adapter";
  return new RedisAdapterError("ERR_SOCKEYE_REDIS_CLIENT", message);
}

/** What Redis said about it, as an error of ours. */
export function refused(cause: unknown): unknown {
  if (!(cause instanceof Error) || "code" in cause) return cause;
  return new RedisAdapterError("ERR_SOCKEYE_REDIS_REFUSED", `Redis refuses: ${cause.message}`, { cause });
}
