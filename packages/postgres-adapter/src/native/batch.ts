import type { Value } from "../contract.js";
import { GAP_ITEM, HEADER_BYTES, inlineItem, inlineItemLength, referenceItem, VERSION } from "./notification.js";
import type { EnvelopeParcel } from "./parcel.js";

/** What {@link publishText} in `statements.ts` takes, in its order. */
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

/** What {@link publishOneText} in `statements.ts` takes. */
export type OneValues = [sender: string, channel: string, base64: string];

/** For a statement that publishes no more than this message; `undefined`: it is not kept, or not in one piece. */
export function valuesOfOne(
  sender: string,
  { channel, bytes, isKept }: EnvelopeParcel,
  threshold: number,
): OneValues | undefined {
  if (!isKept || bytes === undefined || bytes.byteLength === 0) return undefined;
  const fits = HEADER_BYTES + inlineItemLength(bytes) <= threshold;
  return fits ? [sender, channel, inlineItem(bytes)] : undefined;
}

/**
 * Puts messages into the parameters of one statement: a row for each that is kept, and a notification for each run of messages
 * on one channel, as long as it fits. Their order is kept across channels.
 */
export class Batch {
  readonly #sender: string;
  readonly #threshold: number;
  readonly #bytes: Uint8Array[] = [];
  // Arrays as PostgreSQL reads them, without their braces: most statements have one element in each.
  #channels = "";
  #numbers = "";
  #starts = "";
  #lengths = "";
  #noteChannels = "";
  #noteBodies = "";
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
    const [first] = this.#bytes;
    return [
      first !== undefined && this.#bytes.length === 1 ? first : Buffer.concat(this.#bytes),
      `{${this.#channels}}`,
      `{${this.#numbers}}`,
      `{${this.#starts}}`,
      `{${this.#lengths}}`,
      `${VERSION};${this.#sender};`,
      `{${this.#noteChannels}}`,
      `{${this.#noteBodies}}`,
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
    this.#noteChannels = listed(this.#noteChannels, elementOf(this.#channel));
    // Nothing in it has to be quoted: digits, base64 and the marks of items.
    this.#noteBodies = listed(this.#noteBodies, `"${this.#body}"`);
    this.#channel = undefined;
  }

  /** Positions in SQL begin with 1. A length of -1 is NULL. */
  #row(channel: string, bytes: Uint8Array | undefined): void {
    this.#channels = listed(this.#channels, elementOf(channel));
    this.#numbers = listed(this.#numbers, `${this.#count}`);
    this.#starts = listed(this.#starts, `${this.#size + 1}`);
    this.#lengths = listed(this.#lengths, `${bytes === undefined ? -1 : bytes.byteLength}`);
    if (bytes === undefined) return;
    this.#bytes.push(bytes);
    this.#size += bytes.byteLength;
  }
}

function listed(elements: string, element: string): string {
  return elements === "" ? element : `${elements},${element}`;
}

function elementOf(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** An array as PostgreSQL reads it from text. */
export function arrayOf(elements: readonly string[]): string {
  return `{${elements.map(elementOf).join()}}`;
}
