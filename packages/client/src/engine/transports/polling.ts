import { decodePackets, encodePayload } from "#platform";
import type { Cancel } from "../../timers.js";
import type { HttpRequest, OutgoingPacket } from "../contract.js";
import { FAREWELL } from "../delays.js";
import { refusal } from "../refusal.js";
import { Transport } from "../transport.js";

/**
 * HTTP long-polling: one GET at a time brings packets, one POST at a time takes them. Subclasses say how a request is
 * made.
 */
export abstract class Polling extends Transport {
  /** Makes a request. On the prototype, or a field. */
  protected abstract readonly request: HttpRequest;
  /** Error texts for a failed GET and a failed POST. */
  protected abstract readonly failures: readonly [read: string, write: string];

  /** What cuts off the running GET, and the running POST. */
  #get: Cancel | undefined;
  #post: Cancel | undefined;
  /** Set while paused: called once nothing is under way. */
  #paused: (() => void) | undefined;
  #closed = false;

  get name(): string {
    return "polling";
  }

  open(): void {
    this.#get = this.#exchange();
  }

  send(packets: readonly OutgoingPacket[]): void {
    this.#post = this.#exchange(encodePayload(packets));
  }

  /** Waits for the running GET and POST; their packets still arrive. */
  override pause(done: () => void): void {
    this.#paused = done;
    this.#goOn();
  }

  override resume(): void {
    this.#paused = undefined;
    this.#goOn();
  }

  /** Tells a server that has a session for us. */
  close(): void {
    const abort = () => this.#get?.();
    if (this.#closed || !this.query.sid) {
      this.#post?.();
      abort();
    } else {
      // The server answers the waiting GET when it has read the farewell: cut before that, it would take the connection
      // for lost.
      const options = { requestTimeout: FAREWELL, ...this.opts };
      this.request(this.uri("http", true), encodePayload([{ type: "close" }]), options, abort);
    }
    this.#closed = true;
  }

  /** A POST with a body, a GET without one. */
  #exchange(body?: string): Cancel {
    return this.request(this.uri("http", true), body, this.opts, (response) => {
      if (this.#closed) return;
      if (response.status !== 200) {
        this.#closed = true;
        this.host.ended(this, refusal(this.failures[body ? 1 : 0], response));
      } else {
        if (body) this.#post = undefined;
        else {
          this.#get = undefined;
          for (const packet of decodePackets(response.text, this.opts)) this.host.received(this, packet);
        }
        this.#goOn();
      }
    });
  }

  /** Takes the next batch, and keeps one GET waiting; paused, tells when nothing is under way any more. */
  #goOn(): void {
    if (!this.#post) this.host.drained(this);
    if (this.#closed || this.#get) return;
    if (!this.#paused) this.open();
    else if (!this.#post) this.#paused();
  }
}
