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
    this.size = parts === undefined ? sizeOf(data) : sizeOfAll(parts);
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
  /** The prepared message that followed this one first, and the two as one. */
  follower: OutgoingPacket | undefined;
  joined: OutgoingPacket | undefined;
}

export function sizeOf(data: EngineData | undefined): number {
  if (data === undefined) return 1;
  return typeof data === "string" ? data.length + 1 : data.byteLength;
}

function sizeOfAll(parts: readonly OutgoingPacket[]): number {
  let size = 0;
  for (let i = 0; i < parts.length; i++) size += parts[i]!.size;
  return size;
}

/** Makes a prepared message (see `EngineServer.prepare`). */
export function prepareMessages(
  messages: readonly EngineData[],
  compress: boolean,
  volatile: boolean,
): PreparedMessage & OutgoingPacket {
  const parts: OutgoingPacket[] = [];
  for (let i = 0; i < messages.length; i++) parts.push(new OutgoingPacket("message", messages[i], compress, volatile));
  return new OutgoingPacket("message", undefined, compress, volatile, undefined, parts) as PreparedMessage &
    OutgoingPacket;
}

/** Prepared messages are joined up to this size and this number of packets: larger ones gain nothing from it. */
const JOIN_SIZE = 16 * 1024;
const JOIN_PARTS = 64;

/**
 * Two prepared messages as one, so that broadcasts which many sockets get in one turn are put together once and not once
 * per socket. The result is remembered in the first for whoever comes next; with another follower than the first one seen
 * there (rooms that overlap) it is not worth it. `undefined` when the two stay apart.
 */
function join(first: OutgoingPacket, second: OutgoingPacket): OutgoingPacket | undefined {
  const { variants } = first;
  if (variants === undefined || second.variants === undefined) return undefined;
  if (variants.follower === undefined) {
    variants.follower = second;
    variants.joined = makeJoined(first, second);
  }
  return variants.follower === second ? variants.joined : undefined;
}

function makeJoined(first: OutgoingPacket, second: OutgoingPacket): OutgoingPacket | undefined {
  const parts = [...first.parts!, ...second.parts!];
  if (first.size + second.size > JOIN_SIZE || parts.length > JOIN_PARTS) return undefined;
  if (first.volatile || second.volatile || first.compress !== second.compress) return undefined;
  return new OutgoingPacket("message", undefined, first.compress, false, undefined, parts);
}

export interface OutboxLimits {
  readonly maxOutboxBytes: number;
  readonly maxOutboxPackets: number;
}

/** The list of every outbox that needs none: a session with nothing to say, or one thing, holds no array. Never written to. */
const NOTHING: OutgoingPacket[] = [];
/** Nobody has looked since the last batch was taken. */
const UNKNOWN = Number.POSITIVE_INFINITY;
/** Emptied arrays, to be filled again by whichever session speaks next. */
const spares: OutgoingPacket[][] = [];
const MAX_SPARES = 1024;
/** The batch of whoever has one packet to flush, which nearly everybody has. Somebody has it, or it holds nothing. */
const single: OutgoingPacket[] = [];

/**
 * What a session still has to write. Bounded: a peer that stops reading costs at most `maxOutboxBytes` plus one packet;
 * volatile packets go first.
 */
