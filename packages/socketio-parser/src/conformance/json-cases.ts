import type { Packet } from "../packet.js";
import { decodeAll, encode, listening, refuses, same } from "./assertions.js";
import type { ConformanceCase, ConformanceSection } from "./codec.js";

/** The wire of the JSON codec. https://socket.io/docs/v4/socket-io-protocol/ */

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

interface Vector {
  readonly packet: Packet;
  readonly chunks: readonly (string | Uint8Array)[];
}

/** Valid in both directions, to the character. */
const VECTORS: readonly Vector[] = [
  { packet: { type: 0, nsp: "/" }, chunks: ["0"] },
  { packet: { type: 0, nsp: "/admin", data: { token: "x" } }, chunks: ['0/admin,{"token":"x"}'] },
  { packet: { type: 0, nsp: "/", data: { sid: "s", pid: "p" } }, chunks: ['0{"sid":"s","pid":"p"}'] },
  { packet: { type: 1, nsp: "/" }, chunks: ["1"] },
  { packet: { type: 1, nsp: "/admin" }, chunks: ["1/admin,"] },
  { packet: { type: 2, nsp: "/", data: ["a", 1] }, chunks: ['2["a",1]'] },
  { packet: { type: 2, nsp: "/", data: ["a", {}], id: 1 }, chunks: ['21["a",{}]'] },
  { packet: { type: 2, nsp: "/admin", data: ["a"], id: 12 }, chunks: ['2/admin,12["a"]'] },
  { packet: { type: 2, nsp: "/", data: [1] }, chunks: ["2[1]"] },
  { packet: { type: 3, nsp: "/admin", data: [], id: 13 }, chunks: ["3/admin,13[]"] },
  { packet: { type: 4, nsp: "/", data: { message: "no" } }, chunks: ['4{"message":"no"}'] },
  { packet: { type: 4, nsp: "/", data: "no" }, chunks: ['4"no"'] },
  {
    packet: { type: 2, nsp: "/", data: ["b", bytes(1, 2)] },
    chunks: ['51-["b",{"_placeholder":true,"num":0}]', bytes(1, 2)],
  },
  {
    packet: { type: 2, nsp: "/img", data: ["b", { a: [bytes(1)], b: 1 }, bytes(2)], id: 5 },
    chunks: [
      '52-/img,5["b",{"a":[{"_placeholder":true,"num":0}],"b":1},{"_placeholder":true,"num":1}]',
      bytes(1),
      bytes(2),
    ],
  },
  {
    packet: { type: 3, nsp: "/", data: [bytes(7)], id: 789 },
    chunks: ['61-789[{"_placeholder":true,"num":0}]', bytes(7)],
  },
];

/** Accepted as well, though nobody's encoder writes them. */
const ALSO_READ: readonly Vector[] = [
  { packet: { type: 0, nsp: "/random" }, chunks: ["0/random"] },
  { packet: { type: 1, nsp: "/custom" }, chunks: ["1/custom"] },
  { packet: { type: 2, nsp: "/", data: ["a"] }, chunks: ['2/,["a"]'] },
  { packet: { type: 2, nsp: "/", data: ["a", { b: 1 }] }, chunks: ['2["a", {"b" : 1} ]'] },
  {
    packet: { type: 2, nsp: "/", data: ["b", bytes(2), bytes(1)] },
    chunks: ['52-["b",{"_placeholder":true,"num":1},{"num":0,"_placeholder":true}]', bytes(1), bytes(2)],
  },
  { packet: { type: 2, nsp: "/", data: ["b", "[[[[{{{{"] }, chunks: ['2["b","[[[[{{{{"]'] },
];

const placeholder = (num: unknown): string => `{"_placeholder":true,"num":${JSON.stringify(num)}}`;

