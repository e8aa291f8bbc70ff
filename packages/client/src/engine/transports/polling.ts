import { decodePackets, encodePayload } from "#platform";
import type { Cancel } from "../../timers.js";
import type { HttpRequest, HttpResponse, OutgoingPacket } from "../contract.js";
import { refusal } from "../refusal.js";
import { Transport } from "../transport.js";

/** Milliseconds that the farewell request may take where no limit was set. */
const FAREWELL = 10_000;

/**
 * HTTP long-polling: one GET at a time brings packets, one POST at a time takes them. Subclasses say how a request is
 * made.
 */
export abstract class Polling extends Transport {
  /** Makes a request. On the prototype, or a field. */
  protected abstract readonly request: HttpRequest;
  /** Error texts for a failed GET and a failed POST. */
  protected abstract readonly failures: readonly [read: string, write: string];

  #state: "opening" | "open" | "pausing" | "closed" = "opening";
  #poll: Cancel | undefined;
  #push: Cancel | undefined;
  /** Called when it is paused. */
  #paused: (() => void) | undefined;

  get name(): string {
    return "polling";
  }

  open(): void {
    this.#read();
  }

  send(packets: readonly OutgoingPacket[]): void {
    this.writable = false;
    this.#push = this.#exchange(encodePayload(packets), () => {
      this.#push = undefined;
      this.writable = true;
      this.host.drained(this);
      this.#settle();
    });
  }

  /** Waits for the running GET and POST; their packets still arrive. */
  override pause(done: () => void): void {
    this.#state = "pausing";
    this.#paused = done;
    this.#settle();
  }

  override resume(): void {
    if (this.#state !== "pausing") return;
    this.#state = "open";
    if (!this.#poll) this.#read();
  }

  /** Tells a server that has a session for us. */
  close(): void {
    const known = this.query.sid && this.#state !== "closed";
    this.#state = "closed";
    const abort = () => this.#poll?.();
    if (!known) {
      this.#push?.();
      abort();
      return;
    }
    // The server answers the waiting GET when it has read the farewell: cut before that, it would take the connection
    // for lost.
    const options = { ...this.options, requestTimeout: this.options.requestTimeout || FAREWELL };
    this.request(this.uri("http", true), encodePayload([{ type: "close" }]), options, abort);
  }

  #read(): void {
    this.#poll = this.#exchange(undefined, (text) => {
      this.#poll = undefined;
      this.#accept(text);
      this.#settle();
      if (this.#state === "opening") {
        this.#state = "open";
        this.writable = true;
        this.host.drained(this);
      }
      if (this.#state === "open") this.#read();
    });
  }

  #accept(text: string): void {
    for (const packet of decodePackets(text, this.binaryType)) {
      // A handler may close the session in the middle of a payload: the rest is not for it.
      if (this.#state !== "closed") this.host.received(this, packet);
    }
  }

  #exchange(body: string | undefined, then: (text: string) => void): Cancel {
    return this.request(this.uri("http", true), body, this.options, (response: HttpResponse) => {
      if (this.#state === "closed") return;
      if (response.status === 200) then(response.text);
      else {
        this.#state = "closed";
        this.host.ended(this, refusal(this.failures[body === undefined ? 0 : 1], response));
      }
    });
  }

  /** Says so once nothing is under way, if that is waited for. */
  #settle(): void {
    if (this.#state === "pausing" && !this.#poll && !this.#push) this.#paused!();
  }
}
