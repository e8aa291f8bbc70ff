import { parseLowering, stringifyLifting } from "./values.js";

/** Nothing that `JSON.stringify` writes contains it. */
const BETWEEN = "\n";

/**
 * Handshakes of many sockets as one text, a line each: they are nearly all of what a node tells of its sockets, and hardly
 * anybody who asks for sockets looks at them. Bytes in them go to the attachments.
 *
 * @throws what `JSON.stringify` throws
 */
export function writeHandshakes(
  sockets: readonly { readonly handshake: unknown }[],
  attachments: Uint8Array[],
): string {
  // One without any is an empty line.
  return sockets.map(({ handshake }) => stringifyLifting(handshake, attachments) ?? "").join(BETWEEN);
}

/** The handshakes that another node wrote, each read when somebody looks at it. */
export class Handshakes {
  readonly #text: string;
  readonly #attachments: readonly Uint8Array[];
  #lines: readonly string[] | undefined;

  constructor(text: string, attachments: readonly Uint8Array[]) {
    this.#text = text;
    this.#attachments = attachments;
  }

  /** @throws SyntaxError, ClusterViolation when the other node wrote something else */
  read(index: number): unknown {
    this.#lines ??= this.#text.split(BETWEEN);
    const line = this.#lines[index];
    return line ? parseLowering(line, this.#attachments) : undefined;
  }
}
