/** What a trial tells a server under test, in the argument of its process. */

export interface BroadcastSettings {
  readonly kind: "text" | "binary" | "msgpack";
  /** Messages in one turn. */
  readonly burst: number;
  readonly to: "all" | "room" | "all but the room";
}

export interface SubjectSettings {
  readonly broadcast?: BroadcastSettings;
}

export function settings<T = SubjectSettings>(): T {
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

/** Events that come in one stretch of the ingest scenarios, numbered from 0. */
export const STRETCH = 128;

export const PAYLOAD = { text: "x".repeat(64), n: 1 };

export const ATTACHMENT = Buffer.alloc(512, 7);
