import type { EncodedPacket, Encoder as EncoderContract } from "../contract.js";
import { UnserializableError } from "../errors.js";
import { type Packet, PacketType } from "../packet.js";
import { explain } from "../unserializable.js";
import { concatenate, exportDates } from "./extensions.js";
import { PackableCopy } from "./packable.js";
import { Scanner } from "./scan.js";
import { packr } from "./value.js";
import { Writer } from "./writer.js";

/** It holds nothing of a packet between two of them, so one is enough for all. */
const writer = new Writer();

/** Packet to one binary message: a map of `type`, `nsp`, `id` and `data`. */
export class Encoder implements EncoderContract {
  encode(packet: Packet): EncodedPacket {
    try {
      const { data } = packet as { data?: unknown };
      const written = writer.write(envelope(packet, data));
      if (written !== undefined) {
        return [written];
      }
      const copy = new PackableCopy();
      const bytes = packr.pack(envelope(packet, copy.of(data, "data")));
      return [copy.hasDate ? withOfficialDates(bytes) : bytes];
    } catch (cause) {
      throw explain(packet, cause);
    }
  }

  withOffset(encoded: EncodedPacket, offset: string): EncodedPacket {
    const bytes = encoded[0] as Uint8Array;
    const { start, end, length } = findArguments(bytes);
    return [concatenate([bytes.subarray(0, start), arrayHead(length + 1), bytes.subarray(end), packr.pack(offset)])];
  }
}

/** `data` comes last, so that an argument can be put behind the others by appending it. What there is not is not said. */
function envelope(packet: Packet, data: unknown): object {
  const nsp = packet.nsp || "/";
  const id = (packet as { id?: number }).id;
  // Bytes stand in the payload itself: there are no binary packets here.
  const type = packet.type > PacketType.CONNECT_ERROR ? packet.type - 3 : packet.type;
  if (data === undefined) {
    return { type, nsp };
  }
  return id == null ? { type, nsp, data } : { type, nsp, id, data };
}

function withOfficialDates(bytes: Uint8Array): Uint8Array {
  const scanner = new Scanner(bytes, Number.POSITIVE_INFINITY);
  scanner.skip();
  return exportDates(bytes, scanner.extensions ?? []);
}

/** Where the head of the arguments stands in a packet of this encoder, and how many there are. */
function findArguments(bytes: Uint8Array): { start: number; end: number; length: number } {
  try {
    const scanner = new Scanner(bytes, 0);
    // Type, namespace and, in between, perhaps an id: names and values, and then the name `data`.
    for (let values = scanner.mapHead() * 2 - 1; values > 0; values--) {
      scanner.skip();
    }
    const start = scanner.at;
    const length = scanner.arrayHead();
    return { start, end: scanner.at, length };
  } catch {
    throw new UnserializableError("an offset is put behind the arguments of an encoded event only");
  }
}

function arrayHead(length: number): Uint8Array {
  return length < 16
    ? Uint8Array.of(0x90 | length)
    : length < 2 ** 16
      ? Uint8Array.of(0xdc, length >> 8, length)
      : Uint8Array.of(0xdd, length >>> 24, length >> 16, length >> 8, length);
}
