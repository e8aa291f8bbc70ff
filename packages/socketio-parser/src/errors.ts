/**
 * What goes wrong in a codec. Each error has a stable `code`; texts that applications of this protocol already match on
 * are kept. Blame is in the class: the peer broke the protocol, or this program asked for the impossible.
 */

export type ParserErrorWhat =
  | "UNKNOWN_PACKET_TYPE"
  | "ILLEGAL_ATTACHMENTS"
  | "TOO_MANY_ATTACHMENTS"
  | "ATTACHMENTS_TOO_LARGE"
  | "ILLEGAL_PLACEHOLDER"
  | "INVALID_PACKET"
  | "INVALID_PACKET_TYPE"
  | "INVALID_NAMESPACE"
  | "INVALID_PACKET_ID"
  | "INVALID_PAYLOAD"
  | "HEADER_TOO_LONG"
  | "TOO_DEEP"
  | "UNEXPECTED_TEXT"
  | "UNEXPECTED_BINARY"
  | "UNKNOWN_TYPE"
  | "UNSERIALIZABLE";

export type ParserErrorCode = `ERR_SOCKEYE_PARSER_${ParserErrorWhat}`;

export class ParserError extends Error {
  readonly code: ParserErrorCode;

  constructor(what: ParserErrorWhat, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = `ERR_SOCKEYE_PARSER_${what}`;
  }
}

/** The peer sent something that is not Socket.IO. The connection it came from is closed; nothing else is. */
export class ParserViolation extends ParserError {
  /** @param message by default the code in words: `INVALID_PAYLOAD` is "invalid payload" */
  constructor(what: ParserErrorWhat, message = what.toLowerCase().replaceAll("_", " "), options?: ErrorOptions) {
    super(what, message, options);
  }
}

/** This program gave the encoder something that cannot be written down: a cycle, a BigInt, an object that reads as a placeholder. */
export class UnserializableError extends ParserError {
  constructor(why: string, options?: ErrorOptions) {
    super("UNSERIALIZABLE", `cannot encode packet: ${why}`, options);
  }
}
