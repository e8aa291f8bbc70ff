import { type EnginePacket, isBinaryData } from "@sockeye/engine-parser";
import {
  decodePacket,
  decodePayload,
  encodePacket,
  encodePayload,
  encodePayloadAsBinary,
} from "@sockeye/engine-parser/v3";
import type { Protocol } from "../session/protocol.js";

/**
 * Revision 3 of the Engine.IO protocol, for clients of 2020 and before (Socket.IO 2): the client pings, binary frames
 * carry their type, and payloads put a length before each packet, as text or (with binary data, for peers that did not
 * ask for base64) as bytes. Registered under `allowEIO3`.
 */
export const protocolV3: Protocol = {
  revision: 3,
  pinger: "client",
  binaryUploads: true,
  // Each packet needs its length before it: payloads are not joined from ready packets.
  separator: undefined,
  encodePacket,
  encodePayload: (packets, supportsBinary) =>
    supportsBinary && packets.some(carriesBytes) ? encodePayloadAsBinary(packets) : encodePayload(packets),
  decodePacket: (frame) => decodePacket(frame, "nodebuffer"),
  decodePayload: (body, maxPackets) => decodePayload(body, { maxPackets, binaryType: "nodebuffer" }),
};

function carriesBytes(packet: EnginePacket): boolean {
  return isBinaryData(packet.data);
}
