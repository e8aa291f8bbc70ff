import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as ws from "ws";
import { type FrameLimits, FrameReader, type FrameSink } from "../../src/websocket/frame-reader.js";
import type { FrameViolation } from "../../src/websocket/frame-violation.js";
import { cutAt, cuts, eachByte, own, plain, wire } from "./frame-stream.js";

/** What was told, in words that can be compared. */
type Told = readonly [what: string, ...details: Array<string | number>];

class Log implements FrameSink {
  readonly told: Told[] = [];

  onText(bytes: Buffer, start: number, end: number, ascii: boolean): void {
    const text = bytes.toString("utf8", start, end);
    if (ascii) expect(bytes.toString("latin1", start, end)).toBe(text);
    this.told.push(["text", text]);
  }

  onBinary(data: Buffer): void {
    this.told.push(["binary", data.toString("hex")]);
  }

  onPing(bytes: Buffer, start: number, end: number): void {
    this.told.push(["ping", bytes.toString("hex", start, end)]);
  }

  onPong(bytes: Buffer, start: number, end: number): void {
    this.told.push(["pong", bytes.toString("hex", start, end)]);
  }

  onClose(code: number, reason: string): void {
    this.told.push(["close", code, reason]);
  }

  onViolation(violation: FrameViolation): void {
    this.told.push(["violation", violation.closeCode, violation.code]);
  }
}

function read(pieces: readonly Buffer[], limits: FrameLimits): Told[] {
  const log = new Log();
  const reader = new FrameReader(limits);
  for (const piece of pieces) reader.read(piece, log);
  return log.told;
}

// --- the oracle -------------------------------------------------------------------------------------------------------

/** Part of `ws` that its types do not mention. */
interface OracleReceiver {
  on(event: string, listener: (...args: never[]) => void): this;
  write(chunk: Buffer, done: () => void): boolean;
}
const { Receiver } = ws as unknown as { Receiver: new (options: object) => OracleReceiver };

/** How `ws` names what we name `ERR_SOCKEYE_FRAME_*`. */
const names: Readonly<Record<string, string>> = {
  WS_ERR_UNEXPECTED_RSV_1: "RESERVED_BITS",
  WS_ERR_UNEXPECTED_RSV_2_3: "RESERVED_BITS",
  WS_ERR_INVALID_OPCODE: "OPCODE",
  WS_ERR_EXPECTED_FIN: "FRAGMENTED_CONTROL",
  WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH: "CONTROL_LENGTH",
  WS_ERR_EXPECTED_MASK: "NOT_MASKED",
  WS_ERR_INVALID_CLOSE_CODE: "CLOSE_CODE",
  WS_ERR_INVALID_UTF8: "NOT_UTF8",
  WS_ERR_TOO_MANY_BUFFERED_PARTS: "TOO_MANY_FRAGMENTS",
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: "MESSAGE_TOO_LARGE",
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: "MESSAGE_TOO_LARGE",
};

async function ask(pieces: readonly Buffer[], limits: FrameLimits): Promise<Told[]> {
  const told: Told[] = [];
  const receiver = new Receiver({ isServer: true, ...limits });
  const closeCodeOf = (error: object) => {
    const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
    return (error as Record<symbol, number>)[symbol!]!;
  };
  let over = false;
  receiver.on("message", (data: Buffer, isBinary: boolean) =>
    told.push(isBinary ? ["binary", data.toString("hex")] : ["text", data.toString()]),
  );
  receiver.on("ping", (data: Buffer) => told.push(["ping", data.toString("hex")]));
  receiver.on("pong", (data: Buffer) => told.push(["pong", data.toString("hex")]));
  receiver.on("conclude", (code: number, reason: Buffer) => {
    over = true;
    told.push(["close", code, reason.toString()]);
  });
  receiver.on("error", (error: Error & { code: string }) => {
    over = true;
    told.push(["violation", closeCodeOf(error), `ERR_SOCKEYE_FRAME_${names[error.code]}`]);
  });
  for (const piece of pieces) {
    if (over) break;
    await new Promise<void>((resolve) => receiver.write(piece, () => resolve()));
  }
  return told;
}

const limits: fc.Arbitrary<FrameLimits> = fc.record({
  maxPayload: fc.constantFrom(125, 300, 1024, 5000, 100_000, 100_000),
  maxFragments: fc.constantFrom(0, 1, 3, 4, 1024, 1024),
});

