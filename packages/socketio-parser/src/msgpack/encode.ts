import type { EncodedPacket, Encoder as EncoderContract } from "../contract.js";
import { UnserializableError } from "../errors.js";
import { type Packet, PacketType } from "../packet.js";
import { explain } from "../unserializable.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";

/** The writer between two packets. It is taken while in use, because a `toJSON` may encode a packet in its turn. */
let spare: Writer | undefined;

/** Packet to one binary message: a map of `type`, `nsp`, `id` and `data`. */
export class Encoder implements EncoderContract {
  encode(packet: Packet): EncodedPacket {
    const writer = spare ?? new Writer();
    spare = undefined;
    try {
      writePacket(writer, packet);
      return [writer.take()];
    } catch (cause) {
      writer.drop();
      throw explain(packet, cause);
    } finally {
      spare = writer;
    }
  }

  withOffset(encoded: EncodedPacket, offset: string): EncodedPacket {
    const bytes = encoded[0] as Uint8Array;
    const { start, end, length } = findArguments(bytes);
    const writer = new Writer();
    writer.raw(bytes.subarray(0, start));
    writer.arrayHead(length + 1);
    writer.raw(bytes.subarray(end));
    writer.text(offset);
    return [writer.take()];
  }
}

/** `data` comes last, so that an argument can be put behind the others by appending it. */
function writePacket(writer: Writer, packet: Packet): void {
  const { type, nsp } = packet;
  const { id, data } = packet as { id?: number; data?: unknown };
  writer.mapHead(2 + Number(id != null) + Number(data !== undefined));
  writer.text("type");
  // Bytes stand in the payload itself: there are no binary packets here.
  writer.byte(type > PacketType.CONNECT_ERROR ? type - 3 : type);
  writer.text("nsp");
  writer.text(nsp || "/");
  if (id != null) {
    writer.text("id");
    writer.number(id);
  }
  if (data !== undefined) {
    writer.text("data");
    writer.value(data, "data");
  }
}

/** Where the head of the arguments stands in a packet of this encoder, and how many there are. */
function findArguments(bytes: Uint8Array): { start: number; end: number; length: number } {
  try {
    const reader = new Reader(bytes, 0);
    for (let members = reader.mapHead() ?? 0; members > 0; members--) {
      if (reader.name() === "data" && members === 1) {
        const start = reader.position;
        const length = reader.arrayHead();
        if (length !== undefined) {
          return { start, end: reader.position, length };
        }
      } else {
        reader.value();
      }
    }
  } catch {
    // Said below.
  }
  throw new UnserializableError("an offset is put behind the arguments of an encoded event only");
}
