import type { RemoteSocketDetails } from "../../cluster/envelope.js";
import { ClusterViolation } from "../../cluster/errors.js";
import type { BroadcastFlags } from "../../contract.js";
import type { Room } from "../../names.js";

/**
 * What foreign values must be before they become fields of a message. Each returns the value or throws
 * {@link ClusterViolation}; codecs catch it at their edge.
 */
type Members = Readonly<Record<string, unknown>>;

export function asMembers(value: unknown, what: string): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(what);
  return value as Members;
}

export function asText(value: unknown, what: string): string {
  if (typeof value !== "string") throw bad(what);
  return value;
}

export function asList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(what);
  return value;
}

export function asCount(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw bad(what);
  return value as number;
}

/** Applications in plain JavaScript use numbers for names of rooms; they stay numbers on the incumbent's wire. */
export function asRooms(value: unknown, what: string): readonly Room[] {
  const rooms = asList(value, what);
  for (const room of rooms) if (typeof room !== "string" && typeof room !== "number") throw bad(what);
  return rooms as readonly Room[];
}

/** The name of an event and its arguments. */
export function asEvent(value: unknown, what: string): readonly unknown[] {
  const event = asList(value, what);
  if (typeof event[0] !== "string" && typeof event[0] !== "number") throw bad(what);
  return event;
}

/** Flags that mean something here; others, and those of a wrong type, are left out. */
export function asFlags(value: unknown): BroadcastFlags {
  const { volatile, compress, timeout } = value === undefined ? {} : asMembers(value, "flags");
  const flags: BroadcastFlags = {};
  if (typeof volatile === "boolean") flags.volatile = volatile;
  if (typeof compress === "boolean") flags.compress = compress;
  if (Number.isFinite(timeout)) flags.timeout = timeout as number;
  return flags;
}

export function asSockets(value: unknown, what: string): readonly RemoteSocketDetails[] {
  return asList(value, what).map((element) => {
    const { id, handshake, rooms, data } = asMembers(element, what);
    return { id: asText(id, what), handshake, rooms: asRooms(rooms, what), data };
  });
}

export function bad(what: string): ClusterViolation {
  return new ClusterViolation(`bad ${what}`);
}
