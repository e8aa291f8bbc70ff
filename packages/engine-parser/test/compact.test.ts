import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as compact from "../src/compact/index.js";
import * as whole from "../src/index.js";
import * as arbitraries from "./arbitraries.js";
import { packetVectors, payloadVectors, plain } from "./vectors.js";

/** What a decoder gave, comparable: nothing for what it refused. */
function shown(decoded: whole.EnginePacket | Error | undefined): unknown {
  return decoded && !(decoded instanceof Error) ? plain(decoded) : undefined;
}

const binaryTypes = ["nodebuffer", "arraybuffer"] as const;

describe("the compact codec", () => {
  it.each(packetVectors)("writes and reads $text", ({ packet, text }) => {
    expect(compact.encodePacket(packet, false)).toBe(text);
    expect(plain(compact.decodePacket(text, "arraybuffer") as whole.EnginePacket)).toEqual(plain(packet));
  });

  it.each(payloadVectors)("writes and reads the payload $payload", ({ packets, payload }) => {
    expect(compact.encodePayload(packets)).toBe(payload);
    expect(compact.decodePackets(payload, "arraybuffer").map(shown)).toEqual(packets.map(plain));
  });

  it("hands binary data on as it is, whatever form is asked for", () => {
    const view = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
    expect(compact.encodePacket({ type: "message", data: view }, true)).toBe(view);
    const { buffer } = view.slice();
    for (const form of binaryTypes) expect(compact.decodePacket(buffer, form)!.data).toBe(buffer);
  });

  // Invariant: on the same wire the compact codec says what the whole one says, and refuses what that refuses.
  it("decodes whatever text as the whole codec does", () => {
    fc.assert(
      fc.property(arbitraries.nearlyFrame, fc.constantFrom(...binaryTypes), (text, type) => {
        expect(shown(compact.decodePacket(text, type))).toEqual(shown(whole.decodePacket(text, type)));
        const { packets, error } = whole.decodePayload(text, { binaryType: type });
        const all = compact.decodePackets(text, type).map(shown);
        expect(all.slice(0, packets.length)).toEqual(packets.map(shown));
        expect(all.indexOf(undefined)).toBe(error ? packets.length : -1);
      }),
    );
  });

  it("encodes whatever packets as the whole codec does", () => {
    fc.assert(
      fc.property(fc.array(arbitraries.packets(arbitraries.separatedText), { minLength: 1 }), (packets) => {
        expect(compact.encodePayload(packets)).toBe(whole.encodePayload(packets));
      }),
    );
  });
});
