import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as compact from "../src/compact/index.js";
import * as whole from "../src/index.js";
import * as arbitraries from "./arbitraries.js";
import { packetVectors, payloadVectors, plain } from "./vectors.js";

/** What a decoder gave, comparable: errors by their code and words. */
function shown(decoded: whole.EnginePacket | (Error & { code?: string })): unknown {
  return decoded instanceof Error ? { code: decoded.code, message: decoded.message } : plain(decoded);
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

  it("hands binary data on as it is, and gives it in the form that was asked for", () => {
    const view = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
    expect(compact.encodePacket({ type: "message", data: view }, true)).toBe(view);
    const { data } = compact.decodePacket(view, "arraybuffer") as unknown as { data: ArrayBuffer };
    expect([data instanceof ArrayBuffer, data.byteLength]).toEqual([true, 2]);
    const bytes = compact.decodePacket(view.slice().buffer, "nodebuffer") as unknown as { data: Uint8Array };
    expect([bytes.data instanceof Uint8Array, [...bytes.data]]).toEqual([true, [1, 2]]);
  });

  // Invariant: on the same wire the compact codec says what the whole one says, errors included.
  it("decodes whatever text as the whole codec does", () => {
    fc.assert(
      fc.property(arbitraries.nearlyFrame, fc.constantFrom(...binaryTypes), (text, type) => {
        expect(shown(compact.decodePacket(text, type))).toEqual(shown(whole.decodePacket(text, type)));
        const { packets, error } = whole.decodePayload(text, { binaryType: type });
        const all = error ? [...packets, error] : packets;
        expect(compact.decodePackets(text, type).map(shown)).toEqual(all.map(shown));
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

  it("judges handshakes as the whole codec does", () => {
    const amount = fc.oneof(fc.constantFrom(0, 0.5, -1, 25_000, null, "1"), fc.double());
    const fields = {
      sid: fc.oneof(fc.string(), fc.constantFrom(null, 1, "")),
      upgrades: fc.oneof(fc.array(fc.string()), fc.constantFrom(null, "websocket", [1], {})),
      pingInterval: amount,
      pingTimeout: amount,
      maxPayload: amount,
    };
    fc.assert(
      fc.property(fc.oneof(fc.record(fields, { requiredKeys: [] }), fc.jsonValue()), (body) => {
        const json = JSON.stringify(body);
        expect(shown(compact.decodeHandshake(json) as never)).toEqual(shown(whole.decodeHandshake(json) as never));
      }),
    );
    for (const bad of [undefined, null, "", "{", 1, {}, new Uint8Array(2)]) {
      expect(compact.decodeHandshake(bad)).toMatchObject({ code: "ERR_SOCKEYE_ENGINE_PARSER_INVALID_HANDSHAKE" });
    }
  });
});
