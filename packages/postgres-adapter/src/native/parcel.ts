import type { Parcel } from "../line/outbox.js";

/** An envelope on its way out, in the cluster's own wire. */
export interface EnvelopeParcel extends Parcel {
  /** Absent: a message that something on this channel was not sent. */
  readonly bytes: Uint8Array | undefined;
  /** It stands in the table for those who are not connected. Others are notified of or lost. */
  readonly isKept: boolean;
  /** Who sends it listens to the channel, or has no use for the transaction that its row is in. */
  readonly isHeard: boolean;
}

export function envelopeParcel(channel: string, bytes: Uint8Array, isKept: boolean, isHeard = false): EnvelopeParcel {
  return { channel, bytes, isKept, isHeard, size: bytes.byteLength };
}

export function gapParcel(channel: string): EnvelopeParcel {
  return { channel, bytes: undefined, isKept: true, isHeard: false, size: 0 };
}
