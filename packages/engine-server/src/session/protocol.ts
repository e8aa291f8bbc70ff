import {
  type BinaryData,
  decodePacket,
  decodePayload,
  type EnginePacket,
  EngineParserError,
  encodePacket,
  encodePayload,
} from "@sockeye/engine-parser";

/** What a payload was decoded to: the packets before the first bad one, and what was wrong with that. */
export interface DecodedPayload {
  readonly packets: readonly EnginePacket[];
  readonly error?: EngineParserError;
}

/**
 * One revision of the Engine.IO protocol, chosen at the handshake and kept for the session's life. Text packets look the
 * same in all revisions (a digit and the data); everything else that differs stands here.
 */
export interface Protocol {
  readonly revision: number;
  /** Who sends pings. */
  readonly pinger: "server" | "client";
  /** Whether uploads may be of type `application/octet-stream`. */
  readonly binaryUploads: boolean;
  encodePacket(packet: EnginePacket, supportsBinary: boolean): string | BinaryData;
  /** The body of a long-polling response: text, or bytes where the revision has a binary form. */
  encodePayload(packets: readonly EnginePacket[], supportsBinary: boolean): string | Uint8Array;
  /** Whether payloads can be joined from packets encoded one by one, with this between them. */
  readonly separator: string | undefined;
  decodePacket(frame: string | BinaryData): EnginePacket | EngineParserError;
  decodePayload(body: string | Uint8Array, maxPackets: number): DecodedPayload;
}

export const protocolV4: Protocol = {
  revision: 4,
  pinger: "server",
  binaryUploads: false,
  separator: "\x1e",
  encodePacket,
  encodePayload: (packets) => encodePayload(packets),
  decodePacket: (frame) => decodePacket(frame, "nodebuffer"),
  decodePayload: (body, maxPackets) =>
    decodePayload(typeof body === "string" ? body : new TextDecoder().decode(body), {
      maxPackets,
      binaryType: "nodebuffer",
    }),
};

export function isBad(decoded: EnginePacket | EngineParserError): decoded is EngineParserError {
  return decoded instanceof EngineParserError;
}
