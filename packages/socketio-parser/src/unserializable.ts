import { isBinary } from "./binary.js";
import { UnserializableError } from "./errors.js";
import { DEFAULT_LIMITS } from "./limits.js";

/**
 * The error for a packet that could not be written down. Encoders keep no record of their way; when one fails, this looks
 * for the usual reasons and names the path.
 */
export function explain(packet: object, cause: unknown): UnserializableError {
  if (cause instanceof UnserializableError) {
    return cause;
  }
  let fault: string | undefined;
  try {
    fault = findFault((packet as { data?: unknown }).data, "data", []);
  } catch {
    // A getter or a proxy throws: that is the cause we have.
  }
  return new UnserializableError(fault ?? (cause instanceof Error ? cause.message : String(cause)), { cause });
}

function findFault(value: unknown, path: string, ancestors: readonly object[]): string | undefined {
  if (typeof value === "bigint") {
    return `BigInt at ${path}`;
  }
  if (typeof value !== "object" || value === null || isBinary(value)) {
    return undefined;
  }
  if (ancestors.includes(value)) {
    return `circular reference at ${path}`;
  }
  if (ancestors.length === DEFAULT_LIMITS.maxDepth) {
    return "nested too deep";
  }
  for (const key of Object.keys(value)) {
    const fault = findFault((value as Record<string, unknown>)[key], `${path}.${key}`, [...ancestors, value]);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}
