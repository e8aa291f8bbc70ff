import type { MessageListener, RedisLink, SubscriptionKind } from "../clients/contract.js";
import { TIMED_OUT, within } from "../deadline.js";
import { isRefusal } from "../reply-errors.js";

/** Times in milliseconds. */
export interface ReadPathTimes {
  /** How long a path may be silent before it has to prove itself. */
  readonly probeInterval: number;
  /** How long a probe may take from being published to being heard. */
  readonly probeTimeout: number;
  /** How long Redis may take to answer a command. */
  readonly commandTimeout: number;
}

export interface ReadPathPort {
  readonly link: RedisLink;
  readonly kind: SubscriptionKind;
  /** Heard by this node alone. */
  readonly probeChannel: string;
  readonly listener: MessageListener;
  /** Publishes on the probe channel; resolves when Redis has it. */
  probe(text: string): Promise<unknown>;
  /** `interrupted`: what was published meanwhile may have been missed. */
  up(interrupted: boolean): void;
  down(): void;
  now(): number;
}

const RETRY_DELAY = 200;
/** Times in a row that nothing came over a connection that its client takes for good, before it is made anew. */
const PATIENCE = 3;

/**
 * One connection's subscriptions, and the proof that they work: a probe is published and has to come back. A connection that
 * was lost is not trusted because its client says so, and one that fell silent is asked. Where the proof fails, channels
 * are subscribed to again, and at last the connection is made anew.
 */
export class ReadPath {
  readonly #port: ReadPathPort;
  readonly #times: ReadPathTimes;
  readonly #wanted = new Set<string>();
  /** Rises with each loss: what was sent before proves nothing. */
  #generation = 0;
  #probes = 0;
  #isUp = false;
  #wasUp = false;
  /** How much has arrived; when that was looked at, and how much it was then. */
  #arrived = 0;
  #arrivedBefore = 0;
  #heardAt = 0;
  #asking = false;
  #carrier: unknown;
  #healing: Promise<void> | undefined;
  #expected: { readonly text: string; readonly heard: () => void } | undefined;
  #wake: () => void = () => {};
  #closed = false;

