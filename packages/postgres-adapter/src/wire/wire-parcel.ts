import { encodeNotification, type WireMessage } from "@sockeye/adapter-base/wire";
import type { Value } from "../contract.js";
import type { Statement } from "../database/contract.js";
import type { Parcel } from "../line/outbox.js";
import { arrayOf } from "../native/batch.js";
import { type AttachmentStatements, NOTIFY_ALL } from "./attachments.js";

/** A message on its way out, in the incumbent's words. */
export interface WireParcel extends Parcel {
  /** The notification; around the id of the attachment if there is one. */
  readonly head: string;
  readonly tail: string;
  readonly attachment: Uint8Array | undefined;
}

/** Stands for an id that is not known yet; nothing else in the notification looks like it. */
const UNKNOWN_ID = "\u0001id\u0001";

/** @throws ClusterError `ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE` */
export function wireParcel(channel: string, message: WireMessage, threshold: number): WireParcel {
  const notification = encodeNotification(message, threshold);
  if ("payload" in notification) {
    const { payload } = notification;
    return { channel, size: payload.length, head: payload, tail: "", attachment: undefined };
  }
  const { attachment, payloadFor } = notification;
  const [head = "", tail = ""] = payloadFor(UNKNOWN_ID).split(JSON.stringify(UNKNOWN_ID).slice(1, -1));
  return { channel, size: attachment.byteLength, head, tail, attachment };
}

/**
 * Parcels that may share a transaction. PostgreSQL delivers equal notifications of one transaction once, and what is said twice here is
 * meant twice.
 */
export function* distinct(parcels: readonly WireParcel[]): Generator<WireParcel[]> {
  let group: WireParcel[] = [];
  let said = new Set<string>();
  for (const parcel of parcels) {
    const key = parcel.attachment === undefined ? `${parcel.channel}\0${parcel.head}` : undefined;
    if (key !== undefined && said.has(key)) {
      yield group;
      group = [];
      said = new Set();
    }
    if (key !== undefined) said.add(key);
    group.push(parcel);
  }
  if (group.length > 0) yield group;
}

/** What to say to the database for these. */
export function statementFor(
  statements: AttachmentStatements,
  parcels: readonly WireParcel[],
): { readonly statement: Statement; readonly values: readonly Value[] } {
  const channels = arrayOf(parcels.map(({ channel }) => channel));
  const heads = arrayOf(parcels.map(({ head }) => head));
  if (parcels.every(({ attachment }) => attachment === undefined)) {
    return { statement: NOTIFY_ALL, values: [channels, heads] };
  }
  const starts: number[] = [];
  let size = 0;
  for (const { attachment } of parcels) {
    starts.push(size + 1);
    size += attachment?.byteLength ?? 0;
  }
  const bytes = Buffer.concat(parcels.flatMap(({ attachment }) => attachment ?? []));
  const tails = arrayOf(parcels.map(({ tail }) => tail));
  const lengths = parcels.map(({ attachment }) => attachment?.byteLength ?? -1);
  const values = [bytes, channels, heads, tails, `{${starts.join()}}`, `{${lengths.join()}}`];
  return { statement: statements.publish, values };
}