/** One refused text per line: what is wrong, the text, the code. */
const REFUSED: readonly (readonly [what: string, text: string, codes: string | readonly string[]])[] = [
  ["an empty text", "", "UNKNOWN_PACKET_TYPE"],
  ["a type that is no digit", 'x["a"]', "UNKNOWN_PACKET_TYPE"],
  ["a type above 6", '7["a"]', "UNKNOWN_PACKET_TYPE"],
  ["white space for a type", ' ["a"]', "UNKNOWN_PACKET_TYPE"],

  ["a binary packet without a count", '5["a"]', "ILLEGAL_ATTACHMENTS"],
  ["a binary packet of one digit", "5", "ILLEGAL_ATTACHMENTS"],
  ["a count without a dash", '51["a"]', "ILLEGAL_ATTACHMENTS"],
  ["a count that ends the text", "51", "ILLEGAL_ATTACHMENTS"],
  ["a count of 0", '50-["a"]', "ILLEGAL_ATTACHMENTS"],
  ["a negative count", '5-1-["a"]', "ILLEGAL_ATTACHMENTS"],
  ["a broken count", '51.5-["a"]', "ILLEGAL_ATTACHMENTS"],
  ["a count with an exponent", '51e1-["a"]', "ILLEGAL_ATTACHMENTS"],
  ["a count in hexadecimal", '50x1-["a"]', "ILLEGAL_ATTACHMENTS"],
  ["white space in a count", `5 1-["a",${placeholder(0)}]`, "ILLEGAL_ATTACHMENTS"],
  ["a count above the limit of 10", '511-["a"]', "TOO_MANY_ATTACHMENTS"],
  ["a count beyond all numbers", `5${"9".repeat(400)}-["a"]`, "TOO_MANY_ATTACHMENTS"],

  ["white space before the payload", '2 ["a"]', "INVALID_PAYLOAD"],
  ["white space in an id", '21 2["a"]', "INVALID_PAYLOAD"],
  ["a negative id", '2-1["a"]', "INVALID_PAYLOAD"],
  ["an id above the safe integers", '29007199254740992["a"]', "INVALID_PACKET_ID"],
  ["an id of a thousand digits", `2${"1".repeat(1000)}["a"]`, "INVALID_PACKET_ID"],
  ["an id on a connection", "012{}", "INVALID_PACKET_ID"],
  ["an id on a disconnection", "1/admin,1", "INVALID_PACKET_ID"],
  ["an id on a refused connection", '41{"message":"no"}', "INVALID_PACKET_ID"],
  ["an acknowledgement without an id", '3["a"]', "INVALID_PACKET_ID"],

  ["an event without a payload", "2", "INVALID_PAYLOAD"],
  ["an event without a payload, in a namespace", "2/admin", "INVALID_PAYLOAD"],
  ["an event with an id and no payload", "21", "INVALID_PAYLOAD"],
  ["an acknowledgement without a payload", "31", "INVALID_PAYLOAD"],
  ["a refused connection without a payload", "4", "INVALID_PAYLOAD"],
  ["a binary event without a payload", "51-", ["INVALID_PAYLOAD", "ILLEGAL_PLACEHOLDER"]],

  ["a connection with a text", '0"x"', "INVALID_PAYLOAD"],
  ["a connection with an array", "0[]", "INVALID_PAYLOAD"],
  ["a connection with null", "0null", "INVALID_PAYLOAD"],
  ["a disconnection with a payload", "1{}", "INVALID_PAYLOAD"],
  ["a disconnection with white space", "1 ", "INVALID_PAYLOAD"],
  ["a refused connection with an array", "4[]", "INVALID_PAYLOAD"],
  ["a refused connection with null", "4null", "INVALID_PAYLOAD"],
  ["an event that is no array", '2{"0":"a"}', "INVALID_PAYLOAD"],
  ["an event of nothing", "2[]", "INVALID_PAYLOAD"],
  ["an acknowledgement that is no array", "31{}", "INVALID_PAYLOAD"],
  ["an event named by an object", '2[{"toString":"foo"}]', "INVALID_PAYLOAD"],
  ["an event named by an array", '2[["a"]]', "INVALID_PAYLOAD"],
  ["an event named by null", "2[null]", "INVALID_PAYLOAD"],
  ["an event named by a boolean", "2[true]", "INVALID_PAYLOAD"],
  ["an event named by a fraction", "2[1.5]", "INVALID_PAYLOAD"],
  ["an event named by a placeholder", `51-[${placeholder(0)}]`, "INVALID_PAYLOAD"],
  ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"].map(
    (name) => [`the reserved event ${name}`, `2["${name}","x"]`, "INVALID_PAYLOAD"] as const,
  ),
  ["half a payload", '2["a"', "INVALID_PAYLOAD"],
  ["two payloads", '2["a"]["b"]', "INVALID_PAYLOAD"],
  ["a payload of rubbish", "2[rubbish]", "INVALID_PAYLOAD"],
  ["a namespace without its slash", '2admin,["a"]', "INVALID_PAYLOAD"],
  ["a count on a plain event", `21-["a",${placeholder(0)}]`, ["INVALID_PAYLOAD", "ILLEGAL_ATTACHMENTS"]],

  ["a placeholder too few", `52-["a",${placeholder(0)}]`, "ILLEGAL_PLACEHOLDER"],
  ["no placeholder at all", '51-["a"]', "ILLEGAL_PLACEHOLDER"],
  ["a placeholder too many", `51-["a",${placeholder(0)},${placeholder(0)}]`, "ILLEGAL_PLACEHOLDER"],
  ["a number used twice", `52-["a",${placeholder(1)},${placeholder(1)}]`, "ILLEGAL_PLACEHOLDER"],
  ["a number out of range", `51-["a",${placeholder(1)}]`, "ILLEGAL_PLACEHOLDER"],
  ["a negative number", `51-["a",${placeholder(-1)}]`, "ILLEGAL_PLACEHOLDER"],
  ["a fraction for a number", `52-["a",${placeholder(1)},${placeholder(0.5)}]`, "ILLEGAL_PLACEHOLDER"],
  ["a text for a number", `51-["a",${placeholder("0")}]`, "ILLEGAL_PLACEHOLDER"],
  ["the name of a method for a number", `51-["a",${placeholder("splice")}]`, "ILLEGAL_PLACEHOLDER"],
  ["the name of the prototype for a number", `51-["a",${placeholder("__proto__")}]`, "ILLEGAL_PLACEHOLDER"],
  ["null for a number", `51-["a",${placeholder(null)}]`, "ILLEGAL_PLACEHOLDER"],
  ["an array for a number", `51-["a",${placeholder([0])}]`, "ILLEGAL_PLACEHOLDER"],
  ["a placeholder without a number", '51-["a",{"_placeholder":true}]', "ILLEGAL_PLACEHOLDER"],
];

