import type { Packet } from "../packet.js";
import { decodeAll, encode, listening, refuses, same } from "./assertions.js";
import type { ConformanceCase, ConformanceSection } from "./codec.js";

/** The wire of the MessagePack codec: one map per packet. https://github.com/msgpack/msgpack/blob/master/spec.md */

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

/** Bytes from hexadecimal digits, in the class that the platform's sockets hand out. */
function message(hex: string): Uint8Array {
  const plain = Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  const { Buffer } = globalThis as { Buffer?: { from(bytes: Uint8Array): Uint8Array } };
  return Buffer === undefined ? plain : Buffer.from(plain);
}

const TYPE = "a474797065";
const NSP = "a36e7370";
const DATA = "a464617461";
const ID = "a26964";
const ROOT = "a12f";
/** An event whose arguments are `"a"` and the given value. */
const event = (value: string): string => `83 ${TYPE}02 ${NSP}${ROOT} ${DATA} 92 a161 ${value}`;

const argument = (value: unknown): Packet => ({ type: 2, nsp: "/", data: ["a", value] });

const READ: readonly (readonly [what: string, hex: string, packet: Packet])[] = [
  ["a connection", `82 ${TYPE}00 ${NSP}${ROOT}`, { type: 0, nsp: "/" }],
  [
    "a disconnection whose data and id are undefined",
    `84 ${TYPE}01 ${NSP}${ROOT} ${DATA}d40000 ${ID}d40000`,
    { type: 1, nsp: "/" },
  ],
  [
    "members in another order",
    `84 ${ID}07 ${DATA}91a161 ${NSP}${ROOT} ${TYPE}02`,
    { type: 2, nsp: "/", data: ["a"], id: 7 },
  ],
  [
    "members of the sender's own",
    `84 ${TYPE}02 ${NSP}${ROOT} ${DATA}91a161 a178 81a17801`,
    { type: 2, nsp: "/", data: ["a"] },
  ],
  ["a map with a long head", `de0003 ${TYPE}02 ${NSP}${ROOT} ${DATA}dc0001a161`, { type: 2, nsp: "/", data: ["a"] }],
  ["undefined", event("d40000"), argument(undefined)],
  ["null", event("c0"), argument(null)],
  ["a date", event("d700 0000018bcfe5687b"), argument(new Date(1_700_000_000_123))],
  ["a date before 1970", event("d700 fffffffffffffffb"), argument(new Date(-5))],
  ["bytes", event("c4020102"), argument(bytes(1, 2))],
  ["bytes of an ArrayBuffer", event("c702000102"), argument(bytes(1, 2))],
  ["bytes of an ArrayBuffer, eight of them", event("c708000102030405060708"), argument(bytes(1, 2, 3, 4, 5, 6, 7, 8))],
  ["a 64 bit integer", event("cf0000010000000000"), argument(2 ** 40)],
  ["a negative 64 bit integer", event("d3ffffff0000000000"), argument(-(2 ** 40))],
  ["a 32 bit float", event("ca3fc00000"), argument(1.5)],
  ["text that is no UTF-8", event("a2c328"), argument("\ufffd(")],
  ["a name that is a number", event("810105"), argument({ 1: 5 })],
  ["an extension of another type", event("d50a0102"), argument([10, bytes(1, 2)])],
];

