/**
 * What makes an emitter know the application's events: the same maps, from event name to listener, that the server takes.
 */

// biome-ignore lint/suspicious/noExplicitAny: an untyped event map promises nothing about arguments; `unknown` would refuse typed listeners
type Anything = any;

/** Constraint of every event map. */
export interface EmitterEvents {
  [event: string]: Anything;
}

/** The map of those who do not type their events. */
export interface AnyEmitterEvents {
  [event: string]: (...args: Anything[]) => void;
}

export type EmittedName<Map extends EmitterEvents> = keyof Map & (string | symbol);

export type EmittedArgs<Map extends EmitterEvents, Ev extends EmittedName<Map>> = Parameters<Map[Ev]>;

/** Arguments without the acknowledgement at their end. */
export type QuestionArgs<Map extends EmitterEvents, Ev extends EmittedName<Map>> =
  Parameters<Map[Ev]> extends [...infer Head, (...args: Anything[]) => Anything]
    ? Head
    : Parameters<Map[Ev]> extends [...infer Head, Anything]
      ? Head
      : Anything[];

/** What the acknowledgement of an event answers. */
export type Answer<Map extends EmitterEvents, Ev extends EmittedName<Map>> =
  Parameters<Map[Ev]> extends [...Anything[], (answer: infer First, ...rest: Anything[]) => Anything]
    ? First
    : Anything;

/** With a time-out, callbacks hear of the error first, and of all answers. */
export type Questions<Map extends EmitterEvents> = {
  [Ev in keyof Map]: Parameters<Map[Ev]> extends [...infer Head, (answer: infer First, ...rest: Anything[]) => Anything]
    ? (...args: [...Head, (error: Error | null, answers: First[]) => void]) => void
    : Map[Ev];
};