export class Outbox {
  /** What is queued, as long as it is one packet: a broadcast to many touches no list of any of them. */
  #only: OutgoingPacket | undefined = undefined;
  /** What is queued, when it is more. */
  #packets: OutgoingPacket[] = NOTHING;
  /** Packets and prepared messages, joined ones counted apart. */
  #length = 0;
  #size = 0;
  /** What the transport held when it was looked at last. Until the next batch that becomes less, topics of an engine apart. */
  #held = UNKNOWN;
  readonly #limits: OutboxLimits;
  /** Size of a packet that alone is over the budget, while anything waits. */
  #oversize = 0;
  /** Volatile packets that were dropped to keep the budget. */
  dropped = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#length;
  }

  /** Size of all that is queued, in the unit of {@link OutgoingPacket.size}. */
  get size(): number {
    return this.#size;
  }

  /** What was queued last. */
  get last(): OutgoingPacket | undefined {
    return this.#only ?? this.#packets[this.#packets.length - 1];
  }

  get packets(): readonly OutgoingPacket[] {
    return this.#only === undefined ? this.#packets : [this.#only];
  }

  push(packet: OutgoingPacket): void {
    // A packet larger than the budget is the application's decision; what follows it is measured from there.
    if (packet.size > this.#limits.maxOutboxBytes) this.#oversize = packet.size;
    this.#length++;
    this.#size += packet.size;
    if (this.#only === undefined && this.#packets === NOTHING) this.#only = packet;
    else if (packet.variants === undefined || !this.#joinLast(packet)) this.#pushMore(packet);
  }

  #pushMore(packet: OutgoingPacket): void {
    if (this.#only !== undefined) {
      this.#packets = spares.pop() ?? [];
      this.#packets.push(this.#only);
      this.#only = undefined;
    }
    this.#packets.push(packet);
  }

  #joinLast(packet: OutgoingPacket): boolean {
    const joined = join(this.last!, packet);
    if (joined === undefined) return false;
    if (this.#only !== undefined) this.#only = joined;
    else this.#packets[this.#packets.length - 1] = joined;
    return true;
  }

  /**
   * Whether {@link isFull} has to be asked: the quick answer for every write, which looks at nothing but this outbox. The
   * transport and its stream are memory that a broadcast to many would otherwise go through twice.
   */
  mayBeFull(): boolean {
    const waiting = this.#waiting();
    return waiting >= this.#limits.maxOutboxBytes || this.#length >= this.#limits.maxOutboxPackets;
  }

  /** Whether one more packet would be too much; `held` is what the transport has taken but not yet got rid of. */
  isFull(held: number): boolean {
    this.#held = held;
    const waiting = this.#waiting();
    return waiting >= this.#limits.maxOutboxBytes + this.#oversize || this.#length >= this.#limits.maxOutboxPackets;
  }

  /** What the transport holds now that a batch was handed to it, for {@link mayBeFull}. */
  noteHeld(held: number): void {
    this.#held = held;
  }

  #waiting(): number {
    const waiting = this.#size + this.#held;
    if (waiting === 0) this.#oversize = 0;
    return waiting;
  }

  /** Drops what may be dropped. */
  shed(): void {
    const kept = this.packets.filter((packet) => !packet.volatile);
    const shed = this.packets.length - kept.length;
    this.dropped += shed;
    this.#length -= shed;
    this.#only = undefined;
    this.#packets = kept.length === 0 ? NOTHING : kept;
    this.#size = kept.reduce((sum, packet) => sum + packet.size, 0);
  }

  /** Hands out everything; the array is to be given back with {@link recycle}. */
  take(): OutgoingPacket[] {
    const only = this.#only;
    const batch = only === undefined ? this.#packets : batchOf(only);
    this.clear();
    return batch;
  }

  recycle(batch: OutgoingPacket[]): void {
    // Not that of a burst: its backing store is large.
    if (batch === NOTHING || batch.length > 64 || spares.length >= MAX_SPARES) return;
    // One by one: setting the length of an array is a call into the engine, and gives the memory away.
    while (batch.length > 0) batch.pop();
    if (batch !== single) spares.push(batch);
  }

  clear(): void {
    this.#only = undefined;
    this.#packets = NOTHING;
    this.#length = 0;
    this.#size = 0;
    this.#held = UNKNOWN;
  }
}

function batchOf(packet: OutgoingPacket): OutgoingPacket[] {
  const batch = single.length === 0 ? single : (spares.pop() ?? []);
  batch.push(packet);
  return batch;
}
