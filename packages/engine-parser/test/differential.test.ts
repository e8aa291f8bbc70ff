/** The incumbent's parser as a black box: what it writes we read, what we write it reads. */
import * as official from "engine.io-parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodePacket,
  decodePayload,
  type EnginePacket,
  encodeFrame,
  encodePacket,
  encodePayload,
  FrameDecoder,
} from "../src/index.js";
import * as arbitraries from "./arbitraries.js";
import { frameVectors, packetVectors, payloadVectors, plain } from "./vectors.js";

type OfficialPacket = ReturnType<typeof official.decodePacket>;

function officialPacket(packet: EnginePacket): Promise<unknown> {
  return new Promise((resolve) => official.encodePacket(packet as OfficialPacket, true, resolve));
}

function officialText(packet: EnginePacket): Promise<string> {
  return new Promise((resolve) => official.encodePacket(packet as OfficialPacket, false, resolve));
}

function officialPayload(packets: readonly EnginePacket[]): Promise<string> {
  return new Promise((resolve) => official.encodePayload(packets as OfficialPacket[], resolve));
}

/** Its packet in our words: an error is `undefined`. */
function understood(packet: OfficialPacket): unknown {
  return packet.type === "error" ? undefined : plain(packet as EnginePacket);
}

function ours(packet: EnginePacket | Error): unknown {
  return packet instanceof Error ? undefined : plain(packet);
}

/** Runs everything through one of its transform streams. */
async function through<In, Out>(stream: TransformStream<In, Out>, input: readonly In[]): Promise<Out[]> {
  const output: Out[] = [];
  const reading = (async () => {
    const reader = stream.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) output.push(next.value);
  })();
  const writer = stream.writable.getWriter();
  for (const item of input) await writer.write(item);
  await writer.close();
  await reading;
  return output;
}

const data = arbitraries.packets(arbitraries.text);
const separated = fc.array(arbitraries.packets(arbitraries.separatedText), { minLength: 1, maxLength: 10 });

describe("packets", () => {
  it.each(packetVectors)("vector $text", async ({ packet, text }) => {
    expect(await officialText(packet)).toBe(text);
    expect(understood(official.decodePacket(text))).toEqual(plain(packet));
  });

  it("are encoded alike", async () => {
    await fc.assert(
      fc.asyncProperty(data, async (packet) => {
        expect(encodePacket(packet, false)).toBe(await officialText(packet));
        expect(encodePacket(packet, true)).toBe(await officialPacket(packet));
      }),
    );
  });

  it("are decoded alike", () => {
    fc.assert(
      fc.property(
        data,
        fc.boolean(),
        fc.constantFrom("nodebuffer" as const, "arraybuffer" as const),
        (packet, b, type) => {
          const frame = encodePacket(packet, b);
          const theirs = official.decodePacket(
            ArrayBuffer.isView(frame) ? Buffer.from(plainBytes(frame)) : frame,
            type,
          );
          const mine = decodePacket(ArrayBuffer.isView(frame) ? Buffer.from(plainBytes(frame)) : frame, type);
          expect(mine).toEqual(theirs);
        },
      ),
    );
  });

  it("are refused alike, base64 aside", () => {
    fc.assert(
      fc.property(
        arbitraries.nearlyFrame.filter((frame) => !frame.startsWith("b")),
        (frame) => {
          expect(ours(decodePacket(frame))).toEqual(understood(official.decodePacket(frame)));
        },
      ),
    );
  });

  it("with base64 that we take are decoded alike; we refuse some that it guesses at", () => {
    const base64 = fc.string({ unit: fc.constantFrom(..."AQz0+/="), maxLength: 12 });
    fc.assert(
      fc.property(base64, (text) => {
        const mine = ours(decodePacket(`b${text}`));
        if (mine !== undefined) expect(mine).toEqual(understood(official.decodePacket(`b${text}`)));
      }),
    );
  });
});

describe("payloads", () => {
  it.each(payloadVectors)("vector $payload", async ({ packets, payload }) => {
    expect(await officialPayload(packets)).toBe(payload);
    expect(official.decodePayload(payload).map(understood)).toEqual(packets.map(plain));
  });

  it("are encoded alike", async () => {
    await fc.assert(
      fc.asyncProperty(separated, async (packets) => {
        expect(encodePayload(packets)).toBe(await officialPayload(packets));
      }),
    );
  });

  it("are decoded alike, the bad ones up to the same packet", () => {
    const nearly = fc.string({ unit: fc.constantFrom(..."0246x\x1e€"), maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(nearly, separated.map(encodePayload)), (payload) => {
        const { packets, error } = decodePayload(payload);
        const mine = [...packets.map(plain), ...(error ? [undefined] : [])];
        expect(mine).toEqual(official.decodePayload(payload).map(understood));
      }),
    );
  });
});

describe("WebTransport frames", () => {
  const wellFormed = fc.array(arbitraries.packets(arbitraries.wellFormedText), { maxLength: 6 });
  // It frames empty binary data with the length 0, which no receiver takes.
  const sendable = wellFormed.map((packets) =>
    packets.filter(({ data: d }) => typeof d !== "object" || d.byteLength > 0),
  );

  it.each(frameVectors)("vector of $frame.length bytes", async ({ packet, frame }) => {
    const encoded = await through<OfficialPacket, Uint8Array>(official.createPacketEncoderStream(), [
      packet as OfficialPacket,
    ]);
    expect(Buffer.compare(Buffer.concat(encoded), frame)).toBe(0);
    const decoded = await through<Uint8Array, OfficialPacket>(official.createPacketDecoderStream(1e6, "nodebuffer"), [
      frame,
    ]);
    expect(decoded.map(understood)).toEqual([plain(packet)]);
  });

  it("of its encoder are read by our decoder", async () => {
    await fc.assert(
      fc.asyncProperty(sendable, async (packets) => {
        const chunks = await through<OfficialPacket, Uint8Array>(
          official.createPacketEncoderStream(),
          packets as OfficialPacket[],
        );
        const decoder = new FrameDecoder({ maxPayload: 1e6 });
        const decoded = chunks.flatMap((chunk) => decoder.push(chunk).packets);
        expect(decoded.map(plain)).toEqual(packets.map(plain));
      }),
      { numRuns: 50 },
    );
  });

  it("of our encoder are read by its decoder", async () => {
    await fc.assert(
      fc.asyncProperty(wellFormed, async (packets) => {
        const decoded = await through<Uint8Array, OfficialPacket>(
          official.createPacketDecoderStream(1e6, "nodebuffer"),
          packets.map(encodeFrame),
        );
        expect(decoded.map(understood)).toEqual(packets.map(plain));
      }),
      { numRuns: 50 },
    );
  });

  it.each([["00"], ["80"], ["7f0020000000000000"], ["0b"]])("%s is refused by both", async (hex) => {
    const frame = Buffer.from(hex, "hex");
    const theirs = await through<Uint8Array, OfficialPacket>(official.createPacketDecoderStream(10, "nodebuffer"), [
      frame,
    ]);
    expect(theirs).toEqual([{ type: "error", data: "parser error" }]);
    expect(new FrameDecoder({ maxPayload: 10 }).push(frame).error).toBeDefined();
  });
});

function plainBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
