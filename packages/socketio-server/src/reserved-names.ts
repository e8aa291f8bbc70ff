import { RESERVED_EVENTS } from "@sockeye/socketio-parser";
import { ServerUsageError } from "./errors.js";

/** Names that servers cannot send to each other: the library announces them itself. */
const RESERVED_BETWEEN_SERVERS: ReadonlySet<string> = new Set(["connect", "connection", "new_namespace"]);

/** Refuses a name that only the library itself emits. @throws ServerUsageError `ERR_SOCKEYE_SERVER_RESERVED_EVENT` */
export function refuseReserved(event: unknown): void {
  if (RESERVED_EVENTS.has(event as string)) throw reserved(event);
}

/** As {@link refuseReserved}, for `serverSideEmit`. */
export function refuseReservedBetweenServers(event: unknown): void {
  if (RESERVED_BETWEEN_SERVERS.has(event as string)) throw reserved(event);
}

/** Whether a peer that sends an event of this name forges one of ours. Our codec refuses it; others may not. */
export function isReserved(event: unknown): boolean {
  return RESERVED_EVENTS.has(event as string);
}

function reserved(event: unknown): ServerUsageError {
  return new ServerUsageError("RESERVED_EVENT", `"${String(event)}" is a reserved event name`);
}
