import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClusterViolation } from "../../../src/cluster/errors.js";
import {
  ClassicCodec,
  type Decoded,
  decodeAttachment,
  decodeBody,
  decodeEntry,
  decodeNotification,
  encodeBody,
  encodeEntry,
  encodeNotification,
  encodePackedBody,
  fromCatalog,
  toCatalog,
  type WireCommand,
  type WireMessage,
  type WireReply,
} from "../../../src/compat/wire/index.js";

const namespace = "/a,b";
const name = fc.string({ unit: "grapheme" });
const rooms = fc.array(fc.oneof(name, fc.nat()), { maxLength: 3 }) as fc.Arbitrary<string[]>;
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
/** MessagePack libraries read a member called __proto__ under another name, or not at all. */
const members = fc.dictionary(
  name.filter((key) => key !== "__proto__"),
  name,
);
const value = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), name, fc.array(name), members);
const event = fc.tuple(name, value, fc.oneof(bytes, value)) as unknown as fc.Arbitrary<unknown[]>;
const selecting = { rooms, except: rooms };
const flags = fc.constantFrom({}, { volatile: true }, { compress: false, timeout: 500 });
const request = name;
const sockets = fc.array(fc.record({ id: name, handshake: members, rooms, data: fc.oneof(value, bytes) }), {
  maxLength: 3,
});

function message<K extends WireMessage["kind"]>(kind: K, fields: Record<string, fc.Arbitrary<unknown>>) {
  return fc.record({ kind: fc.constant(kind), origin: name, namespace: fc.constant(namespace), ...fields });
}

const broadcast = message("broadcast", { ...selecting, flags, event, request: fc.option(request, { nil: undefined }) });
const commands = fc.oneof(
  broadcast,
  message("join", { ...selecting, target: rooms }),
  message("leave", { ...selecting, target: rooms }),
  message("disconnect", { ...selecting, close: fc.boolean() }),
  message("fetch", { ...selecting, request }),
  message("server-side-emit", { args: event, request: fc.option(request, { nil: undefined }) }),
) as fc.Arbitrary<WireCommand>;
const replies = fc.oneof(
  message("sockets", { request, sockets }),
  message("client-count", { request, count: fc.nat() }),
  message("ack", { request, args: fc.tuple(fc.oneof(value, bytes)) }),
  message("answer", { request, args: fc.tuple(fc.oneof(value, bytes)) }),
) as fc.Arbitrary<WireReply>;
const membership = fc.oneof(message("hello", {}), message("heartbeat", {}), message("goodbye", {}));
const messages = fc.oneof(commands, replies, membership) as fc.Arbitrary<WireMessage>;

/** Each notation there and back; what it does not carry as it was is left to the others. */
const notations: { name: string; there: (m: WireMessage) => unknown; back: (encoded: never) => unknown }[] = [
  { name: "objects", there: toCatalog, back: (object) => fromCatalog(object, namespace) },
  { name: "bodies", there: encodeBody, back: (body) => decodeBody(body, namespace) },
  {
    name: "bodies as bytes",
    there: (m) => Buffer.from(encodeBody(m) as string),
    back: (body) => decodeBody(body, namespace),
  },
  { name: "MessagePack", there: encodePackedBody, back: (body) => decodeBody(body, namespace) },
  { name: "entries of a stream", there: (m) => encodeEntry(m), back: (fields) => decodeEntry(fields) },
  {
    name: "notifications",
    there: (m) => encodeNotification(m, 200),
    back: (notification: ReturnType<typeof encodeNotification>) => {
      if ("payload" in notification) return decodeNotification(notification.payload, namespace);
      const reference = decodeNotification(notification.payloadFor("12"), namespace);
      expect(reference).toMatchObject({ kind: "attachment", id: "12" });
      return decodeAttachment(notification.attachment, namespace);
    },
  },
];

describe.each(notations)("official messages as $name", ({ there, back }) => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(messages, (m) => {
        expect(back(there(m) as never)).toEqual(m);
      }),
    );
  });
});

describe("official messages of the classic Redis adapter", () => {
  const codec = new ClassicCodec();

  it("are read as they were written, without who replied", () => {
    fc.assert(
      fc.property(commands, (m) => {
        if (m.kind === "broadcast" && m.request === undefined) {
          expect(codec.decodeBroadcast(codec.encodeBroadcast(m), namespace)).toEqual(m);
        } else expect(codec.decodeRequest(codec.encodeRequest(m), namespace)).toEqual(m);
      }),
    );
    fc.assert(
      fc.property(replies, (m) => {
        const read = codec.decodeResponse(codec.encodeResponse(m), namespace);
        if (m.kind !== "sockets" || m.sockets.length > 0) expect(read).toEqual({ ...m, origin: "" });
      }),
    );
  });

  it("of older versions, for one socket, are read", () => {
    const read = (request: object) => codec.decodeRequest(JSON.stringify(request), namespace);
    expect(read({ uid: "u", type: 2, sid: "s", room: "r" })).toMatchObject({
      kind: "join",
      rooms: ["s"],
      target: ["r"],
    });
    expect(read({ uid: "u", type: 3, sid: "s", room: "r" })).toMatchObject({
      kind: "leave",
      rooms: ["s"],
      target: ["r"],
    });
    expect(read({ type: 4, sid: "s", close: true })).toMatchObject({ kind: "disconnect", rooms: ["s"], close: true });
    expect(read({ uid: "u", requestId: "1", type: 0, rooms: ["r"] })).toMatchObject({ kind: "list", what: "sockets" });
    expect(read({ uid: "u", requestId: "1", type: 1 })).toMatchObject({ kind: "list", what: "rooms" });
  });

  it("for another namespace on the same channel are not ours", () => {
    const foreign = codec.encodeBroadcast({ ...plainBroadcast, namespace: "/a" });
    expect(codec.decodeBroadcast(foreign, namespace)).toEqual({ kind: "unknown" });
  });

  it("without a namespace are for the main one", () => {
    const bytes = encodePackedBody(plainBroadcast); // any map: not what this codec writes
    expect(codec.decodeBroadcast(bytes, "/")).toBeInstanceOf(ClusterViolation);
    const legacy = new ClassicCodec({
      encode: () => Buffer.alloc(0),
      decode: () => ["u", { type: 2, data: ["e"] }, {}],
    });
    expect(legacy.decodeBroadcast(Buffer.alloc(1), "/")).toMatchObject({ kind: "broadcast", namespace: "/" });
  });
});

