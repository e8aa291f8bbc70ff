import { unpackValue } from "@sockeye/socketio-parser/msgpack";
import { asViolation, CATALOG, fromCatalog, toCatalog } from "./catalog.js";
import type { Decoded, WireMessage } from "./contract.js";
import { asMembers, asText, bad } from "./shapes.js";
import { packed, textOrPacked, toBytes } from "./text-or-packed.js";

/**
 * Messages of the incumbent's PostgreSQL adapter: a notification is JSON; what has bytes in it, or is too large for a
 * notification, is a row of a table, and the notification says which.
 */
export type Notification =
  | { readonly payload: string }
  | {
      /** MessagePack of the whole message, for the `payload` column. */
      readonly attachment: Uint8Array;
      /** The notification that refers to the row. */
      readonly payloadFor: (id: string) => string;
    };

/** A notification whose message is in the table. */
export interface AttachmentReference {
  readonly kind: "attachment";
  readonly id: string;
  readonly origin: string;
}

/**
 * @param threshold bytes from which a message goes into the table
 * @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE`
 */
export function encodeNotification(message: WireMessage, threshold: number): Notification {
  const body = textOrPacked(toCatalog(message));
  if (typeof body === "string" && toBytes(body).byteLength < threshold) return { payload: body };
  const head = { uid: message.origin, type: CATALOG[message.kind] };
  return {
    attachment: typeof body === "string" ? packed(toCatalog(message)) : body,
    payloadFor: (attachmentId) => JSON.stringify({ ...head, attachmentId }),
  };
}

/** Never throws. `namespace` is that of the channel: emitters do not name it. */
export function decodeNotification(payload: string, namespace: string): Decoded | AttachmentReference {
  try {
    const message: unknown = JSON.parse(payload);
    const { attachmentId, uid } = asMembers(message, "notification");
    if (attachmentId === undefined) return fromCatalog(message, namespace);
    return { kind: "attachment", id: asId(attachmentId), origin: asText(uid, "uid") };
  } catch (thrown) {
    return asViolation(thrown);
  }
}

/** Never throws. */
export function decodeAttachment(bytes: Uint8Array, namespace: string): Decoded {
  try {
    return fromCatalog(unpackValue(bytes), namespace);
  } catch (thrown) {
    return asViolation(thrown);
  }
}

/** A bigserial, which clients read as text; it goes into a query as a parameter. */
function asId(value: unknown): string {
  const id = String(value);
  if (!/^\d{1,19}$/.test(id)) throw bad("attachmentId");
  return id;
}
