/**
 * Packets in one polling payload. A packet costs the sender two bytes and the receiver an object, so the cap on the
 * body alone would let a peer buy memory at thirty times its price (CVE-2020-36048). The default admits what a busy
 * client can have waiting for one request.
 */
export const DEFAULT_MAX_PACKETS = 65_536;

/**
 * Length of one encoded packet of a payload, in UTF-16 code units (protocol 3 binary payloads: bytes). No cap of its
 * own by default: a packet is never longer than the body, and whoever reads the body limits that.
 */
export const DEFAULT_MAX_PACKET_LENGTH = Infinity;

/** Limits of one `decodePayload`. */
export interface PayloadLimits {
  /** Default {@link DEFAULT_MAX_PACKETS}; beyond it `ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS`. */
  readonly maxPackets?: number;
  /** Default {@link DEFAULT_MAX_PACKET_LENGTH}; beyond it `ERR_SOCKEYE_ENGINE_PARSER_PACKET_TOO_LONG`. */
  readonly maxPacketLength?: number;
}
