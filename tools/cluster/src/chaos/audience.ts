import { io, type Socket } from "@sockeye/client";
import { type Socket as OfficialSocket, io as official } from "socket.io-client";
import { Ledger, type Sent, type Span, type Verdict } from "./ledger.js";

/** Milliseconds before a loss is noticed: what is sent in them to a client that is not recovered may be lost. */
const NOTICE = 500;

/** One client of the cluster, and what came to it. */
export class Listener {
  readonly #socket: Socket | OfficialSocket;
  readonly #ledger = new Ledger();
  readonly #away: Span[] = [];
  readonly #heard = new Map<string, number>();
  #leftAt = Date.now();
  connections = 0;
  recovered = 0;
  /** Why it was not, as its server said. */
  readonly refusals: string[] = [];
  /** Handlers called with more than was sent. */
  surplus = 0;

  /** The incumbent's client hands the offset of a recoverable event to the handler; ours hands over what was sent. */
  constructor(url: string, client: "sockeye" | "official") {
    const expected = client === "sockeye" ? 2 : 3;
    this.#socket = (client === "sockeye" ? io : (official as unknown as typeof io))(url, {
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 500,
      timeout: 3_000,
    });
    this.#socket.on("connect", () => this.#arrived());
    this.#socket.on("disconnect", () => {
      this.#leftAt = Date.now();
    });
    this.#socket.on("news", (...args: unknown[]) => {
      if (args.length > expected) this.surplus++;
      const [node, number] = args as [string, number];
      this.#ledger.received(node, number);
      this.#heard.set(node, Date.now());
    });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Whether something of this node came after a time. */
  hasHeard(node: string, since: number): boolean {
    return (this.#heard.get(node) ?? 0) > since;
  }

  judge(sent: readonly Sent[], excused: readonly Span[]): Verdict {
    return this.#ledger.judge({ sent, excused: [...excused, ...this.#away] });
  }

  close(): void {
    this.#socket.disconnect();
  }

  #arrived(): void {
    this.connections++;
    if (this.#socket.recovered) this.recovered++;
    else if (this.connections > 1)
      this.refusals.push("recovery" in this.#socket ? JSON.stringify(this.#socket.recovery) : "?");
    if (!this.#socket.recovered) this.#away.push({ from: this.#leftAt - NOTICE, to: Date.now() + NOTICE });
  }
}
