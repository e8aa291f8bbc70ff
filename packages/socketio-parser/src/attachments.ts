import { isBinary } from "./binary.js";
import type { BinaryChunk } from "./contract.js";
import { ParserError, ParserViolation, UnserializableError } from "./errors.js";
import { DEFAULT_LIMITS } from "./limits.js";
import { placeholder, quote, quoteName } from "./quick-json.js";

/**
 * Attachments: the bytes inside a payload leave it and travel behind the text, each replaced by
 * `{"_placeholder":true,"num":N}`, numbered depth first.
 */

type Container = Record<string, unknown>;

/** Second argument of `JSON.stringify`. */
export type Replacer = (this: unknown, key: string, value: unknown) => unknown;

/** How deep the quick look goes before it leaves the question to the thorough walk. */
const QUICK_DEPTH = 64;

/**
 * Quick look, without copies: `true` means that `JSON.stringify(value)` says it all. `false` means "perhaps not" (bytes, a
 * `toJSON`, a function, a BigInt, a cycle, great depth): ask `lift`. The first doubt ends it, so a cycle costs one descent.
 */
export function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value !== "function" && typeof value !== "bigint";
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (depth === QUICK_DEPTH || !isPlain(value[i], depth + 1)) {
        return false;
      }
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    if (value instanceof Date) {
      return true;
    }
    if (isBinary(value) || (value as Container).toJSON) {
      return false;
    }
  }
  for (const key in value) {
    const member = (value as Container)[key];
    // Most are texts and numbers, which need no call.
    if (typeof member === "string" || typeof member === "number") {
      continue;
    }
    if (depth === QUICK_DEPTH || !isPlain(member, depth + 1)) {
      return false;
    }
  }
  return true;
}

export interface Lifted {
  readonly json: string;
  readonly attachments: readonly BinaryChunk[];
}

/**
 * Thorough walk: writes a payload as `JSON.stringify` would, with the bytes taken out. `toJSON` is called once per value and
 * its result is not asked again; the replacer is called where `JSON.stringify` would, except for bytes; any other object is
 * its own enumerable keys. The input is left alone. Recursion ends at the depth that decoders take.
 */
export function lift(data: unknown, replacer?: Replacer): Lifted {
  const lifter = new Lifter(replacer);
  const json = lifter.write({ "": data }, "", 0)!;
  if (lifter.hasLookAlike && lifter.attachments.length > 0) {
    // Relayed from an attacker, it would end the connection of each recipient.
    throw new UnserializableError("an object with _placeholder beside bytes");
  }
  return { json, attachments: lifter.attachments };
}

class Lifter {
  readonly attachments: BinaryChunk[] = [];
  hasLookAlike = false;
  readonly #replacer: Replacer | undefined;

  constructor(replacer: Replacer | undefined) {
    this.#replacer = replacer;
  }

  /** @returns `undefined` for what JSON leaves out of objects, and has as `null` in arrays */
  write(container: Container, key: string | number, depth: number): string | undefined {
    let value = container[key];
    // Bytes first: `Buffer` has a `toJSON`.
    if (!isBinary(value)) {
      if (value != null && typeof (value as Container).toJSON === "function") {
        value = (value as { toJSON(key: string): unknown }).toJSON(String(key));
      }
      if (this.#replacer !== undefined) {
        value = this.#replacer.call(container, String(key), value);
      }
    }
    if (typeof value === "string") {
      return quote(value);
    }
    if (typeof value !== "object" || value === null) {
      return JSON.stringify(value);
    }
    // A placeholder is a level like any other object.
    if (depth === DEFAULT_LIMITS.maxDepth) {
      throw new ParserError("TOO_DEEP", "too deep");
    }
    if (isBinary(value)) {
      return placeholder(this.attachments.push(value) - 1);
    }
    return Array.isArray(value) ? this.#elements(value, depth + 1) : this.#members(value as Container, depth + 1);
  }

  #elements(array: readonly unknown[], depth: number): string {
    let json = "";
    for (let i = 0; i < array.length; i++) {
      json += (i > 0 ? "," : "") + (this.write(array as unknown as Container, i, depth) ?? "null");
    }
    return `[${json}]`;
  }

  #members(object: Container, depth: number): string {
    this.hasLookAlike ||= object._placeholder === true;
    let json = "";
    for (const key of Object.keys(object)) {
      const member = this.write(object, key, depth);
      if (member !== undefined) {
        json += `${json && ","}${quoteName(key)}:${member}`;
      }
    }
    return `{${json}}`;
  }
}

/** Whether a packet with this payload needs attachments (JSON codec). Adapters ask when they must choose a format by content. */
export function hasBinary(value: unknown): boolean {
  return !isPlain(value) && lift([value]).attachments.length > 0;
}

/** Where an attachment goes. */
export interface Slot {
  readonly parent: Container;
  readonly key: string | number;
}

/**
 * Finds the placeholders of a received payload: slot N is the place of attachment N.
 * @param maxContainers the length of the text is enough; only a reviver that builds a cycle comes to more
 * @throws ParserViolation unless each number 0..count-1 stands in exactly one placeholder (CVE-2022-2421: `num` was any property name)
 */
export function findSlots(payload: object, count: number, maxContainers: number): Slot[] {
  if (count > maxContainers) {
    throw new ParserViolation("ILLEGAL_PLACEHOLDER", "illegal attachments");
  }
  const slots: Slot[] = new Array(count);
  const queue = [payload as Container];
  let found = 0;
  for (let i = 0; i < queue.length && i < maxContainers; i++) {
    const parent = queue[i]!;
    // Members are read here: within the loops the engine knows where they are.
    if (Array.isArray(parent)) {
      for (let key = 0; key < parent.length; key++) {
        const value: unknown = parent[key];
        if (isContainer(value)) {
          found += inspect(value, parent as unknown as Container, key, queue, slots);
        }
      }
    } else {
      for (const key in parent) {
        const value = parent[key];
        if (isContainer(value)) {
          found += inspect(value, parent, key, queue, slots);
        }
      }
    }
  }
  if (found !== count) {
    throw new ParserViolation("ILLEGAL_PLACEHOLDER", "illegal attachments");
  }
  return slots;
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

/** Notes a placeholder, queues any other container. Returns the number of placeholders. */
function inspect(value: Container, parent: Container, key: string | number, queue: Container[], slots: Slot[]): 0 | 1 {
  if (value._placeholder !== true) {
    queue.push(value);
    return 0;
  }
  const num = value.num as number;
  if (!Number.isInteger(num) || num < 0 || num >= slots.length || slots[num] !== undefined) {
    throw new ParserViolation("ILLEGAL_PLACEHOLDER", "illegal attachments");
  }
  slots[num] = { parent, key };
  return 1;
}
