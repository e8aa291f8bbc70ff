import type { DecoderLimits, Parser } from "../contract.js";

/** Any test runner whose `describe` and `it` take a name and a function: vitest, node:test, mocha, jasmine. */
export interface Runner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void): void;
}

/** What a codec says of itself beyond the MUSTs of the contract. The suite leaves out what is not declared. */
export interface Supports {
  /**
   * Errors carry the stable codes of `ParserError`, on `error.code`. `"one"`: all that a decoder refuses has the code
   * `ERR_SOCKEYE_PARSER_INVALID_PACKET`.
   */
  readonly codes: boolean | "one";
  /** `Decoder.decode()`. */
  readonly decode: boolean;
  /** `Decoder.pending`. */
  readonly pending: boolean;
  /** `Encoder.withOffset()`. */
  readonly withOffset: boolean;
  /** Limits that the decoder takes from its constructor and keeps to. */
  readonly limits: readonly (keyof DecoderLimits)[];
}

/** A codec and what is claimed for it. */
export interface CodecUnderTest {
  readonly name: string;
  readonly parser: Parser;
  /** The wire that its peers speak: text with attachments behind it, or one MessagePack map. */
  readonly wire: "json" | "msgpack";
  readonly supports: Supports;
  /**
   * Cases that this codec is known to fail, by title, each with the reason. They run all the same: one that passes, or
   * that does not exist, fails the suite, so that no exception outlives its reason.
   */
  readonly exceptions?: Readonly<Record<string, string>>;
}

/** One claim. Throws when it does not hold. */
export interface ConformanceCase {
  readonly title: string;
  /** The capability that the claim is about. */
  readonly needs?: (supports: Supports) => boolean;
  readonly run: (codec: CodecUnderTest) => void;
}

export interface ConformanceSection {
  readonly title: string;
  readonly cases: readonly ConformanceCase[];
}
