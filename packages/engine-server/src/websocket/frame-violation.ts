/** What a peer can do wrong with frames, the close code that tells it so (RFC 6455, 7.4.1), and the same in words. */
const violations = {
  /** A reserved bit is set, and no extension was agreed on that would give it a meaning. */
  ERR_SOCKEYE_FRAME_RESERVED_BITS: [1002, "a reserved bit is set"],
  /** An opcode that is not defined, a continuation of nothing, or a new message within another. */
  ERR_SOCKEYE_FRAME_OPCODE: [1002, "the opcode makes no sense here"],
  /** A control frame that is a fragment. */
  ERR_SOCKEYE_FRAME_FRAGMENTED_CONTROL: [1002, "a control frame is fragmented"],
  /** A control frame of more than 125 bytes, or a close frame of one. */
  ERR_SOCKEYE_FRAME_CONTROL_LENGTH: [1002, "a control frame has no such length"],
  /** A client masks what it sends. */
  ERR_SOCKEYE_FRAME_NOT_MASKED: [1002, "the frame is not masked"],
  /** A close frame with a code that must not be sent. */
  ERR_SOCKEYE_FRAME_CLOSE_CODE: [1002, "the close code makes no sense"],
  /** Text, or the reason of a close frame, that is not UTF-8. */
  ERR_SOCKEYE_FRAME_NOT_UTF8: [1007, "the text is not UTF-8"],
  /** More fragments of one message than `maxFragments`. */
  ERR_SOCKEYE_FRAME_TOO_MANY_FRAGMENTS: [1008, "the message has too many fragments"],
  /** A message over `maxHttpBufferSize`, by what its headers say. */
  ERR_SOCKEYE_FRAME_MESSAGE_TOO_LARGE: [1009, "the message is too large"],
} as const satisfies Record<string, readonly [closeCode: number, message: string]>;

export type FrameViolationCode = keyof typeof violations;

/** The peer broke RFC 6455, or a limit. Ends its connection; it is told by the close code. */
export class FrameViolation extends Error {
  readonly code: FrameViolationCode;
  /** Code of the close frame that answers it. */
  readonly closeCode: number;

  constructor(code: FrameViolationCode) {
    const [closeCode, message] = violations[code];
    super(message);
    this.name = "FrameViolation";
    this.code = code;
    this.closeCode = closeCode;
  }
}