describe("the frame reader against ws", () => {
  // Invariant: whatever bytes come in whatever pieces, the same messages, control frames, close and violation come out as of
  // `ws`, in the same order, and nothing after the end.
  it("tells what ws tells, whatever comes, in any pieces", async () => {
    await fc.assert(
      fc.asyncProperty(wire, cuts, limits, async (bytes, sizes, bounds) => {
        expect(read(cutAt(bytes, sizes), bounds)).toEqual(await ask(cutAt(bytes, sizes), bounds));
      }),
      { numRuns: 3_000 },
    );
  });

  it("tells what ws tells when every byte comes alone", async () => {
    await fc.assert(
      fc.asyncProperty(wire, limits, async (bytes, bounds) => {
        const some = bytes.subarray(0, 900);
        expect(read(eachByte(some), bounds)).toEqual(await ask([own(some)], bounds));
      }),
      { numRuns: 600 },
    );
  });

  it("is asked about everything there is", () => {
    const seen = new Set<string>();
    for (const bytes of fc.sample(wire, { numRuns: 3_000, seed: 1 })) {
      const bounds = { maxPayload: 1024, maxFragments: 3 };
      for (const [what, ...details] of read([own(bytes)], bounds)) {
        seen.add(what === "violation" ? String(details[1]) : what);
      }
    }
    const violations = [...new Set(Object.values(names))].map((name) => `ERR_SOCKEYE_FRAME_${name}`);
    expect([...seen].sort()).toEqual(["binary", "close", "ping", "pong", "text", ...violations].sort());
  });

  // Invariant: where the bytes are cut makes no difference.
  it("tells the same, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(wire, limits, fc.array(cuts, { minLength: 1, maxLength: 4 }), (bytes, bounds, ways) => {
        const whole = read([own(bytes)], bounds);
        for (const sizes of ways) expect(read(cutAt(bytes, sizes), bounds)).toEqual(whole);
      }),
      { numRuns: 2_000 },
    );
  });
});

const BOUNDS = { maxPayload: 100_000, maxFragments: 8 };

describe("the frame reader", () => {
  it("refuses a length over the limit before a byte of payload is here", () => {
    const header = plain(1, "", { claimed: BOUNDS.maxPayload + 1 });
    expect(read([header.subarray(0, 10)], BOUNDS)).toEqual([
      ["violation", 1009, "ERR_SOCKEYE_FRAME_MESSAGE_TOO_LARGE"],
    ]);
    const fragments = [plain(1, "x".repeat(60_000), { final: false }), plain(0, "", { claimed: 40_001 })];
    expect(read(fragments, BOUNDS)).toEqual([["violation", 1009, "ERR_SOCKEYE_FRAME_MESSAGE_TOO_LARGE"]]);
    expect(
      read([plain(1, "", { claimed: 2 ** 60 })], { maxPayload: Number.POSITIVE_INFINITY, maxFragments: 0 }),
    ).toEqual([["violation", 1009, "ERR_SOCKEYE_FRAME_MESSAGE_TOO_LARGE"]]);
  });

  it("keeps memory for what has arrived, not for what was announced", () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 1_000 }, () => {
      const reader = new FrameReader({ maxPayload: 1e8, maxFragments: 8 });
      reader.read(plain(2, "x".repeat(100), { claimed: 1e8 }), new Log());
      return reader;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5e6);
    expect(readers.every((reader) => reader.unfinishedBytes === 100)).toBe(true);
  });

  it("counts what is unfinished, and forgets it", () => {
    const reader = new FrameReader(BOUNDS);
    const log = new Log();
    const counts: number[] = [];
    for (const piece of [
      plain(1, "ab", { final: false }),
      plain(9, "ping"),
      plain(0, "cd").subarray(0, 1),
      plain(0, "cd").subarray(1, 7),
      plain(0, "cd").subarray(7),
      plain(1, "x").subarray(0, 5),
    ]) {
      reader.read(own(piece), log);
      counts.push(reader.unfinishedBytes);
    }
    expect(counts).toEqual([2, 2, 3, 3, 0, 5]);
    reader.stop();
    expect(reader.unfinishedBytes).toBe(0);
    reader.read(plain(1, "late"), log);
    expect(log.told).toEqual([
      ["ping", Buffer.from("ping").toString("hex")],
      ["text", "abcd"],
    ]);
  });

  it("hands over binary data that nobody else has and that keeps little else", () => {
    const got: Buffer[] = [];
    const sink = Object.assign(new Log(), { onBinary: (data: Buffer) => void got.push(data) });
    const reader = new FrameReader(BOUNDS);
    const small = own(Buffer.concat([plain(2, "small"), plain(1, "x".repeat(20_000))]));
    const large = own(plain(2, Buffer.alloc(30_000, 7)));
    reader.read(small, sink);
    reader.read(large, sink);
    small.fill(0);
    expect(got[0]!.toString()).toBe("small");
    expect(got[0]!.buffer.byteLength).toBe(5);
    expect(got[1]).toEqual(Buffer.alloc(30_000, 7));
    expect(got[1]!.buffer.byteLength).toBe(large.length);
    // In pieces: exactly the message, with nothing of foreign memory around it.
    for (const piece of cutAt(plain(2, Buffer.alloc(30_000, 8)), [4_000, 9_000, 1])) reader.read(piece, sink);
    expect(got[2]).toEqual(Buffer.alloc(30_000, 8));
    expect(got[2]!.buffer.byteLength).toBe(30_000);
  });
});
