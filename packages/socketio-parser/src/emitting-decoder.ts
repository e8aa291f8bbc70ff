import type { Decoder } from "./contract.js";
import type { Packet } from "./packet.js";

export type DecodedListener = (packet: Packet) => void;

/** Until somebody listens: most decoders are asked by `decode`. */
const NOBODY: readonly DecodedListener[] = [];

/** The emitting half of a decoder, on top of `decode`. One event, so there is no table of names. */
export abstract class EmittingDecoder implements Decoder {
  #listeners = NOBODY;

  abstract decode(chunk: unknown): Packet | undefined;
  abstract destroy(): void;

  add(chunk: unknown): void {
    const packet = this.decode(chunk);
    if (packet !== undefined) {
      for (const listener of this.#listeners) {
        listener(packet);
      }
    }
  }

  on(_event: "decoded", listener: DecodedListener): this {
    this.#listeners = [...this.#listeners, listener];
    return this;
  }

  /** Takes one listener off, or all of them. */
  off(_event?: "decoded", listener?: DecodedListener): this {
    this.#listeners = this.#listeners.filter((one) => listener !== undefined && one !== listener);
    return this;
  }

  /** What the official server calls when a connection ends. */
  removeListener(event: "decoded", listener: DecodedListener): this {
    return this.off(event, listener);
  }
}
