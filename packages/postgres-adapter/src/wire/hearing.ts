import { type Decoded, decodeAttachment, decodeNotification } from "@sockeye/adapter-base/wire";
import { isPassing, PostgresAdapterError } from "../errors.js";
import type { Sink } from "../line/ear.js";
import { type Arrival, Inbox, type Wanted } from "../line/inbox.js";
import type { Line } from "../line/line.js";
import { type AttachmentStatements, fetchAttachments } from "./attachments.js";

/** Somebody who listens to one namespace, in the incumbent's words. */
export interface Hearer {
  readonly namespace: string;
  /** What comes from there is its own, and need not be fetched. */
  readonly id?: string | undefined;
  receive(message: Decoded): void;
}

/** The incumbent's adapters do not say how large an attachment is. */
const EXPECTED_SIZE = 64 * 1024;

const NOTHING: readonly Wanted[] = [];

/** What is said in the incumbent's words, in order: a notification that refers to the table waits for its row. */
export class Hearing {
  readonly #line: Line;
  readonly #inbox: Inbox;
  readonly #sawAttachment: () => void;

  constructor(line: Line, statements: AttachmentStatements, maxBytes: number, sawAttachment: () => void) {
    this.#line = line;
    this.#sawAttachment = sawAttachment;
    this.#inbox = new Inbox(
      { fetch: (ids) => this.#fetch(statements, ids), failed: (error) => line.fail(error) },
      maxBytes,
    );
  }

  sinkFor(hearer: Hearer): Sink {
    return { hear: (payload) => this.#hear(hearer, payload) };
  }

  linkUp(): void {
    this.#inbox.release();
  }

  linkDown(): void {
    this.#inbox.hold();
  }

  #hear(hearer: Hearer, payload: string): void {
    const decoded = decodeNotification(payload, hearer.namespace);
    if (!("kind" in decoded) || decoded.kind !== "attachment") {
      this.#inbox.receive({
        bytes: payload.length,
        wanted: NOTHING,
        deliver: () => hearer.receive(decoded as Decoded),
      });
      return;
    }
    this.#sawAttachment();
    if (decoded.origin === hearer.id) return;
    this.#inbox.receive(new AttachmentArrival(hearer, decoded.id, payload.length));
  }

  /** A table that is missing, or not ours to read, is no reason to think ill of the link. */
  async #fetch(statements: AttachmentStatements, ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    try {
      return await fetchAttachments((statement, values) => this.#line.query(statement, values), statements, ids);
    } catch (cause) {
      if (isPassing(cause)) throw cause;
      const message = "the table of attachments cannot be read";
      this.#line.report(new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_SCHEMA", message, { cause }));
      return new Map();
    }
  }
}

class AttachmentArrival implements Arrival {
  readonly wanted: readonly Wanted[];

  constructor(
    private readonly hearer: Hearer,
    private readonly id: string,
    readonly bytes: number,
  ) {
    this.wanted = [{ key: id, size: EXPECTED_SIZE }];
  }

  /** Nothing can be said of an attachment that is gone. */
  deliver(found: ReadonlyMap<string, Uint8Array | undefined>): void {
    const bytes = found.get(this.id);
    if (bytes !== undefined) this.hearer.receive(decodeAttachment(bytes, this.hearer.namespace));
  }
}
