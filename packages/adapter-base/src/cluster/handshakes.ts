import { ClusterViolation } from "./errors.js";
import { parseLowering, stringifyLifting } from "./values.js";

/**
 * Handshakes of many sockets as one JSON array: they are nearly all of what a node tells of its sockets, and hardly anybody who
 * asks for sockets looks at them. Writing them one by one would take half as long again. Bytes in them go to the attachments.
 *
 * @throws what `JSON.stringify` throws
 */
export function writeHandshakes(
  sockets: readonly { readonly handshake: unknown }[],
  attachments: Uint8Array[],
): string {
  return stringifyLifting(
    sockets.map(({ handshake }) => (isObject(handshake) ? handshake : boxed(handshake))),
    attachments,
  );
}

/** The handshakes that another node wrote, read when somebody looks at one. */
export class Handshakes {
  readonly #attachments: readonly Uint8Array[];
  #text: string | undefined;
  #list: readonly unknown[] = [];

  constructor(text: string, attachments: readonly Uint8Array[]) {
    this.#text = text;
    this.#attachments = attachments;
  }

  /** @throws SyntaxError, ClusterViolation when the other node wrote something else */
  read(index: number): unknown {
    if (this.#text !== undefined) {
      const list = parseLowering(this.#text, this.#attachments);
      if (!Array.isArray(list)) throw new ClusterViolation("handshakes are a list");
      this.#list = list;
      this.#text = undefined;
    }
    const entry = this.#list[index];
    return Array.isArray(entry) ? entry[0] : entry;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A host may say anything, or nothing at all, which JSON has no word for. */
function boxed(value: unknown): readonly unknown[] {
  return value === undefined ? [] : [value];
}
