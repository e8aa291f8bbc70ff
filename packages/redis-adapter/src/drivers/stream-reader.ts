import { ClusterError } from "@sockeye/adapter-base";
import type { OwnedLink, RedisLink, Reply } from "../clients/contract.js";
import { TIMED_OUT, within } from "../deadline.js";
import { isRefusal } from "../reply-errors.js";

/** Times in milliseconds. */
export interface StreamReaderOptions {
  readonly maxLen: number;
  readonly readCount: number;
  readonly blockTimeInMs: number;
  readonly commandTimeout: number;
}

export interface StreamReaderPort {
  /** The client whose settings the reader's own connection has. */
  readonly link: RedisLink;
  /** Decides about the node of a cluster. */
  readonly route: string;
  /** Read from its end on. */
  readonly key: string;
  entry(key: string, fields: ReadonlyMap<string, Buffer>): void;
  /** `interrupted`: entries were missed. Otherwise nothing was, even if it was down. */
  up(interrupted: boolean): void;
  down(): void;
  /** Entries were trimmed before they were read. */
  missed(): void;
}

interface Entry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, Buffer>;
}

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;
/** The end of a stream that has no entry yet. */
const BEGINNING = "0-0";

/**
 * Reads streams of one slot on a connection of its own, in a call that waits. After an outage it goes on where it was; when
 * entries were trimmed meanwhile, or the stream is another one, it says so.
 */
export class StreamReader {
  readonly #port: StreamReaderPort;
  readonly #options: StreamReaderOptions;
  /** Per stream, the id of the last entry that was read; absent until it is known where the stream ends. */
  readonly #last = new Map<string, string | undefined>();
  #connection: OwnedLink | undefined;
  #isUp = false;
  #wasUp = false;
  #running: Promise<void> | undefined;
  #refusal: unknown;
  #closed = false;
  #wake: () => void = () => {};
  #opened: () => void = () => {};
  #positioned: () => void = () => {};

