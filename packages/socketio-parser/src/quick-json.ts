import type { BinaryChunk } from "./contract.js";

/** JSON for the values that most events carry, where a call of `JSON.stringify` costs more than the writing. */

/** Text that stands in JSON as it is. Everything else, lone surrogates among it, is left to `JSON.stringify`. */
const NOTHING_TO_ESCAPE = /^[ !#-[\]-~]{0,64}$/;

/** Members of the largest object that is written here. */
const SMALL = 8;

/** As `JSON.stringify(text)`. */
export function quote(text: string): string {
  return NOTHING_TO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Names that are remembered, and their length: what is beyond that is written like any other text. */
const MOST_NAMES = 1024;
const LONGEST_NAME = 32;
const names = /* @__PURE__ */ new Map<string, string>();

/** As {@link quote}, for what is said again and again: names of events and of members. */
export function quoteName(name: string): string {
  return names.get(name) ?? remember(name);
}

function remember(name: string): string {
  const json = quote(name);
  if (name.length <= LONGEST_NAME && names.size < MOST_NAMES) {
    // A name may be a piece of a long text, which it would keep in memory. As the name of a member it is a text of its own.
    names.set(Object.keys({ [name]: true })[0]!, JSON.stringify(name));
  }
  return json;
}

/**
 * As `JSON.stringify(value)` for a text, a number, a boolean, null, or a small object of nothing else; `undefined` for all others.
 * Bytes are such a value too where there is a list for them: they go there, and a placeholder takes their place.
 */
export function quickJson(value: unknown, attachments?: BinaryChunk[]): string | undefined {
  if (typeof value !== "object" || value === null) {
    return primitive(value);
  }
  return smallObject(value as Record<string, unknown>, attachments) ?? lifted(value, attachments);
}

/** What stands in the text for the attachment of this number. */
export function placeholder(num: number): string {
  return `{"_placeholder":true,"num":${num}}`;
}

function primitive(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return Number.isFinite(value) ? `${value}` : "null";
    case "boolean":
      return value ? "true" : "false";
    default:
      return value === null ? "null" : undefined;
  }
}

function lifted(value: unknown, attachments: BinaryChunk[] | undefined): string | undefined {
  return attachments !== undefined && ArrayBuffer.isView(value) ? placeholder(attachments.push(value) - 1) : undefined;
}

function smallObject(object: Record<string, unknown>, attachments: BinaryChunk[] | undefined): string | undefined {
  if (Object.getPrototypeOf(object) !== Object.prototype) {
    return undefined;
  }
  let json = "";
  let members = 0;
  for (const key in object) {
    // The engine knows this very call in this kind of loop, and makes it free.
    if (!Object.hasOwn(object, key)) {
      continue;
    }
    const value = object[key];
    const member = primitive(value) ?? lifted(value, attachments);
    // Beside bytes, what looks like a placeholder is an error, which the thorough walk knows.
    if (member === undefined || members++ === SMALL || (value === true && key === "_placeholder")) {
      return undefined;
    }
    json += json === "" ? `${quoteName(key)}:${member}` : `,${quoteName(key)}:${member}`;
  }
  return `{${json}}`;
}
