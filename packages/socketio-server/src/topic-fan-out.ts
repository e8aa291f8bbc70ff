import type { Adapter, BroadcastFlags, Room, Selection, SocketId } from "@sockeye/adapter-base";
import type { EngineServer, EngineSocket, EngineTopics } from "@sockeye/engine-server";
import type { EncodedPacket } from "@sockeye/socketio-parser";
import type { DeliveredBroadcast } from "./delivery.js";

/**
 * Broadcasts through the topics of an engine that has them: one publish for a whole room in place of one write per socket.
 *
 * A room gets a topic when it is first broadcast to and has enough members; from then on those who join it subscribe, and
 * those who leave it unsubscribe. So do all who are outside a room, when broadcasts leave the same room out again and again.
 * A socket whose transport cannot take part (long-polling, say) is written to as usual, beside the publish. What does not fit
 * (several rooms, a room without another one, volatile events, somebody who listens to outgoing events) is not ours:
 * {@link deliver} says so, and the caller goes from socket to socket.
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

/** Rooms with fewer members are cheaper to write to one by one: a subscription costs a native call and native memory. */
const SMALLEST_CROWD = 8;

/** Rooms of which the outside is a topic: each costs every socket of the namespace a subscription. */
const MOST_OUTSIDES = 4;

/** Whom a broadcast leaves out: one socket, the members of one room, or both. */
interface Exceptions {
  readonly member: TopicMember | undefined;
  readonly room: Room | undefined;
}

const NOBODY: Exceptions = { member: undefined, room: undefined };

export class TopicFanOut {
  readonly #topics: EngineTopics;
  /** Topics in use, which are those that were published to, and their members that must be written to one by one. */
  readonly #active = new Map<string, Set<SocketId>>();
  /** The topics of those who are not in a room, by that room. */
  readonly #outsides = new Map<Room, string>();
  /** The room that was left out last, if its outside is no topic. */
  #lastLeftOut: Room | undefined = undefined;
  /** Members that could not subscribe, and may be able to after an upgrade. */
  readonly #waiting = new Set<SocketId>();

  constructor(
    private readonly namespace: TopicNamespace,
    engine: EngineServer,
  ) {
    this.#topics = engine.topics!;
  }

