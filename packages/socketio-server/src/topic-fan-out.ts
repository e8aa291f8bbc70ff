import type { Adapter, Room, Selection, SocketId } from "@sockeye/adapter-base";
import type { EngineServer, EngineSocket, EngineTopics } from "@sockeye/engine-server";
import type { DeliveredBroadcast } from "./delivery.js";
import type { WireMessage } from "./wire-message.js";

/**
 * Broadcasts through the topics of an engine that has them: one publish for a whole room in place of one write per socket.
 *
 * Topics follow rooms: a socket that joins a room subscribes to the room's topic. A socket whose transport cannot take part
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

/** Topic of everybody. Room topics have a separator behind the name of the namespace, which no name contains. */
const SEPARATOR = "\u001f";

export class TopicFanOut {
  readonly #topics: EngineTopics;
  /** Members of a topic that must be written to one by one. */
  readonly #unsubscribed = new Map<string, Set<SocketId>>();

  constructor(
    private readonly namespace: TopicNamespace,
    private readonly engine: EngineServer,
  ) {
    this.#topics = engine.topics!;
  }

  /** Takes the rooms of `adapter` as they are, and follows them from now on. */
  follow(adapter: Adapter): void {
    for (const [id, rooms] of adapter.sids) {
      this.#joined(this.namespace.name, undefined, id);
      for (const room of rooms) this.#joined(this.#topicOf(room), room, id);
    }
    adapter.on("join-room", (room: Room, id: SocketId) => this.#joined(this.#topicOf(room), room, id));
    adapter.on("leave-room", (room: Room, id: SocketId) => this.#left(this.#topicOf(room), room, id));
  }

  /** A socket is in the namespace, and in its rooms. */
  entered(member: TopicMember): void {
    this.#joined(this.namespace.name, undefined, member.id);
    // What a transport could not, the next one may.
    if (this.#unsubscribed.get(this.namespace.name)?.has(member.id)) {
      member.client.conn.on("upgrade", () => this.#subscribeAgain(member));
    }
  }

  /** A socket is gone, and its connection with it or not. */
  left(member: TopicMember): void {
    this.#leave(this.namespace.name, member);
  }

  /** Publishes to a selection, if it is of a kind that can be published to. `write` reaches one socket. */
  deliver(selection: Selection, broadcast: DeliveredBroadcast, write: (id: SocketId) => void): boolean {
    if (broadcast.flags.volatile === true || this.namespace.isWatched || selection.rooms.size > 1) return false;
    const exception = this.#exceptionOf(selection.except);
    if (exception === "unfit") return false;
    const [room] = selection.rooms;
    if (room !== undefined && this.namespace.sockets.has(room)) return false;
    const topic = room === undefined ? this.namespace.name : this.#topicOf(room);
    this.#publish(topic, this.namespace.hasSessions ? broadcast.resumable : broadcast.plain, exception);
    for (const id of this.#unsubscribed.get(topic) ?? []) if (id !== exception?.id) write(id);
    return true;
  }

  #publish(topic: string, message: WireMessage, exception: TopicMember | undefined): void {
    const options = exception === undefined ? undefined : { except: exception.client.conn };
    this.#topics.publish(topic, message.preparedFor(this.engine), options);
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

  #topicOf(room: Room): string {
    return this.namespace.name + SEPARATOR + room;
  }

  #joined(topic: string, room: Room | undefined, id: SocketId): void {
    // The room of a socket's own has one member: it is written to.
    if (room === id) return;
    const member = this.namespace.sockets.get(id);
    if (member === undefined || !this.#subscribe(topic, member)) this.#writeTo(topic, id);
  }

  #subscribeAgain(member: TopicMember): void {
    if (this.namespace.sockets.get(member.id) !== member) return;
    const topics = [this.namespace.name];
    for (const room of this.namespace.adapter.socketRooms(member.id) ?? []) topics.push(this.#topicOf(room));
    for (const topic of topics) {
      if (this.#forget(topic, member.id) && !this.#subscribe(topic, member)) this.#writeTo(topic, member.id);
    }
  }

  #writeTo(topic: string, id: SocketId): void {
    const others = this.#unsubscribed.get(topic);
    if (others === undefined) this.#unsubscribed.set(topic, new Set([id]));
    else others.add(id);
  }

  #subscribe(topic: string, member: TopicMember): boolean {
    return member.client.topics === this.#topics && this.#topics.subscribe(member.client.conn, topic);
  }

  #left(topic: string, room: Room, id: SocketId): void {
    if (room === id) return;
    const member = this.namespace.sockets.get(id);
    if (member === undefined) this.#forget(topic, id);
    else this.#leave(topic, member);
  }

  #leave(topic: string, member: TopicMember): void {
    if (!this.#forget(topic, member.id)) this.#topics.unsubscribe(member.client.conn, topic);
  }

  #forget(topic: string, id: SocketId): boolean {
    const others = this.#unsubscribed.get(topic);
    if (others === undefined || !others.delete(id)) return false;
    if (others.size === 0) this.#unsubscribed.delete(topic);
    return true;
  }
}