const REFUSED: readonly (readonly [what: string, hex: string, code: string])[] = [
  ["nothing", "", "INVALID_PAYLOAD"],
  ["the code that is never used", "c1", "INVALID_PAYLOAD"],
  ["a number for a packet", "05", "INVALID_PACKET_TYPE"],
  ["null for a packet", "c0", "INVALID_PACKET_TYPE"],
  ["an array for a packet", "9102", "INVALID_PACKET_TYPE"],
  ["a packet without a type", `82 ${NSP}${ROOT} ${DATA}91a161`, "INVALID_PACKET_TYPE"],
  ["a binary type", `83 ${TYPE}05 ${NSP}${ROOT} ${DATA}91a161`, "INVALID_PACKET_TYPE"],
  ["a negative type", `83 ${TYPE}ff ${NSP}${ROOT} ${DATA}91a161`, "INVALID_PACKET_TYPE"],
  ["a text for a type", `83 ${TYPE}a132 ${NSP}${ROOT} ${DATA}91a161`, "INVALID_PACKET_TYPE"],
  ["a packet without a namespace", `82 ${TYPE}02 ${DATA}91a161`, "INVALID_NAMESPACE"],
  ["a namespace that is no text", `83 ${TYPE}02 ${NSP}01 ${DATA}91a161`, "INVALID_NAMESPACE"],
  ["a namespace without its slash", `83 ${TYPE}02 ${NSP}a161 ${DATA}91a161`, "INVALID_NAMESPACE"],
  ["an id that is a fraction", `84 ${TYPE}02 ${NSP}${ROOT} ${DATA}91a161 ${ID}cb3ff8000000000000`, "INVALID_PACKET_ID"],
  ["an id that is a text", `84 ${TYPE}02 ${NSP}${ROOT} ${DATA}91a161 ${ID}a131`, "INVALID_PACKET_ID"],
  ["an id that is null", `84 ${TYPE}02 ${NSP}${ROOT} ${DATA}91a161 ${ID}c0`, "INVALID_PACKET_ID"],
  ["a negative id", `84 ${TYPE}02 ${NSP}${ROOT} ${DATA}91a161 ${ID}ff`, "INVALID_PACKET_ID"],
  [
    "an id above the safe integers",
    `84 ${TYPE}02 ${NSP}${ROOT} ${DATA}91a161 ${ID}cf0020000000000000`,
    "INVALID_PACKET_ID",
  ],
  ["an acknowledgement without an id", `83 ${TYPE}03 ${NSP}${ROOT} ${DATA}91a161`, "INVALID_PACKET_ID"],
  ["an event without a payload", `82 ${TYPE}02 ${NSP}${ROOT}`, "INVALID_PAYLOAD"],
  ["an event of nothing", `83 ${TYPE}02 ${NSP}${ROOT} ${DATA}90`, "INVALID_PAYLOAD"],
  ["an event that is no array", `83 ${TYPE}02 ${NSP}${ROOT} ${DATA}81a13001`, "INVALID_PAYLOAD"],
  ["an event named by an object", `83 ${TYPE}02 ${NSP}${ROOT} ${DATA}9180`, "INVALID_PAYLOAD"],
  ["the reserved event connect", `83 ${TYPE}02 ${NSP}${ROOT} ${DATA}91a7636f6e6e656374`, "INVALID_PAYLOAD"],
  ["a connection with null", `83 ${TYPE}00 ${NSP}${ROOT} ${DATA}c0`, "INVALID_PAYLOAD"],
  ["a disconnection with a payload", `83 ${TYPE}01 ${NSP}${ROOT} ${DATA}01`, "INVALID_PAYLOAD"],
  ["a refused connection without a payload", `82 ${TYPE}04 ${NSP}${ROOT}`, "INVALID_PAYLOAD"],
  ["bytes behind the packet", `${event("01")} 00`, "INVALID_PAYLOAD"],
  ["a text longer than the message", event("a5616161"), "INVALID_PAYLOAD"],
  ["bytes longer than the message", event("c6ffffffff00"), "INVALID_PAYLOAD"],
  ["an array longer than the message", event("ddffffffff"), "INVALID_PAYLOAD"],
  ["a map longer than the message", event("dfffffffff"), "INVALID_PAYLOAD"],
  ["an extension longer than the message", event("c9ffffffff0a"), "INVALID_PAYLOAD"],
  ["a message that ends in a number", event("cd01"), "INVALID_PAYLOAD"],
  ["a name that is an array", event("81910101"), "INVALID_PAYLOAD"],
  ["a name that is null", event("81c001"), "INVALID_PAYLOAD"],
  ["claims nested in claims", event("dd000fffff".repeat(10)), "INVALID_PAYLOAD"],
];

function refused(what: string, hex: string, code: string): ConformanceCase {
  return {
    title: `refuses ${what}`,
    run: (codec) => {
      const { decoder, packets } = listening(codec);
      refuses(codec, code, () => {
        decoder.add(message(hex));
        return packets;
      });
      same(packets, [], "packets emitted all the same");
      decoder.destroy();
      decoder.add(message(event("01")));
      same(packets, [argument(1)]);
    },
  };
}

export const MSGPACK_WIRE: readonly ConformanceSection[] = [
  {
    title: "vectors",
    cases: [
      ...READ.map(
        ([what, hex, packet]): ConformanceCase => ({
          title: `reads ${what}`,
          run: (codec) => same(decodeAll(codec, [message(hex)]), [packet]),
        }),
      ),
      {
        title: "writes one binary message",
        run: (codec) => {
          const encoded = encode(codec, { type: 2, nsp: "/", data: ["a", bytes(1), bytes(2)] });
          same(encoded.length, 1);
          same(ArrayBuffer.isView(encoded[0]) || encoded[0] instanceof ArrayBuffer, true);
        },
      },
      {
        title: "carries undefined and dates",
        run: (codec) => {
          const data = [
            "a",
            undefined,
            new Date(1_700_000_000_123),
            { at: new Date(-5), nothing: undefined },
            bytes(1),
          ] as const;
          same(decodeAll(codec, encode(codec, { type: 2, nsp: "/", data })), [{ type: 2, nsp: "/", data }]);
        },
      },
    ],
  },
  { title: "refusals", cases: REFUSED.map(([what, hex, code]) => refused(what, hex, code)) },
  {
    title: "hostile input",
    cases: [
      { title: "refuses text", run: (codec) => refuses(codec, "UNEXPECTED_TEXT", () => decodeAll(codec, ['2["a"]'])) },
      {
        title: "ends on a hundred thousand nested arrays",
        run: (codec) =>
          refuses(codec, "TOO_DEEP", () => decodeAll(codec, [message(event(`${"91".repeat(100_000)}01`))])),
      },
      {
        title: "ends on a hundred thousand nested maps",
        run: (codec) =>
          refuses(codec, "TOO_DEEP", () => decodeAll(codec, [message(event(`${"8101".repeat(100_000)}01`))])),
      },
    ],
  },
];
