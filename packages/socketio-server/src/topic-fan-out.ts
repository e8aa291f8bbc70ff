import type { Adapter, Room, Selection, SocketId } from "@sockeye/adapter-base";
import type { EngineServer, EngineSocket, EngineTopics } from "@sockeye/engine-server";
import type { DeliveredBroadcast } from "./delivery.js";
import type { WireMessage } from "./wire-message.js";

/**
 * Broadcasts through the topics of an engine that has them: one publish for a whole room in place of one write per socket.
 *
 * A room gets a topic when it is first broadcast to and has enough members; from then on those who join it subscribe, and
 * those who leave it unsubscribe. A socket whose transport cannot take part
 * (long-polling, say) is written to as usual, beside the publish. What does not fit (several rooms, an exception that is
 * itself a room, volatile events, somebody who listens to outgoing events) is not ours: {@link deliver} says so, and the
 * caller goes from socket to socket.
 */

/** A socket as far as topics are concerned. */
export interface TopicMember {
  readonly id: SocketId;
  readonly client: { readonly conn: EngineSocket; readonly topics: EngineTopics | undefined };
}

/** What this file asks of the namespace. */
export interface TopicNamespace {
  readonly name: string;
  readonly adapter: Adapter;
  readonly sockets: ReadonlyMap<SocketId, TopicMember>;
  /** Whether somebody listens to outgoing events, and must see each of them. */
  readonly isWatched: boolean;
  /** Whether every socket has a session, and gets offsets. */
  readonly hasSessions: boolean;
}

/** Stands between namespace and room in the name of a topic; no name of a namespace contains it. */
const SEPARATOR = "\u001f";

/** Rooms with fewer members are cheaper to write to one by one: a subscription costs a native call and native memory. */
const SMALLEST_CROWD = 8;

export class TopicFanOut {
  readonly #topics: EngineTopics;
  /** Topics in use, which are those that were published to, and their members that must be written to one by one. */
  readonly #active = new Map<string, Set<SocketId>>();
  /** Members that could not subscribe, and may be able to after an upgrade. */
  readonly #waiting = new Set<SocketId>();

  constructor(
    private readonly namespace: TopicNamespace,
    private readonly engine: EngineServer,
  ) {
    this.#topics = engine.topics!;
  }

  /** Follows the rooms of `adapter` from now on. */
  follow(adapter: Adapter): void {
    adapter.on("join-room", (room: Room, id: SocketId) => this.#joined(this.#topicOf(room), id));
    adapter.on("leave-room", (room: Room, id: SocketId) => this.#left(this.#topicOf(room), id));
    adapter.on("delete-room", (room: Room) => this.#active.delete(this.#topicOf(room)));
  }

  /** A socket is in the namespace. */
  entered(id: SocketId): void {
    this.#joined(this.namespace.name, id);
  }

  /** A socket is about to leave the namespace; its rooms it has left. */
  leaving(id: SocketId): void {
    this.#left(this.namespace.name, id);
    this.#waiting.delete(id);
  }

  /** Ends every subscription. */
  close(): void {
    for (const [topic, others] of this.#active) {
      for (const [id, { client }] of this.namespace.sockets) {
        if (!others.has(id)) this.#topics.unsubscribe(client.conn, topic);
      }
    }
    this.#active.clear();
  }

  /** Publishes to a selection, if it is of a kind that can be published to. `write` reaches one socket. */
  deliver(selection: Selection, broadcast: DeliveredBroadcast, write: (id: SocketId) => void): boolean {
    if (selection.walkOnly === true || selection.rooms.size > 1) return false;
    if (broadcast.flags.volatile === true || this.namespace.isWatched) return false;
    const [room] = selection.rooms;
    const crowd = this.#crowdOf(room);
    if (crowd === undefined) return false;
    const exception = this.#exceptionOf(selection.except);
    if (exception === "unfit") return false;
    const topic = room === undefined ? this.namespace.name : this.#topicOf(room);
    const others = this.#active.get(topic) ?? this.#activate(topic, crowd);
    this.#publish(topic, this.namespace.hasSessions ? broadcast.resumable : broadcast.plain, exception);
    for (const id of others) if (id !== exception?.id) write(id);
    return true;
  }

  #publish(topic: string, message: WireMessage, exception: TopicMember | undefined): void {
    const options = exception === undefined ? undefined : { except: exception.client.conn };
    this.#topics.publish(topic, message.preparedFor(this.engine), options);
  }

  /** The members of a room, or everybody, if they are many enough. */
  #crowdOf(room: Room | undefined): Iterable<SocketId> | undefined {
    const { adapter } = this.namespace;
    if (room === undefined) return adapter.sids.size < SMALLEST_CROWD ? undefined : adapter.sids.keys();
    const members = adapter.rooms.get(room);
    return members === undefined || members.size < SMALLEST_CROWD ? undefined : members;
  }

  /** Whom to leave out: nobody, one socket, or more than a publish can leave out. */
  #exceptionOf(except: ReadonlySet<Room>): TopicMember | undefined | "unfit" {
    let found: TopicMember | undefined;
    for (const room of except) {
      const members = this.namespace.adapter.rooms.get(room);
      if (members === undefined || members.size === 0) continue;
      const member = this.namespace.sockets.get(room);
      if (found !== undefined || member === undefined || members.size > 1) return "unfit";
      found = member;
    }
    return found;
  }

  #activate(topic: string, crowd: Iterable<SocketId>): ReadonlySet<SocketId> {
    const others = new Set<SocketId>();
    this.#active.set(topic, others);
    for (const id of crowd) this.#joined(topic, id);
    return others;
  }

  #topicOf(room: Room): string {
    return this.namespace.name + SEPARATOR + room;
  }

  #joined(topic: string, id: SocketId): void {
    const others = this.#active.get(topic);
    if (others === undefined) return;
    const member = this.namespace.sockets.get(id);
    if (member !== undefined && this.#subscribe(topic, member)) {
      others.delete(id);
    } else {
      others.add(id);
      if (member !== undefined) this.#awaitUpgrade(member);
    }
  }

  #subscribe(topic: string, member: TopicMember): boolean {
    return member.client.topics === this.#topics && this.#topics.subscribe(member.client.conn, topic);
  }

  #left(topic: string, id: SocketId): void {
    const others = this.#active.get(topic);
    if (others === undefined || others.delete(id)) return;
    const member = this.namespace.sockets.get(id);
    if (member !== undefined) this.#topics.unsubscribe(member.client.conn, topic);
  }

  /** What a transport cannot, the next one may. */
  #awaitUpgrade(member: TopicMember): void {
    if (member.client.topics !== this.#topics || this.#waiting.has(member.id)) return;
    this.#waiting.add(member.id);
    member.client.conn.on("upgrade", () => this.#upgraded(member));
  }

  #upgraded(member: TopicMember): void {
    if (this.namespace.sockets.get(member.id) !== member || !this.#waiting.delete(member.id)) return;
    const rooms = this.namespace.adapter.socketRooms(member.id) ?? [];
    for (const topic of [this.namespace.name, ...[...rooms].map((room) => this.#topicOf(room))]) {
      if (this.#active.get(topic)?.delete(member.id)) this.#joined(topic, member.id);
    }
  }
}