function refused(what: string, text: string, codes: string | readonly string[]): ConformanceCase {
  return {
    title: `refuses ${what}`,
    run: (codec) => {
      const { decoder, packets } = listening(codec);
      // A refusal may wait for the attachment, it may not wait for another one.
      refuses(codec, codes, () => {
        decoder.add(text);
        decoder.add(bytes(1));
        decoder.add(bytes(2));
        return packets;
      });
      same(packets, [], "packets emitted all the same");
      decoder.destroy();
      decoder.add('2["next"]');
      same(packets, [{ type: 2, nsp: "/", data: ["next"] }]);
    },
  };
}

const WAITING: readonly ConformanceCase[] = [
  {
    title: "refuses text while attachments are outstanding",
    run: (codec) => refuses(codec, "UNEXPECTED_TEXT", () => decodeAll(codec, [`51-["a",${placeholder(0)}]`, '2["b"]'])),
  },
  {
    title: "refuses bytes when none are outstanding",
    run: (codec) => refuses(codec, "UNEXPECTED_BINARY", () => decodeAll(codec, [bytes(1)])),
  },
  {
    title: "refuses bytes after the last attachment",
    run: (codec) =>
      refuses(codec, "UNEXPECTED_BINARY", () => decodeAll(codec, [`51-["a",${placeholder(0)}]`, bytes(1), bytes(2)])),
  },
  {
    title: "forgets an unfinished packet in destroy()",
    run: (codec) => {
      const { decoder, packets } = listening(codec);
      decoder.add(`52-["a",${placeholder(0)},${placeholder(1)}]`);
      decoder.add(bytes(1));
      decoder.destroy();
      decoder.add('2["b"]');
      same(packets, [{ type: 2, nsp: "/", data: ["b"] }]);
    },
  },
  {
    title: "maxAttachments: takes as many, refuses more",
    needs: (supports) => supports.limits.includes("maxAttachments"),
    run: (codec) => {
      const many = (count: number) =>
        encode(codec, { type: 2, nsp: "/", data: ["a", ...Array.from({ length: count }, () => bytes(1))] });
      same(decodeAll(codec, many(3), { maxAttachments: 3 }).length, 1);
      refuses(codec, "TOO_MANY_ATTACHMENTS", () => decodeAll(codec, many(4), { maxAttachments: 3 }));
      same(decodeAll(codec, many(10)).length, 1);
      refuses(codec, "TOO_MANY_ATTACHMENTS", () => decodeAll(codec, many(11)));
    },
  },
];

const HOSTILE: readonly ConformanceCase[] = [
  {
    title: "throws for an object that would read as a placeholder beside bytes",
    run: (codec) =>
      refuses(codec, "UNSERIALIZABLE", () =>
        encode(codec, { type: 2, nsp: "/", data: ["a", { _placeholder: true, num: 0 }, bytes(1)] }),
      ),
  },
  {
    title: "ends on a hundred thousand brackets",
    run: (codec) =>
      refuses(codec, ["TOO_DEEP", "INVALID_PAYLOAD"], () => decodeAll(codec, [`2${"[".repeat(100_000)}`])),
  },
  {
    title: "scans a megabyte of header in a moment",
    run: (codec) => {
      const codes = [
        "HEADER_TOO_LONG",
        "INVALID_PAYLOAD",
        "INVALID_PACKET_ID",
        "ILLEGAL_ATTACHMENTS",
        "TOO_MANY_ATTACHMENTS",
      ];
      for (const text of [`2/${"n".repeat(1_000_000)}`, `2${"1".repeat(1_000_000)}`, `5${"1".repeat(1_000_000)}`]) {
        refuses(codec, codes, () => decodeAll(codec, [text]));
      }
    },
  },
];

export const JSON_WIRE: readonly ConformanceSection[] = [
  {
    title: "vectors",
    cases: [
      ...VECTORS.flatMap(({ packet, chunks }): ConformanceCase[] => [
        { title: `writes ${chunks[0] as string}`, run: (codec) => same(encode(codec, packet), chunks) },
        { title: `reads ${chunks[0] as string}`, run: (codec) => same(decodeAll(codec, chunks), [packet]) },
      ]),
      ...ALSO_READ.map(
        ({ packet, chunks }): ConformanceCase => ({
          title: `reads ${chunks[0] as string}`,
          run: (codec) => same(decodeAll(codec, chunks), [packet]),
        }),
      ),
    ],
  },
  { title: "refusals", cases: REFUSED.map(([what, text, codes]) => refused(what, text, codes)) },
  { title: "attachments", cases: WAITING },
  { title: "hostile input", cases: HOSTILE },
];
