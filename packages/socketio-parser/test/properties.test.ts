import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as compact from "../src/compact/index.js";
import { canonical } from "../src/conformance/assertions.js";
import { type EncodedPacket, parser as json, type Packet, type Parser, ParserError } from "../src/index.js";
import { parser as msgpack } from "../src/msgpack/index.js";
import { bytes, isWellFormed, packet, packetLikeText, ROOMY } from "./arbitraries.js";

const CODECS: readonly (readonly [string, Parser])[] = [
  ["JSON", json],
  ["compact", compact.parser],
  ["MessagePack", msgpack],
];

function decodeAll(parser: Parser, chunks: EncodedPacket): Packet[] {
  const decoder = new parser.Decoder(ROOMY);
  return chunks.map((chunk) => decoder.decode?.(chunk)).filter((one) => one !== undefined);
}

describe.each(CODECS)("%s", (_name, parser) => {
  // Invariant: what is encoded and decoded is the same packet, and the encoder's input is what it was.
  it("carries every packet", () => {
    fc.assert(
      fc.property(packet(true), (given) => {
        fc.pre(carries(parser, given));
        const before = canonical(given);
        const decoded = decodeAll(parser, new parser.Encoder().encode(given));
        expect(canonical(given)).toBe(before);
        expect(canonical(decoded)).toBe(canonical([given]));
      }),
      { numRuns: 400 },
    );
  });

  // Invariant: a decoder knows the end of each packet: any sequence comes out as it went in, with nothing left over.
  it("carries every sequence of packets", () => {
    fc.assert(
      fc.property(fc.array(packet(true), { maxLength: 6 }), (given) => {
        fc.pre(given.every((one) => carries(parser, one)));
        const encoder = new parser.Encoder();
        expect(
          canonical(
            decodeAll(
              parser,
              given.flatMap((one) => [...encoder.encode(one)]),
            ),
          ),
        ).toBe(canonical(given));
      }),
      { numRuns: 100 },
    );
  });

  // Invariant: whatever arrives, in whatever order, is a packet of a valid shape or our own error; and the decoder goes on after
  // destroy().
  it("answers any messages with valid packets or its own errors", () => {
    const message = fc.oneof(packetLikeText, fc.string(), bytes, fc.anything());
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
        const decoder = new parser.Decoder();
        for (const one of messages) {
          try {
            const decoded = decoder.decode?.(one);
            if (decoded !== undefined) {
              new parser.Encoder().encode(decoded);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(ParserError);
            decoder.destroy();
          }
        }
        decoder.destroy();
        const next: Packet = { type: 2, nsp: "/", data: ["next"] };
        for (const chunk of new parser.Encoder().encode(next)) {
          expect(canonical(decoder.decode?.(chunk))).toBe(canonical(next));
        }
      }),
      { numRuns: 1500 },
    );
  });

  // Invariant: a valid message that was cut or changed anywhere is a valid packet, unfinished, or our own error.
  it("answers a valid message, cut and changed at every place, with packets or its own errors", () => {
    fc.assert(
      fc.property(packet(true), fc.nat({ max: 255 }), (given, value) => {
        const chunks = new parser.Encoder().encode(given);
        const first = chunks[0];
        const length = typeof first === "string" ? first.length : (first as Uint8Array).length;
        for (let at = 0; at < Math.min(length, 120); at++) {
          for (const changed of typeof first === "string"
            ? [first.slice(0, at), first.slice(0, at) + String.fromCharCode(value) + first.slice(at + 1)]
            : [(first as Uint8Array).slice(0, at), replaced(first as Uint8Array, at, value)]) {
            try {
              decodeAll(parser, [changed, ...chunks.slice(1)]);
            } catch (error) {
              expect(error).toBeInstanceOf(ParserError);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe.each([
  ["JSON", json],
  ["MessagePack", msgpack],
])("%s", (_name, parser) => {
  // Invariant: an offset is one more argument, and nothing else.
  it("appends an offset to every event", () => {
    fc.assert(
      fc.property(packet(true), fc.string({ unit: "grapheme" }), (given, offset) => {
        fc.pre(given.type === 2 && isWellFormed(offset) && carries(parser, given));
        const encoder = new parser.Encoder();
        const spliced = encoder.withOffset?.(encoder.encode(given), offset) ?? [];
        expect(canonical(decodeAll(parser, spliced))).toBe(
          canonical([{ ...given, data: [...(given.data as readonly unknown[]), offset] }]),
        );
      }),
      { numRuns: 200 },
    );
  });
});

/** msgpackr renames members called `__proto__`. */
function carries(parser: Parser, given: Packet): boolean {
  return parser !== msgpack || !canonical(given).includes('"__proto__":');
}

function replaced(original: Uint8Array, at: number, value: number): Uint8Array {
  const copy = original.slice();
  copy[at] = value;
  return copy;
}
