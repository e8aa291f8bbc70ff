import type { Value } from "../contract.js";
import { GAP_ITEM, HEADER_BYTES, inlineItem, inlineItemLength, referenceItem, VERSION } from "./notification.js";
import type { EnvelopeParcel } from "./parcel.js";

/** What {@link publishStatement} in `statements.ts` takes, in its order. */
export type PublishValues = [
  bytes: Uint8Array,
  rowChannels: string,
  rowNumbers: string,
  rowStarts: string,
  rowLengths: string,
  head: string,
  noteChannels: string,
  noteBodies: string,
];

/**
 * Puts messages into the parameters of one statement: a row for each that is kept, and a notification for each run of messages
 * on one channel, as long as it fits. Their order is kept across channels.
 */
export class Batch {
  readonly #sender: string;
  readonly #threshold: number;
  readonly #bytes: Uint8Array[] = [];
  readonly #channels: string[] = [];
  readonly #numbers: number[] = [];
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #noteChannels: string[] = [];
  readonly #noteBodies: string[] = [];
  /** Size of what is in `#bytes`. */
  #size = 0;
  #count = 0;
  /** The notification that is being filled. */
  #channel: string | undefined;
  #body = "";

  /** @param threshold bytes of a notification */
  constructor(sender: string, threshold: number) {
    this.#sender = sender;
    this.#threshold = threshold;
  }

  add({ channel, bytes, isKept }: EnvelopeParcel): void {
    this.#count++;
    const isInline = bytes !== undefined && HEADER_BYTES + inlineItemLength(bytes) <= this.#threshold;
    this.#note(channel, bytes === undefined ? GAP_ITEM : isInline ? inlineItem(bytes) : referenceItem(bytes));
    if (isKept || !isInline) this.#row(channel, bytes);
  }

  values(): PublishValues & Value[] {
    this.#close();
    return [
      Buffer.concat(this.#bytes),
      arrayOf(this.#channels),
      `{${this.#numbers.join()}}`,
      `{${this.#starts.join()}}`,
      `{${this.#lengths.join()}}`,
      `${VERSION};${this.#sender};`,
      arrayOf(this.#noteChannels),
      arrayOf(this.#noteBodies),
    ];
  }

  #note(channel: string, item: string): void {
    const fits = channel === this.#channel && HEADER_BYTES + this.#body.length + 1 + item.length <= this.#threshold;
    if (fits) {
      this.#body += `,${item}`;
      return;
    }
    this.#close();
    this.#channel = channel;
    this.#body = `${this.#count};;${item}`;
  }

  #close(): void {
    if (this.#channel === undefined) return;
    this.#noteChannels.push(this.#channel);
    this.#noteBodies.push(this.#body);
    this.#channel = undefined;
  }

  /** Positions in SQL begin with 1. A length of -1 is NULL. */
  #row(channel: string, bytes: Uint8Array | undefined): void {
    this.#channels.push(channel);
    this.#numbers.push(this.#count);
    this.#starts.push(this.#size + 1);
    this.#lengths.push(bytes === undefined ? -1 : bytes.byteLength);
    if (bytes === undefined) return;
    this.#bytes.push(bytes);
    this.#size += bytes.byteLength;
  }
}

/** An array as PostgreSQL reads it from text. */
export function arrayOf(elements: readonly string[]): string {
  return `{${elements.map((element) => `"${element.replace(/["\\]/g, "\\$&")}"`).join()}}`;
}
