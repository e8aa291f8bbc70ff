import type { PacketType } from "@sockeye/engine-parser";
import type { EngineData, PreparedMessage } from "../contract.js";

/**
 * One thing to write: a packet, or (with `parts`) a prepared message that stands for several packets which stay
 * adjacent. One class for both, so that the hot path sees one shape.
 */
export class OutgoingPacket {
  readonly type: PacketType;
  readonly data: EngineData | undefined;
  /** May be compressed where the transport can. */
  readonly compress: boolean;
  /** May be dropped when the peer does not keep up. */
  readonly volatile: boolean;
  /** Roughly what it holds in memory: bytes of binary data, UTF-16 units of text. */
  readonly size: number;
  /** Runs when the batch that holds the packet was handed to the transport. */
  readonly callback: WrittenCallback | undefined;
  /** The packets of a prepared message. */
  readonly parts: readonly OutgoingPacket[] | undefined;
  /** Wire variants of a prepared message, filled by the transport that first needs one. */
  readonly variants: WireVariants | undefined;

  constructor(
    type: PacketType,
    data: EngineData | undefined,
    compress: boolean,
    volatile: boolean,
    callback?: WrittenCallback,
    parts?: readonly OutgoingPacket[],
  ) {
    this.type = type;
    this.data = data;
    this.compress = compress;
    this.volatile = volatile;
    this.callback = callback;
    this.parts = parts;
    this.variants = parts === undefined ? undefined : new WireVariants();
    this.size = parts === undefined ? sizeOf(data) : parts.reduce((sum, part) => sum + part.size, 0);
  }
}

/** Called with the transport that took the packet. */
export type WrittenCallback = (transport: unknown) => void;

/**
 * What a prepared message looks like on the wire, each variant made once for all recipients that need it. The fields are
 * typed loosely by purpose: `session/` knows no transport; the transport that fills a field is the one that reads it.
 */
export class WireVariants {
  /** WebSocket frames of all parts, contiguous, uncompressed, binary as binary. */
  frames: Uint8Array | undefined;
  /** The same for a peer that cannot take binary frames. */
  textFrames: Uint8Array | undefined;
  /** Packets of a long-polling payload, joined. */
  payload: string | undefined;
  /** For protocols and engines of their own. */
  other: Map<string, unknown> | undefined;
}

export function sizeOf(data: EngineData | undefined): number {
  if (data === undefined) return 1;
  return typeof data === "string" ? data.length + 1 : data.byteLength;
}

/** Makes a prepared message (see `EngineServer.prepare`). */
export function prepareMessages(
  messages: readonly EngineData[],
  compress: boolean,
  volatile: boolean,
): PreparedMessage & OutgoingPacket {
  const parts = messages.map((data) => new OutgoingPacket("message", data, compress, volatile));
  return new OutgoingPacket("message", undefined, compress, volatile, undefined, parts) as PreparedMessage &
    OutgoingPacket;
}

export interface OutboxLimits {
  readonly maxOutboxBytes: number;
  readonly maxOutboxPackets: number;
}

/** The content of every outbox that is empty: a session that has nothing to say holds no array. Never written to. */
const NOTHING: OutgoingPacket[] = [];
/** Emptied arrays, to be filled again by whichever session speaks next. */
const spares: OutgoingPacket[][] = [];
const MAX_SPARES = 1024;

/**
 * What a session still has to write. Bounded: a peer that stops reading costs at most `maxOutboxBytes` plus one packet;
 * volatile packets go first.
 */
export class Outbox {
  #packets: OutgoingPacket[] = NOTHING;
  #size = 0;
  readonly #limits: OutboxLimits;
  /** Size of a packet that alone is over the budget, while anything waits. */
  #oversize = 0;
  /** Volatile packets that were dropped to keep the budget. */
  dropped = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#packets.length;
  }

  /** Size of all that is queued, in the unit of {@link OutgoingPacket.size}. */
  get size(): number {
    return this.#size;
  }

  /** What was queued last. */
  get last(): OutgoingPacket | undefined {
    return this.#packets[this.#packets.length - 1];
  }

  get packets(): readonly OutgoingPacket[] {
    return this.#packets;
  }

  push(packet: OutgoingPacket): void {
    // A packet larger than the budget is the application's decision; what follows it is measured from there.
    if (packet.size > this.#limits.maxOutboxBytes) this.#oversize = packet.size;
    if (this.#packets === NOTHING) this.#packets = spares.pop() ?? [];
    this.#packets.push(packet);
    this.#size += packet.size;
  }

  /** Whether one more packet would be too much; `held` is what the transport has taken but not yet got rid of. */
  isFull(held: number): boolean {
    const waiting = this.#size + held;
    if (waiting === 0) this.#oversize = 0;
    return (
      this.#packets.length >= this.#limits.maxOutboxPackets || waiting >= this.#limits.maxOutboxBytes + this.#oversize
    );
  }

  /** Drops what may be dropped. */
  shed(): void {
    const kept = this.#packets.filter((packet) => !packet.volatile);
    this.dropped += this.#packets.length - kept.length;
    this.#packets = kept;
    this.#size = kept.reduce((sum, packet) => sum + packet.size, 0);
  }

  /** Hands out everything; the array is to be given back with {@link recycle}. */
  take(): OutgoingPacket[] {
    const batch = this.#packets;
    this.#packets = NOTHING;
    this.#size = 0;
    return batch;
  }

  recycle(batch: OutgoingPacket[]): void {
    // Not that of a burst: its backing store is large.
    if (batch === NOTHING || batch.length > 64 || spares.length >= MAX_SPARES) return;
    batch.length = 0;
    spares.push(batch);
  }

  clear(): void {
    this.#packets = NOTHING;
    this.#size = 0;
  }
}
