import type { DecoderLimits } from "./contract.js";
import { ParserViolation } from "./errors.js";
import { PacketType } from "./packet.js";

/** Digits of the largest safe integer: nothing that a header counts needs more. */
const MAX_DIGITS = 16;
const ZERO = 48;

/**
 * What stands before the payload: type, attachment count, namespace, acknowledgement id. One pass over character codes;
 * nothing is concatenated, and every field has an end (CVE-2020-36049). An instance is used again and again.
 */
export class Header {
  type: PacketType = PacketType.CONNECT;
  /** More than 0 exactly when the packet is binary. */
  attachments = 0;
  nsp = "/";
  id: number | undefined = undefined;
  /** Where the payload begins. */
  end = 0;

  scan(text: string, limits: DecoderLimits): void {
    const type = text.charCodeAt(0) - ZERO;
    if (!(type >= PacketType.CONNECT && type <= PacketType.BINARY_ACK)) {
      throw new ParserViolation("UNKNOWN_PACKET_TYPE", `unknown packet type ${Number(text[0])}`);
    }
    this.type = type as PacketType;
    this.end = 1;
    this.attachments = type < PacketType.BINARY_EVENT ? 0 : this.#count(text, limits.maxAttachments);
    this.nsp = text[this.end] === "/" ? this.#namespace(text, limits.maxNamespaceLength) : "/";
    this.id = this.#number(text);
    if (this.id !== undefined && this.id > Number.MAX_SAFE_INTEGER) {
      throw new ParserViolation("INVALID_PACKET_ID");
    }
  }

  #count(text: string, max: number): number {
    const count = this.#number(text);
    if (count !== undefined && count > max) {
      throw new ParserViolation("TOO_MANY_ATTACHMENTS");
    }
    // Zero too: a binary packet without attachments left its decoder collecting for ever (CVE-2026-69185).
    if (!count || text[this.end++] !== "-") {
      throw new ParserViolation("ILLEGAL_ATTACHMENTS", "Illegal attachments");
    }
    return count;
  }

  /** Up to the comma, or to the end: peers leave the comma out when nothing follows. */
  #namespace(text: string, max: number): string {
    const start = this.end;
    const comma = text.indexOf(",", start);
    const stop = comma < 0 ? text.length : comma;
    if (stop - start > max) {
      throw new ParserViolation("HEADER_TOO_LONG");
    }
    this.end = comma < 0 ? stop : comma + 1;
    return text.slice(start, stop);
  }

  /** Digits only: a space, a sign, a point or an exponent is none. More of them than a number has make infinity. */
  #number(text: string): number | undefined {
    const start = this.end;
    let value = 0;
    for (;;) {
      const digit = text.charCodeAt(this.end) - ZERO;
      if (!(digit >= 0 && digit <= 9)) {
        return this.end === start ? undefined : value;
      }
      if (this.end++ - start === MAX_DIGITS) {
        return Number.POSITIVE_INFINITY;
      }
      value = value * 10 + digit;
    }
  }
}
