import type { BroadcastFlags, BroadcastOptions } from "../../contract.js";

/** Whom an operation concerns, in full: some adapters need `except` and `flags` to be there. */
export function to(
  rooms: readonly string[] = [],
  except: readonly string[] = [],
  flags: BroadcastFlags = {},
): BroadcastOptions {
  return { rooms: new Set(rooms), except: new Set(except), flags };
}
