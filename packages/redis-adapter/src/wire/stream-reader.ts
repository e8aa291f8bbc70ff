import type { OwnedLink, RedisLink, Reply } from "../clients/contract.js";
import { isRefusal } from "../reply-errors.js";

export interface StreamReaderOptions {
  readonly readCount: number;
  readonly blockTimeInMs: number;
}

export interface StreamReaderPort {
  entry(fields: Readonly<Record<string, string>>): void;
  stateChanged(way: "up" | "down"): void;
  /** Redis refuses, and will go on to. */
  refused(error: Error): void;
}

const RETRY_DELAY = 500;

/**
 * Reads a stream to its end and waits for more, on a connection of its own. After an outage it continues where it was: what
 * the stream still has is not lost.
 */
export class StreamReader {
  readonly #link: RedisLink;
  readonly #stream: string;
  readonly #options: StreamReaderOptions;
  readonly #port: StreamReaderPort;
  #reading: OwnedLink | undefined;
  /** Unknown until Redis has told where the stream ends. */
  #after: string | undefined;
  #closed = false;
  #opened: () => void = () => {};
  #wake: () => void = () => {};

  constructor(link: RedisLink, stream: string, options: StreamReaderOptions, port: StreamReaderPort) {
    this.#link = link;
    this.#stream = stream;
    this.#options = options;
    this.#port = port;
  }

  /** Resolves when entries added afterwards will be read: not before Redis can be reached. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#opened = resolve;
      void this.#run();
    });
  }

  close(): void {
    this.#closed = true;
    this.#reading?.close();
    this.#opened();
    this.#wake();
  }

  /** The id of the newest entry: what is added later is read, even if it is added before the first read. */
  async #end(): Promise<string> {
    const newest = await this.#link.send(this.#stream, ["XREVRANGE", this.#stream, "+", "-", "COUNT", "1"]);
    const [entry] = listOf(newest);
    return entry === undefined ? "0-0" : String(listOf(entry)[0]);
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#after ??= await this.#end();
        this.#opened();
        this.#reading ??= await this.#link.duplicate();
        // It was closed while the connection was being made.
        if (this.#closed) return this.#reading.close();
        this.#port.stateChanged("up");
        this.#after = await this.#read(this.#reading, this.#after);
      } catch (error) {
        if (this.#closed) return;
        this.#port.stateChanged("down");
        if (isRefusal(error)) this.#port.refused(error as Error);
        await this.#pause();
      }
    }
  }

  async #read(link: OwnedLink, after: string): Promise<string> {
    const { readCount, blockTimeInMs } = this.#options;
    const limits = ["COUNT", String(readCount), "BLOCK", String(blockTimeInMs)];
    const reply = await link.send(this.#stream, ["XREAD", ...limits, "STREAMS", this.#stream, after]);
    let last = after;
    for (const [id, fields] of entriesOf(reply)) {
      last = id;
      if (!this.#closed) this.#port.entry(fields);
    }
    return last;
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, RETRY_DELAY).unref();
    });
  }
}

/** `[[stream, [[id, [field, value, ...]], ...]]]`, or null when nothing came in time. */
function entriesOf(reply: Reply): [id: string, fields: Record<string, string>][] {
  // With RESP 3 the outer list is a map, which arrives as pairs one behind the other.
  const [first, second] = listOf(reply);
  const entries = Array.isArray(first) ? listOf(first)[1] : second;
  return listOf(entries ?? null).map((entry) => {
    const [id, fields] = listOf(entry);
    return [String(id), fieldsOf(listOf(fields ?? null))];
  });
}

/** Names come from whoever may write to the stream. */
function fieldsOf(flat: readonly Reply[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1]);
  return fields;
}

function listOf(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : [];
}
