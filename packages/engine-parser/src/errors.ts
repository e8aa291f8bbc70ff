/** What a peer can do wrong. */
export type ViolationName =
  /** A frame, or a packet inside a payload, without a single character. */
  | "EMPTY_PACKET"
  /** The first character (protocol 3: or byte) is no packet type. */
  | "UNKNOWN_PACKET_TYPE"
  /** Base64 with a foreign character, wrong padding or an impossible length. */
  | "INVALID_BASE64"
  /** Text of a WebTransport frame, or of a protocol 3 binary payload, that is not UTF-8. */
  | "INVALID_UTF8"
  /** More packets than `maxPackets` in one payload. */
  | "TOO_MANY_PACKETS"
  /** A packet longer than `maxPacketLength`. */
  | "PACKET_TOO_LONG"
  /** A WebTransport frame that declares more than `maxPayload` bytes. */
  | "FRAME_TOO_LONG"
  /** The data of an open packet is no handshake. */
  | "INVALID_HANDSHAKE"
  /** Protocol 3: the length before a packet is missing, no number, or more than what follows it. */
  | "INVALID_PACKET_LENGTH";

/** What the caller of this package can do wrong. */
export type MisuseName =
  /** Something else than text or binary data given to a decoder. */
  | "INVALID_FRAME"
  /** A packet type outside the protocol given to an encoder. */
  | "INVALID_PACKET_TYPE"
  /** Binary data in a packet that is not a message. */
  | "BINARY_NOT_MESSAGE"
  /** A limit that is not a positive number. */
  | "INVALID_LIMIT";

export type EngineParserErrorCode = `ERR_SOCKEYE_ENGINE_PARSER_${ViolationName | MisuseName}`;

/** Every error of this package. `code` is stable; `message` is the same in words. */
export class EngineParserError extends Error {
  readonly code: EngineParserErrorCode;

  constructor(name: ViolationName | MisuseName) {
    super(name.toLowerCase().replace(/_/g, " "));
    this.code = `ERR_SOCKEYE_ENGINE_PARSER_${name}`;
  }
}

/** The peer broke the protocol or a limit. Decoders return it, they never throw it: the answer is to close. */
export class EngineProtocolViolation extends EngineParserError {
  override name = "EngineProtocolViolation";
}

/** The caller broke the contract of this package. */
export class EngineParserMisuse extends EngineParserError {
  override name = "EngineParserMisuse";
}