  constructor(port: StreamReaderPort, options: StreamReaderOptions) {
    this.#port = port;
    this.#options = options;
    this.#last.set(port.key, undefined);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Rejects with what Redis says when it refuses; otherwise resolves when it reads, or does not yet after a time. */
  async open(): Promise<void> {
    const opened = new Promise<void>((resolve) => {
      this.#opened = resolve;
    });
    this.#running = this.#run();
    await within(this.#options.commandTimeout, opened);
    // Whoever begins without it believes to be heard.
    this.#wasUp = true;
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** Reads one more stream of the same slot, which may expire. In force with the next call, which somebody has to hasten. */
  add(key: string): void {
    if (!this.#last.has(key)) this.#last.set(key, undefined);
  }

  /** Resolves when it is known where every stream ends, or after a time. */
  async positioned(): Promise<void> {
    const positioned = new Promise<void>((resolve) => {
      this.#positioned = resolve;
    });
    if ([...this.#last.values()].includes(undefined)) await within(this.#options.commandTimeout, positioned);
  }

  remove(key: string): void {
    this.#last.delete(key);
  }

  /** Redis may be there again: no need to wait out a pause. */
  wake(): void {
    this.#wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let pause = FIRST_PAUSE; !this.#closed; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        this.#connection = await this.#connect();
        const missed = await this.#position(this.#connection);
        await this.#settle(this.#connection);
        this.#rise(missed);
        pause = FIRST_PAUSE;
        while (!this.#closed) await this.#read(this.#connection);
      } catch (error) {
        this.#fall(error);
      }
      this.#connection?.close();
      this.#connection = undefined;
      if (!this.#closed) await this.#pause(pause);
    }
  }

  async #connect(): Promise<OwnedLink> {
    const connecting = this.#port.link.duplicate();
    const connection = await within(this.#options.commandTimeout, connecting);
    if (connection !== TIMED_OUT) return connection;
    connecting.then((late) => late.close()).catch(() => undefined);
    throw away();
  }

  /** Where to go on. Whether entries are missing between there and what was read last. */
  async #position(connection: OwnedLink): Promise<boolean> {
    let missed = false;
    for (const [key, last] of this.#last) {
      if (last === undefined || (await this.#isKept(connection, key, last))) continue;
      // The others expire when nothing is in them, and nothing was missed by that.
      missed ||= key === this.#port.key;
      this.#last.set(key, BEGINNING);
    }
    return missed;
  }

  /** Streams that are new here are read from their end on. */
  async #settle(connection: OwnedLink): Promise<void> {
    for (const [key, last] of this.#last) {
      if (last === undefined) this.#last.set(key, await this.#end(connection, key));
    }
    this.#positioned();
  }

  /** Whether the entry that was read last is still there, so that nothing behind it was trimmed. */
  async #isKept(connection: OwnedLink, key: string, last: string): Promise<boolean> {
    const kept = await this.#ask(connection, ["XRANGE", key, last, last]);
    return Array.isArray(kept) && kept.length > 0;
  }

  /** The same for a reader that was here all the time, and knows of a stream that has not been read yet that it was empty. */
  async #continues(connection: OwnedLink, key: string, last: string): Promise<boolean> {
    if (last !== BEGINNING) return this.#isKept(connection, key, last);
    return Number(await this.#ask(connection, ["XLEN", key])) < this.#options.maxLen;
  }

  async #end(connection: OwnedLink, key: string): Promise<string> {
    const [newest] = (await this.#ask(connection, ["XREVRANGE", key, "+", "-", "COUNT", "1"])) as readonly Reply[];
    return newest === undefined ? BEGINNING : String((newest as readonly Reply[])[0]);
  }

  async #read(connection: OwnedLink): Promise<void> {
    const { readCount, blockTimeInMs } = this.#options;
    await this.#settle(connection);
    const keys = [...this.#last.keys()];
    const ids = [...this.#last.values()] as string[];
    const command = ["XREAD", "COUNT", `${readCount}`, "BLOCK", `${blockTimeInMs}`, "STREAMS", ...keys, ...ids];
    for (const [name, entries] of streamsOf(await this.#ask(connection, command, blockTimeInMs))) {
      // Some clients put a prefix of their own before keys.
      const key = keys.find((one) => name.endsWith(one));
      if (key !== undefined) await this.#take(connection, key, entries);
    }
  }

  async #take(connection: OwnedLink, key: string, entries: readonly Entry[]): Promise<void> {
    const last = this.#last.get(key);
    if (last === undefined) return;
    const behind = entries.length >= Math.min(this.#options.readCount, this.#options.maxLen);
    // What was trimmed after it was read is no loss: nothing between two reads is, as long as the last entry was still there.
    if (behind && !(await this.#continues(connection, key, last))) this.#port.missed();
    for (const { id, fields } of entries) {
      if (this.#closed || !this.#last.has(key)) return;
      this.#last.set(key, id);
      this.#port.entry(key, fields);
    }
  }

  async #ask(connection: OwnedLink, command: readonly string[], patience = 0): Promise<Reply> {
    const reply = await within(patience + this.#options.commandTimeout, connection.send(this.#port.route, command));
    if (reply === TIMED_OUT) throw away();
    return reply;
  }

  #rise(missed: boolean): void {
    if (this.#closed) return;
    this.#isUp = true;
    this.#port.up(missed && this.#wasUp);
    this.#wasUp = true;
    this.#opened();
  }

  #fall(error: unknown): void {
    if (!this.#wasUp && isRefusal(error)) {
      this.#refusal = error;
      this.#opened();
    }
    if (!this.#isUp) return;
    this.#isUp = false;
    if (!this.#closed) this.#port.down();
  }

  async #pause(milliseconds: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await within(milliseconds, woken);
  }
}

function away(): ClusterError {
  return new ClusterError("ERR_SOCKEYE_CLUSTER_PUBLISH", "Redis does not answer");
}

/** `[[key, [[id, [field, value, ...]], ...]], ...]`, or the same without the pairs where RESP 3 has a map. */
function streamsOf(reply: Reply): [string, Entry[]][] {
  if (!Array.isArray(reply)) return [];
  const flat = Array.isArray(reply[0]) ? reply.flat(1) : reply;
  const streams: [string, Entry[]][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) streams.push([String(flat[i]), (flat[i + 1] as Reply[]).map(entryOf)]);
  return streams;
}

function entryOf(reply: Reply): Entry {
  const [id, flat] = reply as readonly [Reply, readonly Reply[]];
  const fields = new Map<string, Buffer>();
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(String(flat[i]), flat[i + 1] as Buffer);
  return { id: String(id), fields };
}
