import { fromBase64, toBase64 } from "./base64.js";
import { asViolation, CATALOG, dataOf, fromCatalog } from "./catalog.js";
import type { Decoded, WireMessage } from "./contract.js";
import { fromTextOrPacked, textOrPacked } from "./text-or-packed.js";

/** The fields of an entry of the incumbent's stream, all of them text. */
export type StreamFields = Readonly<Record<string, string>>;

/**
 * A message as an entry of a stream: `data` is JSON, or base64 of MessagePack where there are bytes in it (always JSON with
 * `onlyPlaintext`, as the incumbent's option of that name: bytes then arrive as objects).
 *
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE`
 */
export function encodeEntry(message: WireMessage, onlyPlaintext = false): StreamFields {
  const head = { uid: message.origin, nsp: message.namespace, type: String(CATALOG[message.kind]) };
  const data = dataOf(message);
  if (data === undefined) return head;
  const body = onlyPlaintext ? JSON.stringify(data) : textOrPacked(data);
  return { ...head, data: typeof body === "string" ? body : toBase64(body) };
}

/** Never throws. An entry that somebody else put into the stream is a violation. */
export function decodeEntry({ uid, nsp, type, data }: StreamFields): Decoded {
  try {
    return fromCatalog({ uid, nsp, type: Number(type), data: data === undefined ? undefined : readData(data) });
  } catch (thrown) {
    return asViolation(thrown);
  }
}

function readData(text: string): unknown {
  return fromTextOrPacked(text.startsWith("{") ? text : fromBase64(text));
}
