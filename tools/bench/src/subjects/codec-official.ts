import { decodePacket, decodePayload, encodePacket, encodePayload } from "engine.io-parser";
import * as msgpack from "socket.io-msgpack-parser";
import * as json from "socket.io-parser";
import { type Codec, operationsOf, PAYLOAD_SIZE, type SamplePacket, serveOperations, TEXT } from "./codec-samples.js";

interface OfficialCodec {
  Encoder: new () => { encode(packet: SamplePacket): unknown[] };
  Decoder: new () => { add(chunk: unknown): void; on(event: "decoded", listener: (packet: unknown) => void): unknown };
}

/** As documented: the decoder tells a listener. */
function codecOf({ Encoder, Decoder }: OfficialCodec): Codec {
  const encoder = new Encoder();
  const decoder = new Decoder();
  let packet: unknown;
  decoder.on("decoded", (decoded) => {
    packet = decoded;
  });
  return {
    encode: (sample) => encoder.encode(sample),
    decode(chunks) {
      packet = undefined;
      for (const chunk of chunks) decoder.add(chunk);
      return packet;
    },
  };
}

const packet = { type: "message", data: TEXT } as const;
const packets = Array.from({ length: PAYLOAD_SIZE }, () => packet);
let result: unknown;
const keep = (encoded: unknown) => {
  result = encoded;
};
encodePacket(packet, true, keep);
const encoded = result as string;
encodePayload(packets, keep);
const payload = result as string;

serveOperations({
  ...prefixed("json", operationsOf(codecOf(json as unknown as OfficialCodec))),
  ...prefixed("msgpack", operationsOf(codecOf(msgpack as unknown as OfficialCodec))),
  "engine-packet-encode"() {
    encodePacket(packet, true, keep);
    return result;
  },
  "engine-packet-decode": () => decodePacket(encoded),
  "engine-payload-encode"() {
    encodePayload(packets, keep);
    return result;
  },
  "engine-payload-decode": () => decodePayload(payload),
});

function prefixed<T>(prefix: string, all: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${prefix}-${name}`, value]));
}
