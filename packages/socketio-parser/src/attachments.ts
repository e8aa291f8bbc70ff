import { isBinary } from "./binary.js";
import type { BinaryChunk } from "./contract.js";
import { ParserViolation, UnserializableError } from "./errors.js";
import { DEFAULT_LIMITS } from "./limits.js";

/**
 * Attachments: the bytes inside a payload leave it and travel behind the text, each replaced by
 * `{"_placeholder":true,"num":N}`, numbered depth first.
 */

type Container = Record<string, unknown>;

/** Second argument of `JSON.stringify`. */
export type Replacer = (this: unknown, key: string, value: unknown) => unknown;

/** How deep the quick look goes before it leaves the question to the thorough walk. */
const QUICK_DEPTH = 64;

/** Text that stands in JSON as it is. Everything else, lone surrogates among it, is left to `JSON.stringify`. */
const NOTHING_TO_ESCAPE = /^[ !#-[\]-~]{0,64}$/;

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
    if (depth === QUICK_DEPTH || !isPlain((value as Container)[key], depth + 1)) {
      return false;
    }
  }
  return true;
}

/** As `JSON.stringify(text)`, without the call for the short plain texts that names and keys are. */
export function quote(text: string): string {
  return NOTHING_TO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** One container on the way from the root to where the walk is. */
interface Frame {
  readonly source: Container;
  readonly keys: readonly (string | number)[];
  readonly end: "]" | "}";
  next: number;
  separator: "" | ",";
}

export interface Lifted {
  readonly json: string;
  readonly attachments: BinaryChunk[];
}

/**
 * Thorough walk: writes `root` as `JSON.stringify` would, with the bytes taken out. `toJSON` is called once per value and
 * its result is not asked again; `replacer` is called where `JSON.stringify` would, except for bytes; any other object
 * is its own enumerable keys. The input is left alone. The stack is ours, so that no input overflows the engine's.
 * @throws UnserializableError naming the path: a cycle, a BigInt, more levels than a decoder takes, an object that would
 *   read as a placeholder (relayed from an attacker, it would end the connection of each recipient)
 */
export function lift(root: object, replacer?: Replacer): Lifted {
  const attachments: BinaryChunk[] = [];
  const stack: Frame[] = [];
  let forged: string | undefined;
  let json = open(root, stack);

  for (let frame = stack[0]; frame !== undefined; frame = stack[stack.length - 1]) {
    const key = frame.keys[frame.next++];
    if (key === undefined) {
      json += frame.end;
      stack.pop();
      continue;
    }
    const value = resolve(frame.source, key, replacer);
    let written: string | undefined;
    if (isBinary(value)) {
      written = `{"_placeholder":true,"num":${attachments.push(value) - 1}}`;
    } else if (typeof value === "string") {
      written = quote(value);
    } else if (typeof value === "bigint") {
      throw new UnserializableError(`BigInt at ${path(stack)}`);
    } else if (typeof value !== "object" || value === null) {
      written = JSON.stringify(value) ?? (frame.end === "]" ? "null" : undefined);
      if (written === undefined) {
        continue;
      }
    } else if ((value as Container)._placeholder === true) {
      forged ??= path(stack);
    }
    json += frame.end === "]" ? frame.separator : `${frame.separator}${quote(key as string)}:`;
    frame.separator = ",";
    json += written ?? open(value as object, stack);
  }
  if (forged !== undefined && attachments.length > 0) {
    throw new UnserializableError(`placeholder look-alike at ${forged}`);
  }
  return { json, attachments };
}

function open(source: object, stack: Frame[]): "[" | "{" {
  if (stack.length >= DEFAULT_LIMITS.maxDepth) {
    throw new UnserializableError(descent(stack));
  }
  const isArray = Array.isArray(source);
  stack.push({
    source: source as Container,
    keys: isArray ? [...source.keys()] : Object.keys(source),
    end: isArray ? "]" : "}",
    next: 0,
    separator: "",
  });
  return isArray ? "[" : "{";
}

/** What JSON writes for `source[key]`. Bytes are asked neither for their `toJSON` (`Buffer` has one) nor for a replacement. */
function resolve(source: Container, key: string | number, replacer: Replacer | undefined): unknown {
  let value = source[key];
  if (!isBinary(value)) {
    if (typeof (value as Container | undefined)?.toJSON === "function") {
      value = (value as { toJSON(key: string): unknown }).toJSON(String(key));
    }
    if (replacer !== undefined) {
      value = replacer.call(source, String(key), value);
    }
  }
  return value;
}

function path(stack: readonly Frame[]): string {
  return `data${stack.map(({ keys, next }) => `[${JSON.stringify(keys[next - 1])}]`).join("")}`;
}

/** Why the walk came so deep: the first container that is met again, or honest depth. */
function descent(stack: readonly Frame[]): string {
  const seen = new Set<object>();
  const again = stack.findIndex(({ source }) => seen.has(source) || !seen.add(source));
  return again < 0 ? "nested too deep" : `circular reference at ${path(stack.slice(0, again))}`;
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
  const slots: Slot[] = [];
  const queue = [payload as Container];
  let found = 0;
  for (let i = 0; i < queue.length && i < maxContainers; i++) {
    const parent = queue[i]!;
    if (Array.isArray(parent)) {
      for (let key = 0; key < parent.length; key++) {
        found += inspect(parent as unknown as Container, key, queue, slots, count);
      }
    } else {
      for (const key in parent) {
        found += inspect(parent, key, queue, slots, count);
      }
    }
  }
  if (found !== count) {
    throw new ParserViolation("ILLEGAL_PLACEHOLDER", "illegal attachments");
  }
  return slots;
}

/** Notes a placeholder, queues a container, passes by everything else. Returns the number of placeholders. */
function inspect(parent: Container, key: string | number, queue: Container[], slots: Slot[], count: number): 0 | 1 {
  const value = parent[key] as Container | null;
  if (typeof value !== "object" || value === null) {
    return 0;
  }
  if (value._placeholder !== true) {
    queue.push(value);
    return 0;
  }
  const num = value.num as number;
  if (!Number.isInteger(num) || num < 0 || num >= count || slots[num] !== undefined) {
    throw new ParserViolation("ILLEGAL_PLACEHOLDER", "illegal attachments");
  }
  slots[num] = { parent, key };
  return 1;
}
