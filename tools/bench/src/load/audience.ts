import { within } from "./patience.js";
import type { Peer } from "./peer.js";
import { TagReader } from "./sequence.js";

export type Receiver = Pick<Peer, "onMessage">;

/** All who are to receive: each message once, in order, whole. */
export class Audience {
  #arrived = 0;
  #awaited = 0;
  #done: () => void = () => {};

  constructor(
    private readonly receivers: readonly Receiver[],
    hasAttachment: boolean,
  ) {
    for (const peer of receivers) this.#listen(peer, hasAttachment);
  }

  #listen(peer: Receiver, hasAttachment: boolean): void {
    const tags = new TagReader();
    let next = 0;
    let attachmentDue = false;
    peer.onMessage = (data, start, end, isBinary) => {
      if (attachmentDue) {
        if (!isBinary || end - start !== 512) throw new Error(`an attachment of ${end - start} bytes`);
        attachmentDue = false;
      } else {
        const n = tags.read(data, start, end);
        if (n !== next) throw new Error(`delivery ${next} is due, ${n} came`);
        next++;
        if (hasAttachment) {
          attachmentDue = true;
          return;
        }
      }
      if (++this.#arrived === this.#awaited) this.#done();
    };
  }

  /** Resolves when each has received the first `messages` messages. */
  arrived(messages: number): Promise<void> {
    this.#awaited = messages * this.receivers.length;
    const arrived = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    return within(arrived, () => `${this.#awaited - this.#arrived} deliveries of ${this.#awaited}`);
  }
}