  /** Follows the rooms of `adapter` from now on. */
  follow(adapter: Adapter): void {
    // Before the first publish there is nothing to follow, and the names of topics are not worth making.
    adapter.on("join-room", (room: Room, id: SocketId) => {
      if (this.#active.size === 0) return;
      this.#joined(this.#topicOf(room), id);
      this.#left(this.#outsides.get(room), id);
    });
    adapter.on("leave-room", (room: Room, id: SocketId) => {
      if (this.#active.size === 0) return;
      this.#left(this.#topicOf(room), id);
      if (this.namespace.sockets.has(id)) this.#joined(this.#outsides.get(room), id);
    });
    adapter.on("delete-room", (room: Room) => {
      if (this.#active.size > 0) this.#active.delete(this.#topicOf(room));
      this.#forgetOutside(room);
    });
  }

  /** A socket is in the namespace. */
  entered(id: SocketId): void {
    this.#joined(this.#everybody, id);
    for (const [room, topic] of this.#outsides) if (!this.#isIn(room, id)) this.#joined(topic, id);
  }

  /** A socket is about to leave the namespace; its rooms it has left. */
  leaving(id: SocketId): void {
    this.#left(this.#everybody, id);
    for (const topic of this.#outsides.values()) this.#left(topic, id);
    this.#waiting.delete(id);
  }

  /** Ends every subscription. */
  close(): void {
    for (const topic of this.#active.keys()) this.#end(topic);
    this.#outsides.clear();
    this.#lastLeftOut = undefined;
  }

  /** Publishes to a selection, if it is of a kind that can be published to. `write` reaches one socket. */
  deliver(selection: Selection, broadcast: DeliveredBroadcast, write: (id: SocketId) => void): boolean {
    if (selection.walkOnly === true || selection.rooms.size > 1) return false;
    if (broadcast.flags.volatile === true || this.namespace.isWatched) return false;
    const room = onlyOne(selection.rooms);
    if (!this.#isCrowd(room)) return false;
    const except = selection.except.size === 0 ? NOBODY : this.#exceptionsOf(selection.except);
    const topic = except === undefined ? undefined : this.#topicFor(room, except.room);
    if (except === undefined || topic === undefined) return false;
    const others = this.#active.get(topic) ?? this.#activate(topic, this.#reach(room, except.room));
    const messages = this.namespace.hasSessions ? broadcast.resumable.encoded : broadcast.encoded;
    this.#publish(topic, messages, broadcast.flags, except.member);
    if (others.size > 0) for (const id of others) if (id !== except.member?.id) write(id);
    return true;
  }

  #publish(
    topic: string,
    messages: EncodedPacket,
    { compress }: BroadcastFlags,
    exception: TopicMember | undefined,
  ): void {
    const isPlain = exception === undefined && compress === undefined;
    this.#topics.publish(topic, messages, isPlain ? undefined : { except: exception?.client.conn, compress });
  }

  /** Whether the members of a room, or all, are many enough. Sockets that the adapter was told to forget are not of them. */
  #isCrowd(room: Room | undefined): boolean {
    const { sids, rooms } = this.namespace.adapter;
    if (room !== undefined) return (rooms.get(room)?.size ?? 0) >= SMALLEST_CROWD;
    return sids.size >= Math.max(SMALLEST_CROWD, this.namespace.sockets.size);
  }

  /** `undefined`: more than a publish can leave out. */
  #exceptionsOf(except: ReadonlySet<Room>): Exceptions | undefined {
    let { member, room } = NOBODY;
    for (const name of except) {
      const members = this.namespace.adapter.rooms.get(name);
      if (members === undefined || members.size === 0) continue;
      const owner = members.size === 1 && members.has(name) ? this.namespace.sockets.get(name) : undefined;
      if (owner !== undefined && member === undefined) member = owner;
      else if (room === undefined) room = name;
      else return undefined;
    }
    return member === undefined && room === undefined ? NOBODY : { member, room };
  }

  /** The topic of a room, or of everybody, without the members of another; `undefined` where there is none. */
  #topicFor(room: Room | undefined, leftOut: Room | undefined): string | undefined {
    if (leftOut === undefined) return room === undefined ? this.#everybody : this.#topicOf(room);
    return room === undefined ? this.#outsideOf(leftOut) : undefined;
  }

  /** Not for a room that is left out just once. */
  #outsideOf(room: Room): string | undefined {
    const known = this.#outsides.get(room);
    if (known !== undefined) return known;
    const again = room === this.#lastLeftOut;
    this.#lastLeftOut = again ? undefined : room;
    if (!again || this.#outsides.size === MOST_OUTSIDES) return undefined;
    const topic = nameOf("-", this.namespace.name, room);
    this.#outsides.set(room, topic);
    return topic;
  }

  /** Without a room everybody is outside of it. */
  #forgetOutside(room: Room): void {
    const topic = this.#outsides.get(room);
    if (topic !== undefined && this.#outsides.delete(room)) this.#end(topic);
  }

  /** Whom a topic is for. Who joins rooms before it is in the namespace is in their topics already. */
  *#reach(room: Room | undefined, leftOut: Room | undefined): Iterable<SocketId> {
    const { sids, rooms } = this.namespace.adapter;
    if (room !== undefined) yield* rooms.get(room) ?? [];
    else for (const id of sids.keys()) if (this.namespace.sockets.has(id) && !this.#isIn(leftOut, id)) yield id;
  }

  #isIn(room: Room | undefined, id: SocketId): boolean {
    return room !== undefined && this.namespace.adapter.rooms.get(room)?.has(id) === true;
  }

  #end(topic: string): void {
    const others = this.#active.get(topic);
    if (others === undefined) return;
    this.#active.delete(topic);
    for (const [id, { client }] of this.namespace.sockets) {
      if (!others.has(id)) this.#topics.unsubscribe(client.conn, topic);
    }
  }

  #activate(topic: string, crowd: Iterable<SocketId>): ReadonlySet<SocketId> {
    const others = new Set<SocketId>();
    this.#active.set(topic, others);
    for (const id of crowd) this.#joined(topic, id);
    return others;
  }

  get #everybody(): string {
    return this.namespace.name;
  }

  #topicOf(room: Room): string {
    return nameOf("+", this.namespace.name, room);
  }

  #joined(topic: string | undefined, id: SocketId): void {
    const others = topic === undefined ? undefined : this.#active.get(topic);
    if (topic === undefined || others === undefined) return;
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

  #left(topic: string | undefined, id: SocketId): void {
    const others = topic === undefined ? undefined : this.#active.get(topic);
    if (topic === undefined || others === undefined || others.delete(id)) return;
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
    const topics = [this.#everybody, ...[...rooms].map((room) => this.#topicOf(room)), ...this.#outsides.values()];
    for (const topic of topics) {
      if (this.#active.get(topic)?.delete(member.id)) this.#joined(topic, member.id);
    }
  }
}

/** The room of a set that has no more than one. */
function onlyOne(rooms: ReadonlySet<Room>): Room | undefined {
  return rooms.size === 0 ? undefined : rooms.values().next().value;
}

/** The length says where the room begins: both names may contain anything. That of a namespace begins with a slash. */
function nameOf(side: "+" | "-", namespace: string, room: Room): string {
  return `${namespace.length}${side}${namespace}${room}`;
}
