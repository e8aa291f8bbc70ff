import type { BinaryChunk } from "../contract.js";
import type { Packet } from "../packet.js";
import { bytesOf, canonical, check, decodeAll, encode, listening, refuses, same } from "./assertions.js";
import type { ConformanceCase, ConformanceSection } from "./codec.js";

/** Claims that hold for a codec whatever its wire. */

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

/** What goes through encoder and decoder and comes out the same. */
const ROUND_TRIPS: Readonly<Record<string, Packet>> = {
  "a connection without payload": { type: 0, nsp: "/" },
  "a connection with an auth payload, to a namespace": { type: 0, nsp: "/admin", data: { token: "secret" } },
  "a disconnection": { type: 1, nsp: "/admin" },
  "an event": { type: 2, nsp: "/", data: ["chat", "hello", 1, 2.5, true, null] },
  "an event that asks for an acknowledgement": { type: 2, nsp: "/", data: ["chat"], id: 0 },
  "an event with the largest id": { type: 2, nsp: "/", data: ["chat"], id: Number.MAX_SAFE_INTEGER },
  "an event named by an integer": { type: 2, nsp: "/", data: [42, "x"] },
  "an event with an empty name": { type: 2, nsp: "/", data: ["", "x"] },
  "an event named __proto__": { type: 2, nsp: "/", data: ["__proto__", "constructor"] },
  "an event with nested values": { type: 2, nsp: "/a/b", data: ["x", { a: [1, { b: [[], {}] }] }, [["deep"]]] },
  "an event with every kind of text": {
    type: 2,
    nsp: "/",
    data: [
      "x",
      "",
      'quote " backslash \\ slash /',
      "line\nbreak\u0000\u001f\u007f",
      "é€😀\u2028\u2029\ufeff",
      "x".repeat(70_000),
    ],
  },
  "an event with numbers at the edges": {
    type: 2,
    nsp: "/",
    data: [
      "x",
      0,
      -1,
      127,
      128,
      255,
      256,
      65535,
      65536,
      2 ** 31,
      2 ** 32,
      2 ** 40,
      2 ** 53 - 1,
      -32,
      -33,
      -128,
      -129,
      -32769,
      -(2 ** 31) - 1,
      1e-7,
      1.7e308,
    ],
  },
  "an acknowledgement": { type: 3, nsp: "/", data: [{ ok: true }], id: 7 },
  "an acknowledgement without arguments": { type: 3, nsp: "/admin", data: [], id: 7 },
  "a refused connection": { type: 4, nsp: "/", data: { message: "no", data: { code: 403 } } },
  "a refused connection with a bare text": { type: 4, nsp: "/", data: "no" },
  "an event with bytes": { type: 2, nsp: "/", data: ["x", bytes(1, 2, 3)] },
  "an event with bytes everywhere": {
    type: 2,
    nsp: "/img",
    data: ["x", bytes(1), { a: bytes(2), b: [bytes(3), { c: bytes(4) }], d: "e" }, bytes()],
    id: 3,
  },
  "an acknowledgement with bytes": { type: 3, nsp: "/", data: [[bytes(9)]], id: 1 },
  "objects that look like placeholders, without bytes": {
    type: 2,
    nsp: "/",
    data: ["x", { _placeholder: true, num: 0 }, { _placeholder: true, num: "splice" }],
  },
};

function roundTrip(title: string, packet: Packet): ConformanceCase {
  return {
    title: `carries ${title}`,
    run: (codec) => {
      const before = canonical(packet);
      const packets = decodeAll(codec, encode(codec, packet));
      same(packets, [packet]);
      same(canonical(packet), before, "the encoder changed its input");
    },
  };
}

/** Whatever holds the bytes, they arrive. */
const HOLDERS: Readonly<Record<string, () => BinaryChunk>> = {
  "an ArrayBuffer": () => bytes(1, 2, 3, 4).buffer as ArrayBuffer,
  "a view of a part of an ArrayBuffer": () => new Uint8Array(bytes(0, 1, 2, 3, 4, 5).buffer, 1, 4),
  "a wider typed array": () => new Uint16Array(bytes(1, 2, 3, 4).buffer),
  "a DataView": () => new DataView(bytes(0, 1, 2, 3, 4).buffer, 1),
};

