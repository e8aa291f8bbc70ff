/**
 * Every deadline of a server (acknowledgements, middlewares, joins, attachments) on one timer.
 *
 * Deadlines of the same duration expire in the order in which they were set, so each duration has a list of its own, linked
 * through the deadlines themselves: setting and clearing one is a few pointer writes, whatever waits beside it. The timer
 * is armed for the earliest head and left alone when that is cleared; it wakes once too early instead of being re-armed for
 * every acknowledgement. It never keeps the process alive.
 */

/** Something that is to happen unless it is cleared first. Subclasses are the waiting things themselves: no closure each. */
export abstract class Deadline {
  at = 0;
  list: DeadlineList | undefined = undefined;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;

  /** Called once, when the time is over. MUST NOT throw. */
  abstract expire(): void;
}

/** Waiting deadlines of one duration, in order. */
interface DeadlineList {
  readonly duration: number;
  head: Deadline | undefined;
  tail: Deadline | undefined;
}

/** Longest delay that `setTimeout` takes; later deadlines are looked at again then. */
const LONGEST_DELAY = 2 ** 31 - 1;

export class Deadlines {
  readonly #lists = new Map<number, DeadlineList>();
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #size = 0;

  /** Number of waiting deadlines. */
  get size(): number {
    return this.#size;
  }

  /** Starts `deadline`; `duration` in milliseconds, `Infinity` waits for ever. One that is already waiting starts again. */
  set(deadline: Deadline, duration: number): void {
    this.clear(deadline);
    if (duration === Number.POSITIVE_INFINITY) return;
    const list = this.#listOf(Math.max(1, duration));
    deadline.at = performance.now() + list.duration;
    append(list, deadline);
    this.#size++;
    if (deadline.at < this.#armedFor) this.#arm(deadline.at);
  }

  clear(deadline: Deadline): void {
    const list = deadline.list;
    if (list === undefined) return;
    unlink(list, deadline);
    this.#size--;
    if (list.head === undefined) this.#lists.delete(list.duration);
  }

  #listOf(duration: number): DeadlineList {
    let list = this.#lists.get(duration);
    if (list === undefined) {
      list = { duration, head: undefined, tail: undefined };
      this.#lists.set(duration, list);
    }
    return list;
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#armedFor = at;
    const delay = Math.min(Math.max(1, Math.ceil(at - performance.now())), LONGEST_DELAY);
    this.#timer = setTimeout(() => this.#tick(), delay);
    (this.#timer as { unref?(): void }).unref?.();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #tick(): void {
    this.#disarm();
    const now = performance.now();
    for (const list of [...this.#lists.values()]) {
      while (list.head !== undefined && list.head.at <= now) {
        const due = list.head;
        this.clear(due);
        due.expire();
      }
    }
    this.#armForEarliest();
  }

  #armForEarliest(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const list of this.#lists.values()) earliest = Math.min(earliest, list.head?.at ?? earliest);
    if (earliest < this.#armedFor) this.#arm(earliest);
  }
}

function append(list: DeadlineList, deadline: Deadline): void {
  deadline.list = list;
  deadline.previous = list.tail;
  if (list.tail === undefined) list.head = deadline;
  else list.tail.next = deadline;
  list.tail = deadline;
}

function unlink(list: DeadlineList, deadline: Deadline): void {
  if (deadline.previous === undefined) list.head = deadline.next;
  else deadline.previous.next = deadline.next;
  if (deadline.next === undefined) list.tail = deadline.previous;
  else deadline.next.previous = deadline.previous;
  deadline.list = undefined;
  deadline.previous = undefined;
  deadline.next = undefined;
}
