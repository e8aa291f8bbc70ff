import {
  ClassicCodec,
  type ClassicParser,
  type List,
  type ListRequest,
  type WireBus,
  type WireCommand,
  type WireMember,
  type WireMembership,
  type WireReply,
} from "@sockeye/adapter-base/wire";
import type { ReadPathTimes } from "../drivers/read-path.js";
import type { OutboxLimits } from "../outbox.js";
import { Members } from "./members.js";
import { type Heard, literally, WireConnection } from "./wire-connection.js";

export interface ClassicBusOptions extends OutboxLimits, ReadPathTimes {
  readonly maxEnvelopeBytes: number;
  readonly key: string;
  /** Replies go to the asking server's own channel. */
  readonly publishOnSpecificResponseChannel: boolean;
  readonly parser: ClassicParser | undefined;
}

/** Names of the channels of the incumbent's classic adapter. */
export class ClassicChannels {
  constructor(private readonly key: string) {}

  broadcast(namespace: string): string {
    return `${this.key}#${namespace}#`;
  }

  room(namespace: string, room: unknown): string {
    return `${this.key}#${namespace}#${room}#`;
  }

  /** What is for exactly one room goes over that room's channel. */
  destination({ namespace, rooms }: { readonly namespace: string; readonly rooms: readonly unknown[] }): string {
    return rooms.length === 1 ? this.room(namespace, rooms[0]) : this.broadcast(namespace);
  }

  /** Matches the broadcasts of a namespace, whatever their rooms. */
  broadcasts(namespace: string): string {
    return `${literally(this.broadcast(namespace))}*`;
  }

  request(namespace: string): string {
    return `${this.key}-request#${namespace}#`;
  }

  response(namespace: string): string {
    return `${this.key}-response#${namespace}#`;
  }

  responseTo(namespace: string, member: string): string {
    return `${this.key}-response#${namespace}#${member}#`;
  }
}

/** The wire of the incumbent's classic Redis adapter. */
export class ClassicWireBus implements WireBus {
  readonly membership = "counts";
  readonly #options: ClassicBusOptions;
  readonly #codec: ClassicCodec;
  readonly #channels: ClassicChannels;
  readonly #members = new Members();
  readonly #connection: WireConnection;

  constructor(pub: unknown, sub: unknown, options: ClassicBusOptions) {
    this.#options = options;
    this.#codec = new ClassicCodec(options.parser);
    this.#channels = new ClassicChannels(options.key);
    const connection = { ...options, prefix: options.key, kinds: ["channel", "pattern"] as const };
    this.#connection = new WireConnection(pub, sub, connection, this.#members);
  }

  async open(member: WireMember): Promise<void> {
    this.#members.add(member);
    await this.#connection.open();
    const { namespace, id } = member;
    const connection = this.#connection;
    const hearBroadcast: Heard = (body, channel) => this.#heardBroadcast(member, body, channel);
    const hearRequest: Heard = (body) => this.#heardRequest(member, body);
    const hearResponse: Heard = (body) => this.#heardResponse(member, body);
    await Promise.all([
      connection.subscribe("pattern", this.#channels.broadcasts(namespace), member, hearBroadcast),
      connection.subscribe("channel", this.#channels.request(namespace), member, hearRequest),
      connection.subscribe("channel", this.#channels.response(namespace), member, hearResponse),
      connection.subscribe("channel", this.#channels.responseTo(namespace, id), member, hearResponse),
    ]);
  }

  async close(member: WireMember): Promise<void> {
    if (!this.#members.delete(member)) return;
    if (this.#members.size === 0) return this.#connection.close();
    const { namespace, id } = member;
    await Promise.all([
      this.#connection.unsubscribe("pattern", this.#channels.broadcasts(namespace), member),
      this.#connection.unsubscribe("channel", this.#channels.request(namespace), member),
      this.#connection.unsubscribe("channel", this.#channels.response(namespace), member),
      this.#connection.unsubscribe("channel", this.#channels.responseTo(namespace, id), member),
    ]);
  }

  publish(message: WireCommand | WireMembership): Promise<void> {
    switch (message.kind) {
      case "hello":
      case "heartbeat":
      case "goodbye":
        // Members are counted here.
        return Promise.resolve();
      case "broadcast":
        if (message.request !== undefined) break;
        return this.#publish(this.#channels.destination(message), this.#codec.encodeBroadcast(message));
    }
    return this.#publish(this.#channels.request(message.namespace), this.#codec.encodeRequest(message));
  }

  reply(to: string, message: WireReply): Promise<void> {
    const body = this.#codec.encodeResponse(message);
    // Answers to server-side emits go to everybody, whatever the option says: the incumbent's members wait for them there.
    const isOwn = this.#options.publishOnSpecificResponseChannel && message.kind !== "answer";
    const { namespace } = message;
    const channel = isOwn ? this.#channels.responseTo(namespace, to) : this.#channels.response(namespace);
    return this.#publish(channel, body);
  }

  count(namespace: string): Promise<number> {
    return this.#connection.count("channel", this.#channels.request(namespace));
  }

  #publish(channel: string, body: string | Uint8Array): Promise<void> {
    return this.#connection.publish("PUBLISH", channel, body);
  }

  /** What is for a room without members here is not even decoded. */
  #heardBroadcast(member: WireMember, body: Buffer, channel: string): void {
    const { namespace, rooms } = member;
    const room = channel.slice(this.#channels.broadcast(namespace).length, -1);
    if (room !== "" && !rooms.has(room) && !rooms.has(Number(room) as unknown as string)) member.wasted();
    else member.receive(this.#codec.decodeBroadcast(body, namespace));
  }

  #heardRequest(member: WireMember, body: Buffer): void {
    const request = this.#codec.decodeRequest(body, member.namespace);
    if ("kind" in request && request.kind === "list") this.#answerList(member, request);
    else member.receive(request);
  }

  #heardResponse(member: WireMember, body: Buffer): void {
    const response: ReturnType<ClassicCodec["decodeResponse"]> = this.#codec.decodeResponse(body, member.namespace);
    if (!isList(response)) member.receive(response);
  }

  /** The incumbent's `allRooms()`, and `sockets()` of its older versions. */
  #answerList(member: WireMember, request: ListRequest): void {
    if (request.origin === member.id) return;
    const names = request.what === "rooms" ? [...member.rooms.keys()] : idsIn(member, request.rooms);
    const body = this.#codec.encodeList(request, names);
    const channel = this.#channels.response(member.namespace);
    this.#publish(channel, body).catch((error) => member.report(error));
  }
}

function isList(response: ReturnType<ClassicCodec["decodeResponse"]>): response is List {
  return "kind" in response && response.kind === "list-answer";
}

function idsIn({ rooms, sids }: WireMember, wanted: readonly string[]): string[] {
  if (wanted.length === 0) return [...sids.keys()];
  return [...new Set(wanted.flatMap((room) => [...(rooms.get(room) ?? [])]))];
}