function holds(title: string, holder: () => BinaryChunk): ConformanceCase {
  return {
    title: `carries the bytes of ${title}`,
    run: (codec) => {
      const [packet] = decodeAll(codec, encode(codec, { type: 2, nsp: "/", data: ["x", holder()] }));
      const data = (packet as { data: readonly unknown[] }).data;
      same([...bytesOf(data[1] as BinaryChunk)], [1, 2, 3, 4]);
    },
  };
}

class Point {
  #secret = 1;
  x = 1;
  get y(): number {
    return this.#secret;
  }
}

const VALUES: readonly ConformanceCase[] = [
  {
    title: "writes a class instance as its own enumerable members, beside bytes too",
    run: (codec) => {
      const data = ["x", new Point(), new Map([[1, 2]]), bytes(1)] as const;
      same(decodeAll(codec, encode(codec, { type: 2, nsp: "/", data }))[0], {
        type: 2,
        nsp: "/",
        data: ["x", { x: 1 }, {}, bytes(1)],
      });
    },
  },
  {
    title: "asks toJSON, beside bytes too",
    run: (codec) => {
      const data = ["x", { toJSON: () => ({ replaced: true }) }, bytes(1)] as const;
      same(decodeAll(codec, encode(codec, { type: 2, nsp: "/", data }))[0], {
        type: 2,
        nsp: "/",
        data: ["x", { replaced: true }, bytes(1)],
      });
    },
  },
  {
    title: "carries bytes that toJSON returns",
    run: (codec) => {
      const data = ["x", { toJSON: () => ({ inside: bytes(7) }) }] as const;
      same(decodeAll(codec, encode(codec, { type: 2, nsp: "/", data }))[0], {
        type: 2,
        nsp: "/",
        data: ["x", { inside: bytes(7) }],
      });
    },
  },
  {
    title: "asks toJSON once",
    run: (codec) => {
      let asked = 0;
      const value = {
        toJSON: () => {
          asked++;
          return 1;
        },
      };
      encode(codec, { type: 2, nsp: "/", data: ["x", value] });
      same(asked, 1, "times that toJSON was called");
    },
  },
  {
    title: "writes objects without a prototype",
    run: (codec) => {
      const data = ["x", Object.assign(Object.create(null), { a: 1 }), bytes(1)] as const;
      same(decodeAll(codec, encode(codec, { type: 2, nsp: "/", data }))[0], {
        type: 2,
        nsp: "/",
        data: ["x", { a: 1 }, bytes(1)],
      });
    },
  },
  {
    title: "never lets a member named __proto__ reach a prototype",
    run: (codec) => {
      const evil: unknown = JSON.parse('{"__proto__":{"polluted":true},"a":1}');
      for (const data of [["x", evil] as const, ["x", evil, bytes(1)] as const]) {
        const [packet] = decodeAll(codec, encode(codec, { type: 2, nsp: "/", data }));
        const arrived = (packet as { data: readonly { polluted?: unknown; a?: unknown }[] }).data[1];
        same(arrived?.a, 1);
        same(arrived?.polluted, undefined, "the prototype of an argument was replaced");
      }
      same(({} as { polluted?: unknown }).polluted, undefined, "Object.prototype was polluted");
    },
  },
];

function circle(): unknown {
  const circle: { self?: unknown } = {};
  circle.self = [circle];
  return circle;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) {
    value = i % 2 === 0 ? [value] : { value };
  }
  return value;
}

const UNSERIALIZABLE: Readonly<Record<string, readonly unknown[]>> = {
  "a circular reference": [circle()],
  "a circular reference beside bytes": [bytes(1), circle()],
  "a BigInt": [{ a: 1n }],
  "a BigInt beside bytes": [bytes(1), [1n]],
  "a toJSON that throws": [
    {
      toJSON: () => {
        throw new RangeError("from toJSON");
      },
    },
  ],
};

