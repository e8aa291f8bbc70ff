import type { Parcel } from "../line/outbox.js";

/** An envelope on its way out, in the cluster's own wire. */
export interface EnvelopeParcel extends Parcel {
  /** Absent: a message that something on this channel was not sent. */
  readonly bytes: Uint8Array | undefined;
  /** It stands in the table for those who are not connected. Others are notified of or lost. */
  readonly isKept: boolean;
}

export function envelopeParcel(channel: string, bytes: Uint8Array, isKept: boolean): EnvelopeParcel {
  return { channel, bytes, isKept, size: bytes.byteLength };
}

export function gapParcel(channel: string): EnvelopeParcel {
  return { channel, bytes: undefined, isKept: true, size: 0 };
}
