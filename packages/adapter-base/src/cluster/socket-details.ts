import type { HostSocket, Room, SocketDetails, SocketId } from "../contract.js";
import type { RemoteSocketDetails } from "./envelope.js";
import type { Handshakes } from "./handshakes.js";

/** A socket of this node, as other nodes are told of it. */
export function describeSocket({ id, handshake, rooms, data }: HostSocket): RemoteSocketDetails {
  return { id, handshake, rooms: [...rooms], data };
}

/** A socket of another node, as it was told of. */
export function reviveSocket(told: RemoteSocketDetails): SocketDetails {
  return new RevivedSocket(told);
}

/** What came over the wire of one socket, its handshake still unread. */
export class ToldSocket implements RemoteSocketDetails {
  readonly id: SocketId;
  readonly rooms: readonly Room[];
  readonly data: unknown;
  readonly #handshakes: Handshakes;
  readonly #index: number;

  constructor({ id, rooms, data }: Omit<RemoteSocketDetails, "handshake">, handshakes: Handshakes, index: number) {
    this.id = id;
    this.rooms = rooms;
    this.data = data;
    this.#handshakes = handshakes;
    this.#index = index;
  }

  get handshake(): unknown {
    return this.#handshakes.read(this.#index);
  }
}

class RevivedSocket implements SocketDetails {
  readonly id: SocketId;
  readonly rooms: ReadonlySet<Room>;
  readonly data: unknown;
  #told: RemoteSocketDetails | undefined;
  #handshake: unknown;

  constructor(told: RemoteSocketDetails) {
    this.id = told.id;
    this.rooms = new Set(told.rooms);
    this.data = told.data;
    this.#told = told;
  }

  get handshake(): unknown {
    if (this.#told !== undefined) {
      this.#handshake = this.#told.handshake;
      // What came with it is of no more use.
      this.#told = undefined;
    }
    return this.#handshake;
  }
}
