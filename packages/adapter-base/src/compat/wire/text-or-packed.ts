import { packValue, unpackValue } from "@sockeye/socketio-parser/msgpack";
import { ClusterError } from "../../cluster/errors.js";

/**
 * A value as JSON, or as MessagePack when there are bytes in it: the incumbent's way on buses that carry either. A reader tells
 * them apart by the first byte, since messages are objects: `{`, which no map of MessagePack begins with.
 */
const BRACE = 0x7b;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE` */
export function textOrPacked(value: unknown): string | Uint8Array {
  try {
    return plainText(value) ?? packValue(value);
  } catch (cause) {
    throw unserializable(cause);
  }
}

/** @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE` */
export function packed(value: unknown): Uint8Array {
  try {
    return packValue(value);
  } catch (cause) {
    throw unserializable(cause);
  }
}

/** JSON; `undefined` when bytes were met on the way. */
function plainText(value: unknown): string | undefined {
  let met = false;
  const text = JSON.stringify(value, function look(this: Record<string, unknown>, key, converted: unknown) {
    // Not `converted`: a Buffer has been turned into numbers by its `toJSON` there.
    if (met || isBytes(this[key]) || isBytes(converted)) {
      met = true;
      return undefined;
    }
    return converted;
  });
  return met ? undefined : text;
}

function isBytes(value: unknown): boolean {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** @throws what `JSON.parse` and `unpackValue` throw */
export function fromTextOrPacked(body: string | Uint8Array): unknown {
  if (typeof body === "string") return JSON.parse(body);
  return body[0] === BRACE ? JSON.parse(decoder.decode(body)) : unpackValue(body);
}

export function toBytes(body: string | Uint8Array): Uint8Array {
  return typeof body === "string" ? encoder.encode(body) : body;
}

function unserializable(cause: unknown): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE", "a message cannot be written down", { cause });
}
