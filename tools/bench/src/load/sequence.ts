/** Numbers in messages, by which the load generator sees that none is missing, doubled or out of order. */

/** Where a number stands in a message is the same in all messages of a scenario, whatever the codec: `#` and eight digits. */
export function tag(n: number): string {
  return `#${String(n).padStart(8, "0")}`;
}

export const TAG_LENGTH = 9;

const HASH = 0x23;

/** Finds and reads tags; where the last one stood is tried first. */
export class TagReader {
  #offset = 0;

  read(data: Buffer, start: number, end: number): number {
    if (data[start + this.#offset] !== HASH) {
      const at = data.indexOf(HASH, start);
      if (at < 0 || at + TAG_LENGTH > end) throw new Error(`no number in ${data.toString("latin1", start, end)}`);
      this.#offset = at - start;
    }
    return integerAt(data, start + this.#offset + 1, 8);
  }
}

/** The integer of at most `digits` digits that starts at `at`. */
export function integerAt(data: Buffer, at: number, digits = 15): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = (data[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}
