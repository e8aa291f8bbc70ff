import type { HostSocket, SocketDetails } from "../contract.js";
import type { RemoteSocketDetails } from "./envelope.js";

/** A socket of this node, as other nodes are told of it. */
export function describeSocket({ id, handshake, rooms, data }: HostSocket): RemoteSocketDetails {
  return { id, handshake, rooms: [...rooms], data };
}

/** A socket of another node, as it was told of. */
export function reviveSocket({ id, handshake, rooms, data }: RemoteSocketDetails): SocketDetails {
  return { id, handshake, rooms: new Set(rooms), data };
}
