/** What travels between the page and the server, and the limits both keep. */

export interface ChatMessage {
  /** Chosen by the page that wrote it, so that a repeated send is recognised. */
  readonly id: string;
  readonly from: string;
  readonly name: string;
  readonly room: string;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  readonly text?: string;
  readonly picture?: { readonly type: string; readonly alt: string; readonly data: Buffer };
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly transport: string;
}

export interface RoomCount {
  readonly name: string;
  readonly people: number;
}

export type Outcome = { readonly ok: true; readonly at: number } | { readonly ok: false; readonly reason: string };
export type Answer = (outcome: Outcome) => void;

export interface Welcome {
  readonly you: string;
  readonly room: string;
  readonly history: readonly ChatMessage[];
  readonly limits: Limits;
}

export interface Limits {
  readonly text: number;
  readonly name: number;
  readonly picture: number;
  readonly burst: number;
}

/** Arguments from the page are `unknown`: they are checked before they are believed. */
export interface PageEvents {
  join: (room: unknown, answer: unknown) => void;
  rename: (name: unknown, answer: unknown) => void;
  say: (message: unknown, answer: unknown) => void;
  show: (picture: unknown, answer: unknown) => void;
  typing: (on: unknown) => void;
  echo: (answer: unknown) => void;
  burst: (count: unknown, answer: unknown) => void;
}

export interface ServerEvents {
  welcome: (welcome: Welcome) => void;
  message: (message: ChatMessage, received: (ok: boolean) => void) => void;
  delivered: (id: string, count: number, of: number) => void;
  typing: (who: { id: string; name: string; on: boolean }) => void;
  people: (people: readonly Person[]) => void;
  rooms: (rooms: readonly RoomCount[]) => void;
  drop: (n: number) => void;
}

export interface PersonData {
  name: string;
  room: string;
  allowance: { left: number; since: number };
}
