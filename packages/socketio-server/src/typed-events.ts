/**
 * What makes `emit` and `on` know the application's events. An event map is an interface from event name to listener:
 *
 * ```ts
 * interface ServerToClient { news: (text: string) => void; ask: (question: string, answer: (yes: boolean) => void) => void }
 * const io = new Server<ClientToServer, ServerToClient>();
 * io.emit("news", "hello");
 * ```
 *
 * A listener whose last parameter is a function asks for an acknowledgement: that function.
 */

// biome-ignore lint/suspicious/noExplicitAny: an untyped event map promises nothing about arguments; `unknown` would refuse typed listeners
type Anything = any;

/** Constraint of every event map. */
export interface EventsMap {
  [event: string]: Anything;
}

/** The map of those who do not type their events: every name, any arguments. */
export interface DefaultEventsMap {
  [event: string]: (...args: Anything[]) => void;
}

export type EventNames<Map extends EventsMap> = keyof Map & (string | symbol);

/** Arguments of one event, the acknowledgement included. */
export type EventParams<Map extends EventsMap, Ev extends EventNames<Map>> = Parameters<Map[Ev]>;

export type ReservedOrUserEventNames<Reserved extends EventsMap, User extends EventsMap> =
  | EventNames<Reserved>
  | EventNames<User>;

/** The listener that belongs to a name; one that is in neither map (a name known only at run time) is untyped. */
export type ReservedOrUserListener<
  Reserved extends EventsMap,
  User extends EventsMap,
  Ev extends ReservedOrUserEventNames<Reserved, User>,
> = OrUntyped<Ev extends EventNames<Reserved> ? Reserved[Ev] : Ev extends EventNames<User> ? User[Ev] : never>;

type OrUntyped<Listener> = [Listener] extends [never] ? (...args: Anything[]) => void | Promise<void> : Listener;

/** Last element of a tuple; `any` of a plain array. */
export type Last<Args extends Anything[]> = Args extends [...infer _Head, infer Tail] ? Tail : Anything;

/** A tuple without its last element; a plain array stays as it is. */
export type AllButLast<Args extends Anything[]> = Args extends [...infer Head, infer _Tail]
  ? Head
  : Required<Args> extends [...infer Head, infer _Tail]
    ? Head
    : Anything[];

/** First parameter that is not the error: what an acknowledgement answers with. */
export type FirstNonErrorArg<Fn> = Fn extends (...args: infer Params) => Anything ? FirstNonError<Params> : Anything;

type FirstNonError<Params> = Params extends []
  ? undefined
  : Params extends [infer First, ...infer Rest]
    ? IsError<First> extends true
      ? Rest extends [infer Second, ...infer _Others]
        ? Second
        : undefined
      : First
    : Anything;

type IsAny<T> = 0 extends 1 & T ? true : false;
type IsError<T> = IsAny<T> extends true ? false : [T] extends [Error] ? true : false;
type IsFunction<T> = IsAny<T> extends true ? true : T extends (...args: Anything[]) => Anything ? true : false;
type LastParam<Listener> = Listener extends (...args: infer Params) => Anything
  ? Params extends []
    ? undefined
    : Last<Required<Params>>
  : Anything;

/** Events whose last parameter is an acknowledgement (every event of an untyped map). */
export type EventNamesWithAck<Map extends EventsMap, Names extends EventNames<Map> = EventNames<Map>> = {
  [Ev in Names]: IsFunction<LastParam<Map[Ev]>> extends true ? Ev : never;
}[Names];

/** Events without an acknowledgement (every event of an untyped map). */
export type EventNamesWithoutAck<Map extends EventsMap, Names extends EventNames<Map> = EventNames<Map>> = {
  [Ev in Names]: IsAny<LastParam<Map[Ev]>> extends true ? Ev : IsFunction<LastParam<Map[Ev]>> extends true ? never : Ev;
}[Names];

/** Events whose acknowledgement takes an error first: those of a map after `timeout()`. */
export type EventNamesWithError<
  Map extends EventsMap,
  Names extends EventNamesWithAck<Map> = EventNamesWithAck<Map>,
> = {
  [Ev in Names]: IsAny<LastParam<Map[Ev]>> extends true
    ? Ev
    : LastParam<Map[Ev]> extends (error: infer First, ...rest: Anything[]) => Anything
      ? IsError<First> extends true
        ? Ev
        : never
      : never;
}[Names];

type PrependError<Fn> = Fn extends (...args: infer Params) => infer Result
  ? (error: Error, ...args: Params) => Result
  : Fn;

type ManyAnswers<Fn> = Fn extends (...args: infer Params) => infer Result
  ? (error: Error, responses: FirstNonErrorArg<(...args: Params) => Result>[]) => Result
  : Fn;

type MapLast<Listener, How extends "error" | "many"> = Listener extends (...args: infer Params) => infer Result
  ? Params extends [...infer Head, infer Tail]
    ? Tail extends (...args: Anything[]) => Anything
      ? (...args: [...Head, How extends "error" ? PrependError<Tail> : ManyAnswers<Tail>]) => Result
      : Listener
    : Listener
  : Listener;

/** The map after `socket.timeout(ms)`: acknowledgements take an error first. */
export type DecorateAcknowledgements<Map extends EventsMap> = { [Ev in keyof Map]: MapLast<Map[Ev], "error"> };

/** The map after `io.timeout(ms)`: acknowledgements take an error and one answer per recipient. */
export type DecorateAcknowledgementsWithMultipleResponses<Map extends EventsMap> = {
  [Ev in keyof Map]: MapLast<Map[Ev], "many">;
};

/** The acknowledgement's value of `emitWithAck`. */
export type AckValue<Map extends EventsMap, Ev extends EventNames<Map>> = FirstNonErrorArg<
  Last<Required<EventParams<Map, Ev>>>
>;

export type { Anything as AnyValue };

/** Value of `emitWithAck` on a broadcast: one answer per recipient, with or without `timeout()` before it. */
export type BroadcastAckValue<Map extends EventsMap, Ev extends EventNames<Map>> =
  Ev extends EventNamesWithError<Map> ? AckValue<Map, Ev> : AckValue<Map, Ev>[];