function unserializable(title: string, args: readonly unknown[]): ConformanceCase {
  return {
    title: `throws for ${title}, and encodes the next packet`,
    run: (codec) => {
      const encoder = new codec.parser.Encoder();
      refuses(codec, "UNSERIALIZABLE", () => encoder.encode({ type: 2, nsp: "/", data: ["x", ...args] }));
      const next: Packet = { type: 2, nsp: "/", data: ["next"] };
      same(decodeAll(codec, encoder.encode(next)), [next]);
    },
  };
}

const DECODER: readonly ConformanceCase[] = [
  {
    title: "emits while add() runs, to each listener",
    run: (codec) => {
      const { decoder, packets } = listening(codec);
      const second: Packet[] = [];
      decoder.on("decoded", (packet) => {
        second.push(packet);
      });
      const packet: Packet = { type: 2, nsp: "/", data: ["x"] };
      for (const chunk of encode(codec, packet)) {
        decoder.add(chunk);
      }
      same([packets, second], [[packet], [packet]]);
    },
  },
  {
    title: "keeps nothing between packets",
    run: (codec) => {
      const packets: Packet[] = [
        { type: 2, nsp: "/a", data: ["x", bytes(1)], id: 5 },
        { type: 2, nsp: "/", data: ["y"] },
        { type: 1, nsp: "/" },
      ];
      same(
        decodeAll(
          codec,
          packets.flatMap((packet) => [...encode(codec, packet)]),
        ),
        packets,
      );
    },
  },
  {
    title: "keeps nothing between decoders",
    run: (codec) => {
      const one = listening(codec);
      const two = listening(codec);
      const chunks = encode(codec, { type: 2, nsp: "/", data: ["x", bytes(1), bytes(2)] });
      for (const chunk of chunks) {
        one.decoder.add(chunk);
        two.decoder.add(chunk);
      }
      same(one.packets, two.packets);
      check(one.packets.length === 1, "one packet each");
    },
  },
  ...([10, null, undefined, true, {}, [], Symbol("x"), () => 1] as const).map(
    (chunk): ConformanceCase => ({
      title: `refuses a message that is neither text nor bytes: ${typeof chunk === "object" ? JSON.stringify(chunk) : typeof chunk}`,
      run: (codec) => refuses(codec, "UNKNOWN_TYPE", () => decodeAll(codec, [chunk])),
    }),
  ),
  {
    title: "is usable again after an error and destroy()",
    run: (codec) => {
      const { decoder, packets } = listening(codec);
      refuses(codec, "UNKNOWN_TYPE", () => decoder.add(10));
      decoder.destroy();
      // Listeners of the official decoder are the owner's, and stay.
      for (const chunk of encode(codec, { type: 2, nsp: "/", data: ["again"] })) {
        decoder.add(chunk);
      }
      same(packets, [{ type: 2, nsp: "/", data: ["again"] }]);
    },
  },
];

