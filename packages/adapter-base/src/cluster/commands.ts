import type { BroadcastFlags, BroadcastOptions } from "../contract.js";
import type { Room } from "../names.js";
import type { Handlers } from "./dispatch.js";
import type { Broadcast, Command, Fetch, HandOver, ServerSideEmit } from "./envelope.js";

/** What another node may have done to the sockets of this one. */
export interface LocalSide {
  relay(broadcast: Broadcast): void;
  relayWithAck(broadcast: Broadcast, request: string): void;
  joinLocally(options: BroadcastOptions, rooms: Room[]): void;
  leaveLocally(options: BroadcastOptions, rooms: Room[]): void;
  disconnectLocally(options: BroadcastOptions, close: boolean): void;
  describeSockets(fetch: Fetch): void;
  serverSideEmitted(emit: ServerSideEmit): void;
  handOver(request: HandOver): void;
}

/** The commands of other nodes, carried out here. */
export function commandHandlers(local: LocalSide): Handlers<Command> {
  return {
    broadcast: (broadcast) => {
      if (broadcast.request === undefined) local.relay(broadcast);
      else local.relayWithAck(broadcast, broadcast.request);
    },
    join: (join) => local.joinLocally(optionsOf(join), [...join.target]),
    leave: (leave) => local.leaveLocally(optionsOf(leave), [...leave.target]),
    disconnect: (disconnect) => local.disconnectLocally(optionsOf(disconnect), disconnect.close),
    fetch: (fetch) => local.describeSockets(fetch),
    "server-side-emit": (emit) => local.serverSideEmitted(emit),
    "hand-over": (request) => local.handOver(request),
  };
}

/** The selection of an envelope, for this node alone. */
export function optionsOf(
  { rooms, except }: Pick<Fetch, "rooms" | "except">,
  flags: BroadcastFlags = {},
): BroadcastOptions {
  return { rooms: new Set(rooms), except: new Set(except), flags: { ...flags, local: true } };
}
