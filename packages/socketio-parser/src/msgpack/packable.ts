import { isBinary } from "../binary.js";
import { ParserError, UnserializableError } from "../errors.js";
import { DEFAULT_LIMITS } from "../limits.js";

/**
 * What msgpackr is given. It writes typed arrays other than `Uint8Array` past their end, knows no `toJSON`, and has forms of its
 * own for maps, sets, errors and big integers, which no peer reads. So it sees only plain data, `Uint8Array`s and dates.
 */

type Container = Record<string, unknown>;

/** Copies a payload into what msgpackr may have. */
export class PackableCopy {
  /** Whether a date is in it, which is to be exchanged in the result. */
  hasDate = false;
  readonly #undefinedIs: "itself" | "json";

  /** `json`: `undefined` becomes what JSON makes of it, null in lists and no member in objects. */
  constructor(undefinedIs: "itself" | "json" = "itself") {
    this.#undefinedIs = undefinedIs;
  }

  /**
   * As JSON would see the value, except that `undefined`, dates and bytes stay what they are: `toJSON` is called once per
   * value, functions are left out of objects, any other object is its own enumerable keys.
   * @throws ParserError for a symbol, a BigInt, a `Blob`, a function outside an object, and too much depth
   */
  of(value: unknown, key: string | number, depth = 0): unknown {
    if (isBinary(value)) {
      return bytesOf(value);
    }
    if (value instanceof Date) {
      return this.#date(value);
    }
    const asked = value != null && typeof (value as Container).toJSON === "function";
    const plain = asked ? (value as { toJSON(key: string): unknown }).toJSON(String(key)) : value;
    switch (typeof plain) {
      case "object":
        if (plain === null) {
          return plain;
        }
        if (asked && (isBinary(plain) || plain instanceof Date)) {
          return isBinary(plain) ? bytesOf(plain) : this.#date(plain);
        }
        return this.#members(plain as Container, depth + 1);
      case "function":
      case "symbol":
      case "bigint":
        throw new ParserError("UNSERIALIZABLE", `a ${typeof plain} has no MessagePack form`);
      default:
        return plain;
    }
  }

  #members(container: Container, depth: number): unknown {
    if (depth > DEFAULT_LIMITS.maxDepth) {
      throw new ParserError("TOO_DEEP", "too deep");
    }
    if (Array.isArray(container)) {
      return Array.from(container, (element, index) => {
        const copied = this.of(element, index, depth);
        return copied === undefined && this.#undefinedIs === "json" ? null : copied;
      });
    }
    const copy: Container = {};
    for (const key of Object.keys(container)) {
      const value = container[key];
      const copied = typeof value === "function" ? undefined : this.of(value, key, depth);
      if (copied !== undefined || (typeof value !== "function" && this.#undefinedIs === "itself")) {
        // Not by assignment: `__proto__` is a name like any other.
        Object.defineProperty(copy, key, { value: copied, enumerable: true });
      }
    }
    return copy;
  }

  /** An invalid date is null, as in JSON. */
  #date(date: Date): Date | null {
    if (Number.isNaN(date.getTime())) {
      return null;
    }
    this.hasDate = true;
    return date;
  }
}

function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (value instanceof Uint8Array) {
    return value;
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer) {
    return new Uint8Array(value);
  }
  throw new UnserializableError("a Blob cannot be read at once, its arrayBuffer() can be awaited");
}