const CAPABILITIES: readonly ConformanceCase[] = [
  {
    title: "decode() hands the packet back, and nothing while it is unfinished",
    needs: (supports) => supports.decode,
    run: (codec) => {
      const packet: Packet = { type: 2, nsp: "/", data: ["x", bytes(1), [bytes(2)]] };
      const decoder = new codec.parser.Decoder();
      const chunks = encode(codec, packet);
      const results = chunks.map((chunk) => decoder.decode!(chunk));
      same(results, [...new Array(chunks.length - 1).fill(undefined), packet]);
    },
  },
  {
    title: "pending says whether attachments are outstanding",
    needs: (supports) => supports.pending,
    run: (codec) => {
      const decoder = new codec.parser.Decoder();
      const chunks = encode(codec, { type: 2, nsp: "/", data: ["x", bytes(1), bytes(2)] });
      same(decoder.pending, false);
      for (const [index, chunk] of chunks.entries()) {
        decoder.add(chunk);
        same(decoder.pending, index < chunks.length - 1);
      }
      if (chunks.length > 1) {
        decoder.add(chunks[0]);
        decoder.destroy();
        same(decoder.pending, false);
      }
    },
  },
  {
    title: "withOffset() appends a text argument to an event",
    needs: (supports) => supports.withOffset,
    run: (codec) => {
      const encoder = new codec.parser.Encoder();
      for (const extra of [0, 1, 12, 13, 14, 15, 20, 65_534]) {
        const data = ["x", ...Array.from({ length: extra }, (_, index) => index), bytes(1), { n: [1] }] as const;
        const packet: Packet = { type: 2, nsp: "/recovered", data, id: extra % 2 === 0 ? 4 : undefined };
        const encoded = encoder.encode(packet);
        const before = canonical(encoded);
        const offset = 'offset-"é\\';
        same(decodeAll(codec, encoder.withOffset!(encoded, offset)), [{ ...packet, data: [...data, offset] }]);
        same(canonical(encoded), before, "the original was changed");
      }
    },
  },
  {
    title: "withOffset() refuses what is no encoded event",
    needs: (supports) => supports.withOffset && supports.codes !== false,
    run: (codec) => {
      const encoder = new codec.parser.Encoder();
      refuses(codec, "UNSERIALIZABLE", () => encoder.withOffset!(encoder.encode({ type: 1, nsp: "/" }), "x"));
      refuses(codec, "UNSERIALIZABLE", () =>
        encoder.withOffset!(encoder.encode({ type: 0, nsp: "/", data: { a: [] } }), "x"),
      );
    },
  },
  {
    title: "maxDepth: takes what is as deep, refuses what is deeper",
    needs: (supports) => supports.limits.includes("maxDepth"),
    run: (codec) => {
      // The array of arguments is the first level.
      const deep = (levels: number) => encode(codec, { type: 2, nsp: "/", data: ["x", nested(levels - 1)] });
      same(decodeAll(codec, deep(8), { maxDepth: 8 }).length, 1);
      refuses(codec, "TOO_DEEP", () => decodeAll(codec, deep(9), { maxDepth: 8 }));
      same(decodeAll(codec, deep(1000)).length, 1);
    },
  },
  {
    title: "maxNamespaceLength: takes what is as long, refuses what is longer",
    needs: (supports) => supports.limits.includes("maxNamespaceLength"),
    run: (codec) => {
      const named = (length: number) => encode(codec, { type: 2, nsp: `/${"n".repeat(length - 1)}`, data: ["x"] });
      same(decodeAll(codec, named(16), { maxNamespaceLength: 16 }).length, 1);
      refuses(codec, "HEADER_TOO_LONG", () => decodeAll(codec, named(17), { maxNamespaceLength: 16 }));
      refuses(codec, "HEADER_TOO_LONG", () => decodeAll(codec, named(1025)));
    },
  },
  {
    title: "maxAttachmentBytes: refuses more, however it is split",
    needs: (supports) => supports.limits.includes("maxAttachmentBytes"),
    run: (codec) => {
      const sized = (...sizes: number[]) =>
        encode(codec, { type: 2, nsp: "/", data: ["x", ...sizes.map((size) => new Uint8Array(size))] });
      same(decodeAll(codec, sized(50), { maxAttachmentBytes: 100 }).length, 1);
      refuses(codec, "ATTACHMENTS_TOO_LARGE", () => decodeAll(codec, sized(101), { maxAttachmentBytes: 100 }));
      refuses(codec, "ATTACHMENTS_TOO_LARGE", () => decodeAll(codec, sized(50, 51), { maxAttachmentBytes: 100 }));
    },
  },
];

export const COMMON: readonly ConformanceSection[] = [
  {
    title: "round trips",
    cases: [
      ...Object.entries(ROUND_TRIPS).map(([title, packet]) => roundTrip(title, packet)),
      ...Object.entries(HOLDERS).map(([title, holder]) => holds(title, holder)),
    ],
  },
  { title: "values", cases: VALUES },
  {
    title: "what cannot be written down",
    cases: Object.entries(UNSERIALIZABLE).map(([title, args]) => unserializable(title, args)),
  },
  { title: "the decoder", cases: DECODER },
  { title: "capabilities", cases: CAPABILITIES },
];
