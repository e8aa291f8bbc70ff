/** A client on HTTP long-polling, as browsers do it: one connection that waits, one that sends. */
import { HttpLine } from "./http-line.js";

export const POLLING = "/socket.io/?EIO=4&transport=polling";

const SEPARATOR = "\x1e";

export class Poller {
  /** Gets every message but the engine's own. */
  onMessage: (message: string) => void = (message) => {
    throw new Error(`nobody waits for this message: ${message}`);
  };
  /** A POST was taken. */
  onTaken: () => void = () => {};
  readonly #poll: HttpLine;
  readonly #push: HttpLine;
  #target = "";
  #pongDue = false;

  private constructor(port: number) {
    this.#poll = new HttpLine(port);
    this.#push = new HttpLine(port);
    this.#push.onBody = (body) => {
      if (body !== "ok") throw new Error(`a POST was answered with ${body}`);
      this.onTaken();
    };
  }

  /** Resolves once the main namespace is joined. */
  static open(port: number): Promise<Poller> {
    return new Promise((resolve) => {
      const poller = new Poller(port);
      poller.#poll.onBody = (body) => {
        poller.#target = `${POLLING}&sid=${sessionOf(body)}`;
        poller.#poll.onBody = (payload) => poller.#received(payload);
        const { onMessage, onTaken } = poller;
        let missing = 2;
        const step = () => {
          if (--missing > 0) return;
          poller.onTaken = onTaken;
          resolve(poller);
        };
        poller.onTaken = step;
        poller.onMessage = (message) => {
          if (!message.startsWith("40{")) throw new Error(`not the answer to CONNECT: ${message}`);
          poller.onMessage = onMessage;
          step();
        };
        poller.send("40");
        poller.#poll.get(poller.#target);
      };
      poller.#poll.get(POLLING);
    });
  }

  /** Sends packets in one POST. The one before must have been taken. */
  send(payload: string): void {
    const pong = this.#pongDue ? `3${SEPARATOR}` : "";
    this.#pongDue = false;
    this.#push.post(this.#target, pong + payload);
  }

  close(): void {
    this.#poll.close();
    this.#push.close();
  }

  /** Asks for more first, as what comes next may lead to anything. */
  #received(payload: string): void {
    this.#poll.get(this.#target);
    for (const packet of payload.split(SEPARATOR)) {
      if (packet === "2") this.#pongDue = true;
      else if (packet !== "6") this.onMessage(packet);
    }
  }
}

export function sessionOf(body: string): string {
  const sid = /^0\{"sid":"([^"]+)"/.exec(body)?.[1];
  if (sid === undefined) throw new Error(`not a handshake: ${body}`);
  return sid;
}

export function payloadOf(packets: readonly string[]): string {
  return packets.join(SEPARATOR);
}
