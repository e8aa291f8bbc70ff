import type { Room, SocketId } from "../names.js";
import type { RecoveryLog } from "./contract.js";
import type { SharedEntry } from "./shared-log.js";

/** A recovery log as the adapter that it belongs to sees it. */
export interface AdapterLog extends RecoveryLog {
  /** A socket of this process joined a room. */
  joined(room: Room, id: SocketId): void;
  left(room: Room, id: SocketId): void;
  /** Whether a session asleep that this process keeps is among the recipients. */
  isAwaitedBySleepers(audience: Pick<SharedEntry, "rooms" | "except">): boolean;
}
