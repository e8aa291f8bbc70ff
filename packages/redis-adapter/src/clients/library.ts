import type { Command, LinkEvent, Reply, SubscriptionKind } from "./contract.js";

/** One client of one library, evened out; `link.ts` adds who listens to what. */
export interface LibraryClient {
  readonly clustered: boolean;
  readonly ready: boolean;
  readonly ended: boolean;
  /** Can subscribe to sharded channels. */
  readonly canShard: boolean;
  readonly carrier?: unknown;
  send(route: string, command: Command): Promise<unknown>;
  sendAll(route: string, commands: readonly Command[]): Promise<unknown>[];
  sendToMasters(command: Command): Promise<unknown[]>;
  subscribe(kind: SubscriptionKind, channels: readonly string[]): Promise<unknown>;
  unsubscribe(kind: SubscriptionKind, channels: readonly string[]): Promise<unknown>;
  /** Has Redis confirm channels that the library takes for subscribed; nothing may be lost by it unless `thorough`. */
  resubscribe(kind: SubscriptionKind, channels: readonly string[], thorough: boolean): Promise<unknown>;
  reconnect?(): Promise<void>;
  tend?(now: number): void;
  duplicate(): DuplicateClient;
  /** Adds the listeners that messages and events of the connection need. Returns what removes them. */
  attach(receiver: LibraryReceiver): () => void;
}

export interface LibraryReceiver {
  /** `name`: the channel or pattern that was subscribed to. */
  message(kind: SubscriptionKind, name: string, message: Buffer, channel: string): void;
  changed(event: LinkEvent): void;
}

export interface DuplicateClient extends LibraryClient {
  connect(): Promise<unknown>;
  disconnect(): unknown;
}

/** What every client of both libraries is. */
export interface Emitter {
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** Commands that name no key: libraries would send them to any node of a cluster. */
const KEYLESS = new Set(["PUBLISH", "PUBSUB", "PING", "SCRIPT", "TIME", "INFO"]);

export function isKeyless([name]: Command): boolean {
  return KEYLESS.has(String(name));
}

/** Adds one listener per event. Returns what removes them all. */
export function listen(emitter: Emitter, listeners: Readonly<Record<string, (...args: never[]) => void>>): () => void {
  for (const [event, listener] of Object.entries(listeners)) emitter.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) emitter.off(event, listener);
  };
}

/** Maps and objects of RESP 3 become what RESP 2 has instead: pairs, one behind the other. */
export function asReply(value: unknown): Reply {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "string" || Buffer.isBuffer(value)) return value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(asReply);
  if (value instanceof Error) throw value;
  if (value instanceof Map) return [...value].flat().map(asReply);
  if (typeof value === "object") return Object.entries(value).flat().map(asReply);
  return String(value);
}
