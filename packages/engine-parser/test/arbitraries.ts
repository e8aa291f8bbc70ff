import fc from "fast-check";
import type { EnginePacket } from "../src/index.js";
import { PACKET_TYPES } from "../src/index.js";

/** Text as applications send it, half surrogate pairs, controls and all; never empty, which is no data on the wire. */
export const text = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

/** Text that UTF-8 can carry. */
export const wellFormedText = fc.string({ unit: "binary", minLength: 1 });

/** Text that a polling payload can carry: without the separator. */
export const separatedText = text.map((value) => value.replaceAll("\x1e", "~"));

/** Binary data in every form a caller may hold, some of it a part of something larger. */
export const binary = fc
  .tuple(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: 5 }), fc.constantFrom("whole", "view", "dataview", "buffer"))
  .map(([content, offset, form]) => {
    const room = new Uint8Array(offset + content.length + 3).fill(0xee);
    room.set(content, offset);
    if (form === "whole") return content.slice().buffer;
    if (form === "view") return room.subarray(offset, offset + content.length);
    if (form === "dataview") return new DataView(room.buffer, offset, content.length);
    return Buffer.from(room.buffer, offset, content.length);
  });

export function packets(data: fc.Arbitrary<string>): fc.Arbitrary<EnginePacket> {
  return fc.oneof(
    fc.record({ type: fc.constantFrom(...PACKET_TYPES), data }),
    fc.record({ type: fc.constantFrom(...PACKET_TYPES) }),
    fc.record({ type: fc.constant("message" as const), data: binary }),
  );
}

/** Texts that look like frames but are often wrong. */
export const nearlyFrame = fc.oneof(
  text,
  fc.string({ unit: fc.constantFrom(..."0123456789:b4AQ=-_\x1e €"), maxLength: 24 }),
  fc.constant(""),
);
