import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type BinaryType,
  type EnginePacket,
  type EngineParserError,
  EngineParserMisuse,
  EngineProtocolViolation,
  encodeFrame,
  encodePacket,
  FrameDecoder,
  wrapFrame,
} from "../src/index.js";
import * as arbitraries from "./arbitraries.js";
import { bytes, frameVectors, plain } from "./vectors.js";

interface Heard {
  packets: unknown[];
  code: string | undefined;
}

/** What a fresh decoder makes of `chunks`, one push each. */
function hear(chunks: readonly Uint8Array[], maxPayload = 1_000_000, binaryType?: BinaryType): Heard {
  const decoder = new FrameDecoder({ maxPayload, binaryType });
  const packets: EnginePacket[] = [];
  let error: EngineParserError | undefined;
  for (const chunk of chunks) {
    const decoded = decoder.push(chunk);
    packets.push(...decoded.packets);
    error = decoded.error;
  }
  return { packets: packets.map(plain), code: error?.code };
}

function byteByByte(stream: Uint8Array): Uint8Array[] {
  return Array.from(stream, (_, i) => stream.subarray(i, i + 1));
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

function code(what: string): string {
  return `ERR_SOCKEYE_ENGINE_PARSER_${what}`;
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("encodeFrame", () => {
  it.each(frameVectors)("encodes a frame of $frame.length bytes", ({ packet, frame }) => {
    expect(Buffer.compare(encodeFrame(packet), frame)).toBe(0);
  });

  it("puts header and payload in one piece of memory that holds nothing else", () => {
    const frame = encodeFrame({ type: "message", data: "hi" });
    expect([frame.byteOffset, frame.buffer.byteLength]).toEqual([0, frame.byteLength]);
  });

  it("encodes only the part of the memory that a view shows", () => {
    const view = new DataView(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2);
    expect([...encodeFrame({ type: "message", data: view })]).toEqual([0x82, 1, 2]);
  });

  it("sends empty binary data as text, for a frame of length 0 is an error", () => {
    expect([...encodeFrame({ type: "message", data: new ArrayBuffer(0) })]).toEqual([1, 98]);
  });
});

describe("wrapFrame", () => {
  it("frames what is already encoded", () => {
    const packet: EnginePacket = { type: "message", data: "€" };
    expect(wrapFrame(encodePacket(packet, true))).toEqual(encodeFrame(packet));
  });
});

describe("FrameDecoder", () => {
  const everything = join(frameVectors.filter(({ frame }) => frame.length < 1_000).map(({ frame }) => frame));
  const expected = frameVectors.filter(({ frame }) => frame.length < 1_000).map(({ packet }) => plain(packet));

  it.each(frameVectors)("decodes a frame of $frame.length bytes, whole and byte by byte", ({ packet, frame }) => {
    for (const chunks of [[frame], byteByByte(frame)]) {
      expect(hear(chunks)).toEqual({ packets: [plain(packet)], code: undefined });
    }
  });

  it("decodes many frames in one chunk", () => {
    expect(hear([everything])).toEqual({ packets: expected, code: undefined });
  });

  it("decodes a stream split in two at every byte", () => {
    for (let cut = 0; cut <= everything.length; cut++) {
      expect(hear([everything.subarray(0, cut), everything.subarray(cut)])).toEqual({
        packets: expected,
        code: undefined,
      });
    }
  });

  it("holds a packet back until its last byte", () => {
    const decoder = new FrameDecoder({ maxPayload: 10 });
    expect(decoder.push(bytes("05 34 31 e282"))).toEqual({ packets: [] });
    expect(decoder.push(bytes(""))).toEqual({ packets: [] });
    expect(decoder.push(bytes("ac"))).toEqual({ packets: [{ type: "message", data: "1€" }] });
  });

  it("takes a length in more bytes than it needs", () => {
    for (const header of ["7e0001", "7f0000000000000001"]) {
      expect(hear([bytes(`${header}32`)])).toEqual({ packets: [{ type: "ping" }], code: undefined });
    }
  });

  describe("binary data", () => {
    it.each([["nodebuffer" as const], ["arraybuffer" as const]])("is a %s of its own, in one chunk or two", (type) => {
      const frame = bytes("83 010203 82 0405");
      for (const cut of [0, 2, 6]) {
        const decoder = new FrameDecoder({ maxPayload: 10, binaryType: type });
        const first = frame.slice(0, cut);
        const second = frame.slice(cut);
        const packets = [...decoder.push(first).packets, ...decoder.push(second).packets];
        first.fill(0xee);
        second.fill(0xee);
        expect(packets.map(plain)).toEqual([
          { type: "message", data: [1, 2, 3] },
          { type: "message", data: [4, 5] },
        ]);
        for (const { data } of packets) {
          expect(type === "arraybuffer" ? data instanceof ArrayBuffer : Buffer.isBuffer(data)).toBe(true);
        }
      }
    });

    it("may come as base64 in a text frame", () => {
      expect(hear([bytes("05 6241514944")])).toEqual({
        packets: [{ type: "message", data: [1, 2, 3] }],
        code: undefined,
      });
    });

    it("may be empty that way", () => {
      expect(hear([encodeFrame({ type: "message", data: new ArrayBuffer(0) })]).packets).toEqual([
        { type: "message", data: [] },
      ]);
    });
  });

  describe("refuses", () => {
    it.each([
      ["a frame of length 0", "00", "EMPTY_PACKET"],
      ["a binary frame of length 0", "80", "EMPTY_PACKET"],
      ["a length of 0 in 2 bytes", "7e0000", "EMPTY_PACKET"],
      ["a length of 0 in 8 bytes", "ff0000000000000000", "EMPTY_PACKET"],
      ["an unknown type", "01 39", "UNKNOWN_PACKET_TYPE"],
      ["bad base64", "02 6221", "INVALID_BASE64"],
      ["text that is not UTF-8", "02 34ff", "INVALID_UTF8"],
      ["text with half a surrogate pair", "04 34eda080", "INVALID_UTF8"],
      ["a byte order mark before the type", "04 efbbbf34", "UNKNOWN_PACKET_TYPE"],
    ])("%s", (_, hex, what) => {
      for (const chunks of [[bytes(hex)], byteByByte(bytes(hex))]) {
        expect(hear(chunks)).toEqual({ packets: [], code: code(what) });
      }
    });

    it.each([
      ["0b", 10],
      ["8b", 10],
      ["7e000b", 10],
      ["fe03e9", 1_000],
      ["7f00000000000f4241", 1_000_000],
      ["7f0020000000000000", Number.MAX_SAFE_INTEGER],
      ["ffffffffffffffffff", Number.MAX_SAFE_INTEGER],
      ["7f0020000000000000", Number.POSITIVE_INFINITY],
      ["ffffffffffffffffff", Number.POSITIVE_INFINITY],
    ])("a declared length over the limit, before any payload came: %s", (hex, maxPayload) => {
      for (const chunks of [[bytes(hex)], byteByByte(bytes(hex))]) {
        expect(hear(chunks, maxPayload)).toEqual({ packets: [], code: code("FRAME_TOO_LONG") });
      }
    });

    it("no length that a number can hold, when there is no limit", () => {
      const decoder = new FrameDecoder({ maxPayload: Number.POSITIVE_INFINITY });
      expect(decoder.push(bytes("7f001fffffffffffff 34"))).toEqual({ packets: [] });
    });

    it("nothing of exactly maxPayload bytes", () => {
      expect(hear([bytes("03 343435")], 3)).toEqual({ packets: [{ type: "message", data: "45" }], code: undefined });
      expect(hear([bytes("03 343435")], 2)).toEqual({ packets: [], code: code("FRAME_TOO_LONG") });
    });

    it("everything after the first error, and keeps the packets before it", () => {
      const decoder = new FrameDecoder({ maxPayload: 10 });
      const first = decoder.push(bytes("01 32 00 01 33"));
      expect(first.packets).toEqual([{ type: "ping" }]);
      expect(first.error).toBeInstanceOf(EngineProtocolViolation);
      expect(decoder.push(bytes("01 33"))).toEqual({ packets: [], error: first.error });
      expect(decoder.push(bytes(""))).toEqual({ packets: [], error: first.error });
    });

    it.each([[0], [-1], [Number.NaN], [undefined]])("a limit of %s", (maxPayload) => {
      expect(() => new FrameDecoder({ maxPayload: maxPayload as number })).toThrow(EngineParserMisuse);
    });
  });

  describe("costs", () => {
    const length = 1_000_000;
    const stream = encodeFrame({ type: "message", data: new Uint8Array(length).fill(1) });

    it("a byte by byte stream about three copies of each byte", () => {
      let copied = 0;
      const set = Uint8Array.prototype.set;
      vi.spyOn(Uint8Array.prototype, "set").mockImplementation(function (this: Uint8Array, from, offset) {
        copied += from.length;
        set.call(this, from, offset);
      });
      const decoder = new FrameDecoder({ maxPayload: length });
      let received = 0;
      for (let i = 0; i < stream.length; i++) received += decoder.push(stream.subarray(i, i + 1)).packets.length;
      expect(received).toBe(1);
      expect(copied).toBeGreaterThanOrEqual(length);
      expect(copied).toBeLessThan(3 * length);
    });

    it("a large declared length nothing until the bytes come", () => {
      const decoder = new FrameDecoder({ maxPayload: length });
      let reserved = 0;
      const Native = Uint8Array;
      vi.stubGlobal(
        "Uint8Array",
        new Proxy(Native, {
          construct(target, args, newTarget) {
            if (typeof args[0] === "number") reserved += args[0];
            return Reflect.construct(target, args, newTarget);
          },
        }),
      );
      decoder.push(stream.subarray(0, 9 + 100));
      expect(reserved).toBeGreaterThan(0);
      expect(reserved).toBeLessThan(2_048);
    });
  });

  const cuts = fc.array(fc.nat({ max: 12 }), { maxLength: 40 });

  function cutAt(stream: Uint8Array, sizes: readonly number[]): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let at = 0;
    for (const size of sizes) {
      chunks.push(stream.subarray(at, at + size));
      at += size;
    }
    return [...chunks, stream.subarray(Math.min(at, stream.length))];
  }

  // Invariant: packets come back as they went, in order, however the stream is cut.
  it("undoes encodeFrame in any cut", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraries.packets(arbitraries.wellFormedText), { maxLength: 8 }),
        cuts,
        (packets, sizes) => {
          const stream = join(packets.map(encodeFrame));
          const whole = { packets: packets.map(plain), code: undefined };
          expect(hear([stream])).toEqual(whole);
          expect(hear(cutAt(stream, sizes))).toEqual(whole);
          expect(hear(byteByByte(stream))).toEqual(whole);
        },
      ),
    );
  });

  // Invariant: any bytes are packets, an error or an unfinished frame, never a throw, and the same in any cut.
  it("takes any bytes, whole and split at every byte", () => {
    const small = fc.array(fc.constantFrom(0, 1, 2, 3, 0x30, 0x34, 0x62, 0x7e, 0x7f, 0x81, 0x83, 0xfe, 0xff), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          small.map((list) => Uint8Array.from(list)),
          fc.uint8Array(),
        ),
        cuts,
        (stream, sizes) => {
          const whole = hear([stream], 20);
          expect(hear(byteByByte(stream), 20)).toEqual(whole);
          expect(hear(cutAt(stream, sizes), 20)).toEqual(whole);
          for (let cut = 0; cut <= stream.length; cut++) {
            expect(hear([stream.subarray(0, cut), stream.subarray(cut)], 20)).toEqual(whole);
          }
        },
      ),
    );
  });
});

it("tells how much of an unfinished frame it keeps", () => {
  const decoder = new FrameDecoder({ maxPayload: 1000 });
  expect(decoder.pendingBytes).toBe(0);
  decoder.push(Uint8Array.of(126, 0));
  expect(decoder.pendingBytes).toBe(2);
  decoder.push(Uint8Array.of(130, 52, 97));
  expect(decoder.pendingBytes).toBe(2);
  decoder.push(new Uint8Array(128).fill(97));
  expect(decoder.pendingBytes).toBe(0);
});
