/** Watches over a trial: what makes no progress ends as an error that says what was awaited. */

const PATIENCE_MS = 20_000;

/** @throws when `promise` is not settled in time; bounded, so that no trial hangs */
export async function within<T>(promise: Promise<T>, awaited: () => string, ms = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing more came after ${ms / 1000} s: ${awaited()}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A promise with its handle outside. */
export class Signal {
  readonly promise: Promise<void>;
  fire!: () => void;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.fire = resolve;
    });
  }
}
