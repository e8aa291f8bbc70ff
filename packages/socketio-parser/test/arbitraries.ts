import fc from "fast-check";
import { type Packet, PacketType, RESERVED_EVENTS } from "../src/index.js";

/** What the property tests draw from. */

/** A lone surrogate has no UTF-8 form: MessagePack cannot carry it. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** More than the default, for payloads full of bytes. */
export const ROOMY = { maxAttachments: 1000 };

const namespace = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((name) => `/${name.replaceAll(",", "")}`)
  .filter(isWellFormed);
const text = fc.string({ unit: "grapheme", maxLength: 80 }).filter(isWellFormed);
const eventName = fc.oneof(
  text.filter((name) => !RESERVED_EVENTS.has(name)),
  fc.constantFrom("__proto__", "constructor", "error", ""),
  fc.integer(),
);
export const id = fc.nat({ max: Number.MAX_SAFE_INTEGER });
export const bytes = fc.uint8Array({ maxLength: 40 });

const leaf = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)) },
  {
    weight: 1,
    arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
  },
);
/** Names that reach prototypes, and the forged placeholder, are drawn often. */
const key = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.constantFrom("constructor", "num", "0", "toString") },
);

/** JSON values, with bytes among them when asked for. */
export function json(withBytes: boolean): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: "small" },
      withBytes ? fc.oneof({ weight: 5, arbitrary: leaf }, { weight: 1, arbitrary: bytes }) : leaf,
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
    ),
  })).value;
}

export function packet(withBytes: boolean): fc.Arbitrary<Packet> {
  const value = json(withBytes);
  const record = fc.dictionary(key, json(false), { maxKeys: 4, noNullPrototype: true });
  const args = fc.array(value, { maxLength: 4 });
  return fc.oneof(
    fc.record({ type: fc.constant(PacketType.CONNECT), nsp: namespace, data: fc.option(record, { nil: undefined }) }),
    fc.record({ type: fc.constant(PacketType.DISCONNECT), nsp: namespace }),
    fc
      .tuple(namespace, eventName, args, fc.option(id, { nil: undefined }))
      .map(([nsp, name, rest, ack]): Packet => ({ type: PacketType.EVENT, nsp, data: [name, ...rest], id: ack })),
    fc.record({ type: fc.constant(PacketType.ACK), nsp: namespace, data: args, id }),
    fc.record({ type: fc.constant(PacketType.CONNECT_ERROR), nsp: namespace, data: fc.oneof(text, record) }),
  );
}

/** Text that begins like a packet more often than not. */
export const packetLikeText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "51-",
        "62-",
        "/",
        "/admin,",
        ",",
        "-",
        "[",
        "]",
        "{",
        "}",
        '"',
        "\\",
        " ",
      ),
      fc.constantFrom(
        '["a"]',
        '"a",',
        '{"_placeholder":true,"num":0}',
        '"__proto__":',
        "null",
        "1e9",
        "\u0000",
        "é",
        "\ud800",
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
