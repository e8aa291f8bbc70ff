import { io, type Socket } from "@sockeye/client";
import { type Socket as OfficialSocket, io as official } from "socket.io-client";
import { type Break, Ledger, type Sent, type Verdict } from "./ledger.js";

/** One client of the cluster, and what came to it. */
export class Listener {
  readonly #socket: Socket | OfficialSocket;
  readonly #ledger = new Ledger();
  readonly #breaks: Break[] = [];
  readonly #heard = new Map<string, number>();
  /** The server that it is connected to. */
  #node = "";
  #leftAt = Date.now();
  connections = 0;
  recovered = 0;
  /** Why it was not, as its server said. */
  readonly refusals: string[] = [];
  /** What happened to its connection. Times in milliseconds. */
  readonly history: { readonly time: number; readonly what: string }[] = [];
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
    this.#socket.on("disconnect", (reason) => {
      this.#leftAt = Date.now();
      this.#note(reason);
    });
    this.#socket.on("connect_error", ({ message }) => this.#note(`refused: ${message}`));
    this.#socket.on("here", (node: string) => {
      this.#node = node;
      this.#note(`on ${node}`);
    });
    this.#socket.on("news", (...args: unknown[]) => {
      if (args.length > expected) this.surplus++;
      const [node, number] = args as [string, number];
      const time = Date.now();
      this.#ledger.received(node, number, time);
      this.#heard.set(node, time);
    });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Whether it is connected to one of these nodes, and something of each came after a time. */
  hasHeard(nodes: readonly string[], since: number): boolean {
    if (!this.connected || !nodes.includes(this.#node)) return false;
    return nodes.every((node) => (this.#heard.get(node) ?? 0) > since);
  }

  judge(sent: readonly Sent[], isExcused: (event: Sent) => boolean): Verdict {
    return this.#ledger.judge({ sent, isExcused, breaks: this.#breaks });
  }

  close(): void {
    this.#socket.disconnect();
  }

  #arrived(): void {
    this.connections++;
    if (this.#socket.recovered) this.recovered++;
    else if (this.connections > 1)
      this.refusals.push("recovery" in this.#socket ? JSON.stringify(this.#socket.recovery) : "?");
    const time = Date.now();
    if (!this.#socket.recovered) this.#breaks.push({ left: this.#leftAt, back: time });
    this.#note(this.#socket.recovered ? "recovered" : "new");
  }

  #note(what: string): void {
    this.history.push({ time: Date.now(), what });
  }
}
