import type { DecoderLimits } from "./contract.js";
import { ParserViolation } from "./errors.js";
import { PacketType } from "./packet.js";

/** Digits of the largest safe integer: nothing in a header that counts needs more. */
const MAX_DIGITS = 16;
const DASH = 45;
const SLASH = 47;
const ZERO = 48;

/**
 * What stands before the payload: type, attachment count, namespace, acknowledgement id. One pass over character codes;
 * nothing is concatenated, and every field has an end (CVE-2020-36049). An instance is used again and again.
 */
export class Header {
  type: PacketType = PacketType.CONNECT;
  attachments = 0;
  nsp = "/";
  id: number | undefined = undefined;
  /** Where the payload begins. */
  end = 0;

  scan(text: string, limits: DecoderLimits): void {
    const type = text.charCodeAt(0) - ZERO;
    if (!(type >= 0 && type <= 6)) {
      throw new ParserViolation("UNKNOWN_PACKET_TYPE", `unknown packet type ${Number(text[0])}`);
    }
    this.type = type as PacketType;
    this.end = 1;
    this.attachments = type > PacketType.CONNECT_ERROR ? this.#count(text, limits.maxAttachments) : 0;
    this.nsp = text.charCodeAt(this.end) === SLASH ? this.#namespace(text, limits.maxNamespaceLength) : "/";
    this.id =
      type === PacketType.CONNECT || type === PacketType.DISCONNECT || type === PacketType.CONNECT_ERROR
        ? undefined
        : this.#number(text);
    if (this.id !== undefined && !Number.isSafeInteger(this.id)) {
      throw new ParserViolation("INVALID_PACKET_ID", "invalid packet id");
    }
  }

  #count(text: string, max: number): number {
    const count = this.#number(text);
    // Zero as well: a binary packet without attachments left its decoder waiting for ever (CVE-2026-69185).
    if (!count || text.charCodeAt(this.end++) !== DASH) {
      throw new ParserViolation("ILLEGAL_ATTACHMENTS", "Illegal attachments");
    }
    if (count > max) {
      throw new ParserViolation("TOO_MANY_ATTACHMENTS", "too many attachments");
    }
    return count;
  }

  #namespace(text: string, max: number): string {
    const start = this.end;
    const comma = text.indexOf(",", start);
    const stop = comma < 0 ? text.length : comma;
    if (stop - start > max) {
      throw new ParserViolation("HEADER_TOO_LONG", "namespace too long");
    }
    this.end = comma < 0 ? stop : comma + 1;
    return text.slice(start, stop);
  }

  /** Digits only: a sign, a space, a point or an exponent is not one. More than 16 of them are no number of ours. */
  #number(text: string): number | undefined {
    const start = this.end;
    let value = 0;
    for (;;) {
      const digit = text.charCodeAt(this.end) - ZERO;
      if (!(digit >= 0 && digit <= 9)) {
        return this.end === start ? undefined : value;
      }
      if (this.end - start === MAX_DIGITS) {
        return Number.POSITIVE_INFINITY;
      }
      value = value * 10 + digit;
      this.end++;
    }
  }
}
