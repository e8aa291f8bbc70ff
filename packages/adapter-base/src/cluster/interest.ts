import type { Room } from "../names.js";

/** Every socket is in a room of its own id: 20 URL-safe characters. Nobody subscribes for the sake of those. */
const SOCKET_ID = /^[\w-]{20}$/;

/**
 * The partition that carries a room's broadcasts; `undefined`: they go to every node. Applications in plain JavaScript use
 * numbers for names.
 */
export function partitionOf(room: Room, partitions: number): number | undefined {
  return SOCKET_ID.test(room) ? undefined : hash(String(room)) % partitions;
}

/** FNV-1a over the UTF-16 units: the same on every node, whatever its version. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

export interface InterestOptions {
  readonly partitions: number;
  /** Milliseconds a subscription stays after the last room of its partition went. */
  readonly linger: number;
  subscribe(partition: number): Promise<void>;
  unsubscribe(partition: number): Promise<void>;
  onError(error: unknown): void;
}

interface Subscription {
  rooms: number;
  /** Present until the subscription is in force. */
  pending: Promise<void> | undefined;
  /** When its last room went. */
  idleSince: number;
}

/** Which partitions a node listens to for one namespace: those that hold a room with a member here. */
export class Interest {
  readonly #options: InterestOptions;
  readonly #subscriptions = new Map<number, Subscription>();

  constructor(options: InterestOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  roomCreated(room: Room): void {
    const partition = partitionOf(room, this.#options.partitions);
    if (partition === undefined) return;
    const subscription = this.#subscriptions.get(partition) ?? this.#subscribe(partition);
    subscription.rooms++;
  }

  roomDeleted(room: Room, now: number): void {
    const partition = partitionOf(room, this.#options.partitions);
    const subscription = partition === undefined ? undefined : this.#subscriptions.get(partition);
    if (subscription !== undefined && --subscription.rooms === 0) subscription.idleSince = now;
  }

  /** Resolves when everything sent to these rooms, from anywhere, arrives here; `undefined`: that is so already. */
  confirmed(rooms: Iterable<Room>): Promise<unknown> | undefined {
    const pending: Promise<void>[] = [];
    for (const room of rooms) {
      const partition = partitionOf(room, this.#options.partitions);
      const waiting = partition === undefined ? undefined : this.#subscriptions.get(partition)?.pending;
      if (waiting !== undefined) pending.push(waiting);
    }
    return pending.length === 0 ? undefined : Promise.all(pending);
  }

  /** Lets go of what nobody has needed for a while. */
  sweep(now: number): void {
    for (const [partition, { rooms, idleSince }] of this.#subscriptions) {
      if (rooms > 0 || now - idleSince < this.#options.linger) continue;
      this.#subscriptions.delete(partition);
      this.#options.unsubscribe(partition).catch(this.#options.onError);
    }
  }

  close(): void {
    for (const partition of this.#subscriptions.keys())
      this.#options.unsubscribe(partition).catch(this.#options.onError);
    this.#subscriptions.clear();
  }

  #subscribe(partition: number): Subscription {
    const subscription: Subscription = { rooms: 0, pending: undefined, idleSince: 0 };
    this.#subscriptions.set(partition, subscription);
    subscription.pending = this.#options
      .subscribe(partition)
      .catch(this.#options.onError)
      .then(() => {
        subscription.pending = undefined;
      });
    return subscription;
  }
}
