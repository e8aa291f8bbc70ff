import type { Sent } from "./ledger.js";

/** Which adapter a server process takes, and where its broker is. */
export interface ServerOptions {
  readonly name: string;
  readonly adapter: string;
  readonly url: string;
  /** Milliseconds between two numbered events of this server; it begins with the order `talk`. */
  readonly pace: number;
}

export interface ServerOrder {
  readonly order: number;
  readonly what: "talk" | "hush" | "report" | "stop";
}

/** The answer to every order. */
export interface Report {
  readonly order: number;
  readonly port: number;
  /** Delivered here since the last report. */
  readonly sent: readonly Sent[];
  /** Sent, and not delivered here yet. */
  readonly unsettled: number;
  /** The latest one that was delivered here had its place in the log. */
  readonly logs: boolean;
  readonly health: string;
  readonly servers: number;
  readonly clients: number;
  /** The longest time for which this process did nothing, in milliseconds. */
  readonly stall: number;
  /** Bytes held after a collection. */
  readonly held: number;
  readonly traffic: { readonly wasted: number; readonly received: number } | undefined;
  /** Codes of errors that reached the application's hook, with their counts. */
  readonly errors: Readonly<Record<string, number>>;
}
