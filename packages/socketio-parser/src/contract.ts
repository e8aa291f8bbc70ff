import type { Packet } from "./packet.js";

/**
 * The parser contract: what the `parser` option of server and client takes. The incumbent's parser packages satisfy
 * the required part as they are; capabilities are optional and looked for on the object itself.
 */

/** Bytes of one attachment. */
export type BinaryChunk = ArrayBuffer | ArrayBufferView;

/**
 * One encoded packet: what goes into consecutive Engine.IO messages. The first is text (JSON codec) or bytes
 * (MessagePack codec); the others are attachments in placeholder order.
 */
export type EncodedPacket = readonly (string | BinaryChunk)[];

export interface Encoder {
  /**
   * Encodes one packet. MUST NOT change the packet, MUST return the chunks in the order in which they are to be sent,
   * MUST throw (`ERR_SOCKEYE_PARSER_UNSERIALIZABLE`, ours) when the packet cannot be written down. Called once per
   * emit and once per broadcast, whatever the number of recipients.
   */
  encode(packet: Packet): EncodedPacket;

  /**
   * Capability: a copy of an encoded EVENT with `offset` as one more trailing string argument, spliced in without
   * parsing. Attachments are shared with the original. Needed for connection state recovery of relayed packets; without
   * it the server encodes such a packet once more.
   */
  withOffset?(encoded: EncodedPacket, offset: string): EncodedPacket;
}

/** Caps on what one peer may make a decoder hold. A named option and an error code each; see `limits.ts`. */
export interface DecoderLimits {
  /** Attachments of one packet. Default 10. `ERR_SOCKEYE_PARSER_TOO_MANY_ATTACHMENTS` */
  readonly maxAttachments: number;
  /** Bytes of all attachments of one packet. Default 100 MiB (the engine's own message limit applies to each first). `ERR_SOCKEYE_PARSER_ATTACHMENTS_TOO_LARGE` */
  readonly maxAttachmentBytes: number;
  /** Nesting depth of a payload. Default 1,000. `ERR_SOCKEYE_PARSER_TOO_DEEP` */
  readonly maxDepth: number;
  /** Characters of the namespace in a packet. Default 1,024. `ERR_SOCKEYE_PARSER_HEADER_TOO_LONG` */
  readonly maxNamespaceLength: number;
}

export interface Decoder {
  /**
   * Takes the next Engine.IO message of one connection. MUST emit `decoded` synchronously once a packet is complete, MUST
   * throw on a violation (the connection is then closed with "parse error" / "forced close"), and MUST validate: a
   * packet that was emitted has the shape its type promises.
   */
  add(chunk: unknown): void;
  on(event: "decoded", listener: (packet: Packet) => void): unknown;
  /** Forgets an unfinished packet. The decoder MUST be usable again afterwards. */
  destroy(): void;

  /**
   * Capability: as `add`, but hands the packet back instead of emitting it; `undefined` while attachments are missing.
   * No event object, no listener call on the hot path.
   */
  decode?(chunk: unknown): Packet | undefined;
  /** Capability: whether attachments are outstanding. The owner puts a deadline on it. */
  readonly pending?: boolean;
}

/** The value of the `parser` option. */
export interface Parser {
  readonly Encoder: new () => Encoder;
  /** Our server passes its limits; a parser MAY ignore them. */
  readonly Decoder: new (
    limits?: Partial<DecoderLimits>,
  ) => Decoder;
  /** Capability: name of the codec. Two cluster nodes whose parsers have the same id relay each other's encoded packets. */
  readonly id?: string;
}
