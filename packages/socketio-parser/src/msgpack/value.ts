import { Packr, Unpackr } from "msgpackr";
import { ParserViolation } from "../errors.js";
import { DEFAULT_LIMITS } from "../limits.js";
import { importExtensions } from "./extensions.js";
import { PackableCopy } from "./packable.js";
import { Reader, UNSURE } from "./reader.js";
import { Scanner } from "./scan.js";
import { Writer } from "./writer.js";

/** Maps stay maps (no records, no shared structures), each with the shortest head. */
export const packr = new Packr({ useRecords: false, variableMapSize: true });

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

/** What is `undefined` has no place in JSON: it is found by the copying walk. */
const writer = new Writer("unsure");

/** Reading calls nobody else's code, so one is enough for all. */
const reader = new Reader();

/**
 * Any value as MessagePack, as JSON would see it, except that bytes and dates stay what they are (dates as the timestamps of the
 * MessagePack specification). For code that shares a bus with peers that speak MessagePack; packets have the `Encoder`.
 *
 * ```ts
 * client.publish("channel", packValue({ picture: Buffer.from([1, 2]), at: new Date() }));
 * ```
 *
 * @throws ParserError `ERR_SOCKEYE_PARSER_UNSERIALIZABLE`, `ERR_SOCKEYE_PARSER_TOO_DEEP`
 */
export function packValue(value: unknown): Uint8Array {
  return writer.write(value) ?? packr.pack(new PackableCopy("json").of(value, "") ?? null);
}

/**
 * What {@link packValue} or another writer of MessagePack wrote. Only bytes that were walked over go to the library: lengths,
 * depth (`maxDepth` levels, default 1,000) and names of members are checked first. Bytes in the result are views of `bytes`.
 *
 * @throws ParserViolation `ERR_SOCKEYE_PARSER_INVALID_PAYLOAD`, `ERR_SOCKEYE_PARSER_TOO_DEEP`
 */
export function unpackValue(bytes: Uint8Array, maxDepth: number = DEFAULT_LIMITS.maxDepth): unknown {
  const value = reader.read(bytes, maxDepth);
  return value === UNSURE ? unpackThoroughly(bytes, maxDepth) : value;
}

function unpackThoroughly(bytes: Uint8Array, maxDepth: number): unknown {
  const scanner = new Scanner(bytes, maxDepth);
  scanner.skip();
  if (!scanner.isAtEnd) {
    throw new ParserViolation("INVALID_PAYLOAD");
  }
  return unpackr.unpack(scanner.extensions === undefined ? bytes : importExtensions(bytes, scanner.extensions));
}
