import { decodePacket, decodePayload, encodePacket, encodePayload } from "@sockeye/engine-parser";
import * as json from "@sockeye/socketio-parser";
import * as msgpack from "@sockeye/socketio-parser/msgpack";
import { type Codec, operationsOf, PAYLOAD_SIZE, type SamplePacket, serveOperations, TEXT } from "./codec-samples.js";

/** As our server and client use it: the decoder hands the packet over. */
function codecOf({ Encoder, Decoder }: typeof json | typeof msgpack): Codec {
  const encoder = new Encoder();
  const decoder = new Decoder();
  return {
    encode: (packet: SamplePacket) => encoder.encode(packet as never),
    decode(chunks) {
      let packet: unknown;
      for (const chunk of chunks) packet = decoder.decode(chunk);
      return packet;
    },
  };
}

const packet = { type: "message", data: TEXT } as const;
const packets = Array.from({ length: PAYLOAD_SIZE }, () => packet);
const encoded = encodePacket(packet, true);
const payload = encodePayload(packets);

serveOperations({
  ...prefixed("json", operationsOf(codecOf(json))),
  ...prefixed("msgpack", operationsOf(codecOf(msgpack))),
  "engine-packet-encode": () => encodePacket(packet, true),
  "engine-packet-decode": () => decodePacket(encoded),
  "engine-payload-encode": () => encodePayload(packets),
  "engine-payload-decode": () => decodePayload(payload),
});

function prefixed<T>(prefix: string, all: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${prefix}-${name}`, value]));
}
