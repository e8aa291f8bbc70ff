import { isBinary } from "./binary.js";
import type { BinaryChunk } from "./contract.js";
import { ParserViolation, UnserializableError } from "./errors.js";
import { DEFAULT_LIMITS } from "./limits.js";

/**
 * Attachments: the bytes inside a payload leave it and travel behind the text, each replaced by
 * `{"_placeholder":true,"num":N}`, numbered depth first.
 */

type Container = Record<string, unknown>;

/** How deep the quick look goes before it leaves the question to the thorough walk. */
const QUICK_DEPTH = 64;

/**
 * Quick look, without copies: `true` means that `JSON.stringify(value)` says it all. `false` means "perhaps not" (bytes,
 * a `toJSON`, a function, a cycle, great depth): ask `lift`. The first doubt ends it, so a cycle costs one descent.
 */
export function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value !== "function";
  }
  if (depth === QUICK_DEPTH) {
    return false;
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (!isPlain(value[i], depth + 1)) {
        return false;
      }
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    if (value instanceof Date) {
      return true;
    }
    if (isBinary(value) || typeof (value as Container).toJSON === "function") {
      return false;
    }
  }
  for (const key in value) {
    if (!isPlain((value as Container)[key], depth + 1)) {
      return false;
    }
  }
  return true;
}

/** One container on the way from the root to where the walk is. */
interface Frame {
  readonly source: Container;
  readonly copy: Container;
  readonly keys: readonly string[];
  next: number;
}

export interface Lifted {
  readonly data: unknown;
  readonly attachments: BinaryChunk[];
}

/**
 * Thorough walk: a copy of `root` as JSON would see it, with the bytes taken out. `toJSON` is called once per value, and its
 * result is not asked again; any object is its own enumerable keys. The input is left alone.
 * @throws UnserializableError naming the path, for a cycle, for more than `maxDepth` levels, and for an object that would read as a placeholder
 */
export function lift(root: unknown, maxDepth = DEFAULT_LIMITS.maxDepth): Lifted {
  const attachments: BinaryChunk[] = [];
  const holder: Container = {};
  const stack: Frame[] = [{ source: { "": root }, copy: holder, keys: [""], next: 0 }];
  let forged: string | undefined;

  while (stack.length > 0) {
    const frame = stack[stack.length - 1]!;
    const key = frame.keys[frame.next++];
    if (key === undefined) {
      stack.pop();
      continue;
    }
    let value = frame.source[key];
    if (isBinary(value)) {
      write(frame.copy, key, { _placeholder: true, num: attachments.push(value) - 1 });
      continue;
    }
    if (value != null && typeof (value as Container).toJSON === "function") {
      value = (value as { toJSON(key: string): unknown }).toJSON(key);
      if (isBinary(value)) {
        write(frame.copy, key, { _placeholder: true, num: attachments.push(value) - 1 });
        continue;
      }
    }
    if (typeof value !== "object" || value === null) {
      // A `toJSON` that is left in a copy would be called a second time.
      if (key !== "toJSON" || typeof value !== "function") {
        write(frame.copy, key, value);
      }
      continue;
    }
    if (stack.length > maxDepth) {
      throw new UnserializableError(`${describeDescent(stack)}`);
    }
    if ((value as Container)._placeholder === true) {
      forged ??= path(stack);
    }
    const copy = (Array.isArray(value) ? [] : {}) as Container;
    write(frame.copy, key, copy);
    stack.push({ source: value as Container, copy, keys: Object.keys(value), next: 0 });
  }
  if (forged !== undefined && attachments.length > 0) {
    throw new UnserializableError(`the object at ${forged} would be read as a placeholder`);
  }
  return { data: holder[""], attachments };
}

/** A key named `__proto__` becomes a property like any other, as JSON has it. */
function write(target: Container, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
  } else {
    target[key] = value;
  }
}

function path(stack: readonly Frame[]): string {
  return `data${stack
    .slice(1)
    .map((frame) => `[${JSON.stringify(frame.keys[frame.next - 1])}]`)
    .join("")}`;
}

function describeDescent(stack: readonly Frame[]): string {
  const seen = new Set<object>();
  for (let i = 1; i < stack.length; i++) {
    if (seen.has(stack[i]!.source)) {
      return `circular reference at ${path(stack.slice(0, i))}`;
    }
    seen.add(stack[i]!.source);
  }
  return "nested too deep";
}

/** Whether a packet with this payload needs attachments (JSON codec). Adapters ask when they must choose a format by content. */
export function hasBinary(value: unknown): boolean {
  return !isPlain(value) && lift(value).attachments.length > 0;
}

/** Where an attachment goes. */
export interface Slot {
  readonly parent: Container;
  readonly key: string;
}

/**
 * Finds the placeholders of a received payload: slot N is the place of attachment N.
 * @throws ParserViolation unless each number 0..count-1 stands in exactly one placeholder (CVE-2022-2421: `num` was any property name)
 */
export function findSlots(payload: object, count: number): Slot[] {
  const slots: Slot[] = new Array<Slot>(count);
  let found = 0;
  const stack: Container[] = [payload as Container];
  for (let parent = stack.pop(); parent !== undefined; parent = stack.pop()) {
    for (const key of Object.keys(parent)) {
      const value = parent[key];
      if (typeof value !== "object" || value === null) {
        continue;
      }
      if ((value as Container)._placeholder !== true) {
        stack.push(value as Container);
        continue;
      }
      const num = (value as Container).num;
      if (!Number.isInteger(num) || (num as number) < 0 || (num as number) >= count || slots[num as number]) {
        throw new ParserViolation("ILLEGAL_PLACEHOLDER", "illegal attachments");
      }
      slots[num as number] = { parent, key };
      found++;
    }
  }
  if (found !== count) {
    throw new ParserViolation("ILLEGAL_PLACEHOLDER", "illegal attachments");
  }
  return slots;
}