  constructor(port: ReadPathPort, times: ReadPathTimes) {
    this.#port = port;
    this.#times = times;
    this.#wanted.add(port.probeChannel);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Rejects with what Redis says when it refuses; otherwise resolves when the path works, or does not yet after a time. */
  async open(): Promise<void> {
    await within(this.#times.commandTimeout, this.#heal());
    // Whoever begins without it believes to be heard.
    this.#wasUp = true;
  }

  /** In force when it resolves; where the path is down, it will be in force when it is up again, and a gap will be told. */
  async add(name: string): Promise<void> {
    this.#wanted.add(name);
    if (!this.#wasUp) await this.open();
    if (!this.#isUp) return;
    try {
      const { link, kind, listener } = this.#port;
      const outcome = await within(this.#times.commandTimeout, link.subscribe(kind, [name], listener));
      if (outcome === TIMED_OUT) this.lost();
    } catch (error) {
      if (isRefusal(error)) throw error;
      this.lost();
    }
  }

  /** Nothing is heard any more when it returns; when it resolves, Redis knows, or had its time. */
  async remove(name: string): Promise<void> {
    if (!this.#wanted.delete(name)) return;
    const { link, kind, listener } = this.#port;
    await within(this.#times.commandTimeout, link.unsubscribe(kind, [name], listener)).catch(() => undefined);
  }

  /** Something arrived. */
  heard(): void {
    this.#arrived++;
  }

  probeHeard(text: string): void {
    this.#lookedAt(this.#port.now());
    if (this.#expected?.text === text) this.#expected.heard();
  }

  /** The connection broke, or may have. */
  lost(): void {
    this.#generation++;
    if (this.#isUp) {
      this.#isUp = false;
      this.#port.down();
    }
    void this.#heal().catch(() => undefined);
  }

  /** Something changed for the better: no need to wait out a pause. */
  wake(): void {
    this.#wake();
  }

  /** To be called now and then: asks a silent path to prove itself. */
  check(): void {
    if (this.#isUp && this.#port.link.carrier !== this.#carrier) this.lost();
    if (this.#isUp && this.#isSilent()) void this.ask();
  }

  /** Asks for a proof at once. */
  async ask(): Promise<void> {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    const before = this.#arrived;
    const outcome = await this.#prove(this.#times.probeTimeout);
    this.#asking = false;
    if (outcome === "deaf" && this.#isUp && this.#arrived === before) this.lost();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    this.#expected?.heard();
    const { link, kind, listener } = this.#port;
    const names = [...this.#wanted];
    this.#wanted.clear();
    const ended = link.unsubscribe(kind, names, listener);
    if (link.ready) await within(this.#times.commandTimeout, ended).catch(() => undefined);
    else ended.catch(() => undefined);
  }

  /** Nothing has arrived for so long, as far as it was looked at: no clock is read for each message. */
  #isSilent(): boolean {
    const now = this.#port.now();
    this.#lookedAt(now);
    return now - this.#heardAt >= this.#times.probeInterval;
  }

  #lookedAt(now: number): void {
    if (this.#arrived !== this.#arrivedBefore) this.#heardAt = now;
    this.#arrivedBefore = this.#arrived;
  }

  #heal(): Promise<void> {
    this.#healing ??= this.#untilProven().finally(() => {
      this.#healing = undefined;
    });
    return this.#healing;
  }

  async #untilProven(): Promise<void> {
    for (let deaf = 0; !this.#isUp && !this.#closed; ) {
      const generation = this.#generation;
      this.#carrier = this.#port.link.carrier;
      const outcome = await this.#attempt(deaf > 0);
      if (outcome === "heard" && generation === this.#generation) this.#rise();
      else if (outcome === "deaf" && ++deaf >= PATIENCE) deaf = await this.#reconnected(deaf);
      else if (outcome === "away") await this.#pause();
    }
  }

  async #attempt(thorough: boolean): Promise<"heard" | "deaf" | "away"> {
    const outcome = await this.#subscribed(thorough);
    return outcome === "confirmed" ? this.#prove(Math.min(this.#times.probeTimeout, 1000)) : outcome;
  }

  #rise(): void {
    if (this.#closed) return;
    this.#isUp = true;
    this.#heardAt = this.#port.now();
    this.#port.up(this.#wasUp);
    this.#wasUp = true;
  }

  /** Has Redis confirm what is wanted here. `deaf`: the client has a connection, and nothing comes over it. */
  async #subscribed(thorough: boolean): Promise<"confirmed" | "deaf" | "away"> {
    const { link, kind, listener } = this.#port;
    if (!link.ready) return "away";
    const names = [...this.#wanted];
    try {
      const again = link.resubscribe(kind, names, thorough);
      const confirmed = Promise.all([again, link.subscribe(kind, names, listener)]);
      return (await within(this.#times.probeTimeout, confirmed)) === TIMED_OUT ? "deaf" : "confirmed";
    } catch (error) {
      if (!this.#wasUp && isRefusal(error)) throw error;
      return "away";
    }
  }

  /** `away`: Redis did not take the probe, so it proves nothing. */
  async #prove(patience: number): Promise<"heard" | "deaf" | "away"> {
    const text = `${this.#generation}.${++this.#probes}`;
    const heard = new Promise<void>((resolve) => {
      this.#expected = { text, heard: resolve };
    });
    try {
      const sent = await within(this.#times.commandTimeout, this.#port.probe(text));
      if (sent === TIMED_OUT) return "away";
    } catch {
      return "away";
    }
    return (await within(patience, heard)) === TIMED_OUT ? "deaf" : "heard";
  }

  async #reconnected(deaf: number): Promise<number> {
    const { link } = this.#port;
    if (!link.ready || link.reconnect === undefined) return deaf;
    await within(this.#times.commandTimeout, link.reconnect()).catch(() => undefined);
    return 0;
  }

  async #pause(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await within(RETRY_DELAY, woken);
  }
}
