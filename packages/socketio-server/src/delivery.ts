import type { BroadcastFlags, OutgoingEvent } from "@sockeye/adapter-base";
import type { EncodedPacket } from "@sockeye/socketio-parser";
import { WireMessage } from "./wire-message.js";

/** What a broadcast is delivered from; see `OutgoingBroadcast` of the adapter contract. */
interface BroadcastSource {
  readonly encoded: EncodedPacket;
  readonly flags: BroadcastFlags;
  readonly packet?: OutgoingEvent;
  readonly offset?: string;
}

/** The two codec jobs a delivery may need. */
export interface DeliveryCodec {
  withOffset(encoded: EncodedPacket, offset: string): EncodedPacket;
  decode(encoded: EncodedPacket): OutgoingEvent | undefined;
}

/**
 * One broadcast under way to the sockets of this process. Its two variants, without and with an offset for connection state
 * recovery, and its decoded form for those who listen to outgoing events, are made when the first recipient needs them.
 */
export class DeliveredBroadcast {
  #plain: WireMessage | undefined = undefined;
  #resumable: WireMessage | undefined = undefined;
  #packet: OutgoingEvent | undefined;

  constructor(
    private readonly source: BroadcastSource,
    private readonly codec: DeliveryCodec,
  ) {
    this.#packet = source.packet;
  }

  get flags(): BroadcastFlags {
    return this.source.flags;
  }

  get encoded(): EncodedPacket {
    return this.source.encoded;
  }

  /** The message for recipients without a session. */
  get plain(): WireMessage {
    this.#plain ??= new WireMessage(this.source.encoded, this.source.flags);
    return this.#plain;
  }

  /** The message for recipients with a session: with the offset, when the broadcast has one. */
  get resumable(): WireMessage {
    if (this.source.offset === undefined) return this.plain;
    this.#resumable ??= new WireMessage(
      this.codec.withOffset(this.source.encoded, this.source.offset),
      this.source.flags,
    );
    return this.#resumable;
  }

  /** Whether the recipients get an offset with it. */
  get hasOffset(): boolean {
    return this.source.offset !== undefined;
  }

  /** Event name and arguments, without any offset; `undefined` when another node sent something that is no event. */
  get data(): readonly unknown[] | undefined {
    this.#packet ??= this.codec.decode(this.source.encoded);
    return this.#packet?.data;
  }
}
