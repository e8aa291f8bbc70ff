/** Waiting by events: scenarios never sleep for a guess, they wait for what must happen and the test's time-out ends the rest. */

/**
 * What is used of an emitter. The functions below take any object: the event maps of the many emitters met here (both
 * makers' sockets, managers, engines) have no common supertype.
 */
interface Listenable {
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** The arguments of the next `event`. */
export function next<Args extends unknown[] = unknown[]>(emitter: object, event: string): Promise<Args> {
  const source = emitter as Listenable;
  return new Promise((resolve) => {
    const listener = (...args: never[]) => {
      source.off(event, listener);
      resolve(args as unknown as Args);
    };
    source.on(event, listener);
  });
}

/** The arguments of the next `count` `event`s, in order of arrival. */
export function collect<Args extends unknown[] = unknown[]>(
  emitter: object,
  event: string,
  count: number,
): Promise<Args[]> {
  const source = emitter as Listenable;
  return new Promise((resolve) => {
    const seen: Args[] = [];
    const listener = (...args: never[]) => {
      seen.push(args as unknown as Args);
      if (seen.length < count) return;
      source.off(event, listener);
      resolve(seen);
    };
    source.on(event, listener);
  });
}

/** Waits for a state that no event announces. */
export async function until(state: () => boolean): Promise<void> {
  while (!state()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Repeats `action` every 10 ms until `done` settles: for what is allowed to get lost (volatile events). */
export async function repeatUntil<T>(action: () => void, done: Promise<T>): Promise<T> {
  const timer = setInterval(action, 10);
  try {
    action();
    return await done;
  } finally {
    clearInterval(timer);
  }
}
