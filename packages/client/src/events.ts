/**
 * Types of an application's events. An event map names each event and the listener it has; the same map types the
 * emitting end and the listening end:
 *
 * ```ts
 * interface ServerToClient { news: (text: string) => void }
 * interface ClientToServer { save: (id: number, done: (revision: number) => void) => void }
 * const socket: Socket<ServerToClient, ClientToServer> = io();
 * const revision = await socket.emitWithAck("save", 1); // number
 * ```
 */
import type { ArgsOf, NameOf } from "./emitter.js";

/** Without a map every name and every argument is allowed: `any` is the meaning of it, not an oversight. */
export interface DefaultEventsMap {
  // biome-ignore lint/suspicious/noExplicitAny: arguments of events nobody described
  [event: string]: (...args: any[]) => void;
}

type AnyFunction = (...args: never[]) => unknown;

/** The last of a list of parameters, optional or not. */
export type Last<List extends readonly unknown[]> = List extends readonly [...unknown[], infer End]
  ? End
  : List extends readonly [...infer _, (infer End)?]
    ? End
    : unknown;

export type AllButLast<List extends readonly unknown[]> = List extends readonly [...infer Head, unknown]
  ? Head
  : List extends readonly [...infer Head, unknown?]
    ? Head
    : List;

/** What an acknowledgement resolves to: its first argument that is no error. */
export type AckValue<Ack> = Ack extends (...args: infer Args) => unknown
  ? Args extends readonly [infer First, ...infer Rest]
    ? Error extends First
      ? Rest[0]
      : First
    : Args[0]
  : // biome-ignore lint/suspicious/noExplicitAny: the map says nothing about this event
    any;

/** Names of the events whose last parameter is an acknowledgement. */
export type NameWithAck<Events> = {
  [Name in NameOf<Events>]: Last<ArgsOf<Events, Name>> extends AnyFunction ? Name : never;
}[NameOf<Events>];

/** The map as `timeout()` and `signal()` leave it: every acknowledgement is told of an error first. */
export type WithAckErrors<Events> = {
  [Name in keyof Events]: Events[Name] extends (...args: infer Args) => infer Result
    ? (...args: AckErrorFirst<Args>) => Result
    : Events[Name];
};

type AckErrorFirst<Args extends readonly unknown[]> = Args extends [...infer Head, infer Ack extends AnyFunction]
  ? [...Head, (error: Error | null, ...args: Parameters<Ack>) => ReturnType<Ack>]
  : Args;