const plainBroadcast = {
  kind: "broadcast",
  origin: "0123456789abcdef",
  namespace,
  rooms: [],
  except: [],
  flags: {},
  event: ["event"],
} as const;

describe("garbage on the incumbent's wire", () => {
  const decoders: ((garbage: string, bytes: Uint8Array) => unknown)[] = [
    (text) => decodeBody(text, namespace),
    (_, bytes) => decodeBody(bytes, namespace),
    (text) => decodeNotification(text, namespace),
    (_, bytes) => decodeAttachment(bytes, namespace),
    (text) => decodeEntry({ uid: text, nsp: text, type: "3", data: text }),
    (_, bytes) => new ClassicCodec().decodeBroadcast(bytes, namespace),
    (_, bytes) => new ClassicCodec().decodeRequest(bytes, namespace),
    (text) => new ClassicCodec().decodeRequest(text, namespace),
    (text) => new ClassicCodec().decodeResponse(text, namespace),
  ];

  // Whatever was read, a decoder returns a message of a known kind, "unknown", or a violation. It never throws.
  it("is told from messages, and nothing is thrown", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object().map((object) => JSON.stringify(object)),
    );
    fc.assert(
      fc.property(texts, fc.uint8Array({ maxLength: 100 }), (text, bytes) => {
        for (const decode of decoders) {
          const decoded = decode(text, bytes);
          expect(decoded instanceof ClusterViolation || typeof (decoded as { kind: unknown }).kind === "string").toBe(
            true,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it("in place of one field is a violation", () => {
    const good = toCatalog({ ...plainBroadcast, request: "1" }) as unknown as Record<string, unknown>;
    const data = good.data as Record<string, unknown>;
    const bad: unknown[] = [
      { ...good, uid: 1 },
      { ...good, data: undefined },
      { ...good, data: { ...data, opts: undefined } },
      { ...good, data: { ...data, opts: { rooms: "r" } } },
      { ...good, data: { ...data, opts: { rooms: [{}] } } },
      { ...good, data: { ...data, opts: { rooms: [], flags: 1 } } },
      { ...good, data: { ...data, packet: {} } },
      { ...good, data: { ...data, packet: { data: [] } } },
      { ...good, data: { ...data, requestId: 7 } },
      { ...good, type: 4, data: { opts: {}, rooms: 1 } },
      { ...good, type: 8, data: { requestId: "1", sockets: [{ id: 1, rooms: [] }] } },
      { ...good, type: 9, data: { packet: "event" } },
      { ...good, type: 11, data: { requestId: "1", clientCount: -1 } },
    ];
    expect((fromCatalog(good, namespace) as Decoded as { kind: string }).kind).toBe("broadcast");
    for (const message of bad) expect(fromCatalog(message, namespace)).toBeInstanceOf(ClusterViolation);
  });

  it("of an unknown type, or for another namespace, is unknown", () => {
    const good = toCatalog(plainBroadcast);
    expect(fromCatalog({ ...good, type: 14 }, namespace)).toEqual({ kind: "unknown" });
    expect(fromCatalog(good, "/")).toEqual({ kind: "unknown" });
  });

  it("does not become a flag", () => {
    const good = toCatalog(plainBroadcast) as { data?: unknown };
    const opts = { rooms: [], except: [], flags: { volatile: "yes", timeout: "1", local: true, compress: false } };
    const read = fromCatalog({ ...good, data: { ...(good.data as object), opts } }, namespace);
    expect(read).toMatchObject({ flags: { compress: false } });
    expect(Object.keys((read as { flags: object }).flags)).toEqual(["compress"]);
  });

  it("names no row but by its number", () => {
    for (const attachmentId of ["1; DROP", "", -1, {}, "1e3"]) {
      const payload = JSON.stringify({ uid: "u", type: 3, attachmentId });
      expect(decodeNotification(payload, namespace)).toBeInstanceOf(ClusterViolation);
    }
  });
});

describe("what cannot be written down", () => {
  it("is refused when it is published", () => {
    const emit = { kind: "server-side-emit", origin: "o", namespace, args: ["e", 1n] } as const;
    const refused = expect.objectContaining({ code: "ERR_SOCKEYE_CLUSTER_UNSERIALIZABLE" });
    for (const { there, name } of notations.slice(1)) expect(() => there(emit), name).toThrowError(refused);
    expect(() => new ClassicCodec().encodeRequest(emit)).toThrowError(refused);
  });
});
