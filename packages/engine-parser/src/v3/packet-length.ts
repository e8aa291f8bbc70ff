/** The decimal length that stands before each packet of a protocol 3 payload, and the limits that apply there. */
import { type EngineParserError, EngineProtocolViolation } from "../errors.js";
import { DEFAULT_MAX_PACKET_LENGTH, DEFAULT_MAX_PACKETS } from "../limits.js";
import type { DecodePayloadOptions } from "../payload.js";

/** Digits of a length that are read; 15 stay within the safe integers, and no body needs as many. */
const MAX_DIGITS = 15;

/**
 * The number whose digits are `digitAt(from)`, `digitAt(from + 1)`..., and where they end. `undefined` when there is
 * none or it has too many digits: a run of digits without end costs no more than this scan.
 */
export function readLength(
  digitAt: (index: number) => number | undefined,
  from: number,
): { length: number; end: number } | undefined {
  let length = 0;
  let end = from;
  for (let digit = digitAt(end); digit !== undefined && digit >= 0 && digit <= 9; digit = digitAt(++end)) {
    if (end - from === MAX_DIGITS) return undefined;
    length = length * 10 + digit;
  }
  return end === from ? undefined : { length, end };
}

/** What is wrong with the packet number `index` (from 0) of this length, judged before its content is touched. */
export function checkLength(
  index: number,
  length: number,
  available: number,
  options: DecodePayloadOptions,
): EngineParserError | undefined {
  if (index >= (options.maxPackets ?? DEFAULT_MAX_PACKETS)) return new EngineProtocolViolation("TOO_MANY_PACKETS");
  if (length > (options.maxPacketLength ?? DEFAULT_MAX_PACKET_LENGTH)) {
    return new EngineProtocolViolation("PACKET_TOO_LONG");
  }
  return length > available ? new EngineProtocolViolation("INVALID_PACKET_LENGTH") : undefined;
}
