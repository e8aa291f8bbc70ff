import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { WebSocketLike } from "../../src/transports/foreign-websocket.js";
import { type CompressingServer, WebSocketAcceptor } from "../../src/websocket/acceptor.js";
import type { FrameViolation } from "../../src/websocket/frame-violation.js";
import { ServerWebSocket } from "../../src/websocket/server-websocket.js";
import { cutAt, cuts, own, plain, wire as stream } from "./frame-stream.js";
import { settle, Wire } from "./wire.js";

const LIMITS = { maxPayload: 1024, maxFragments: 4 };
const OPTIONS = { ...LIMITS, closeTimeout: 5_000 };
const NO_HEAD = Buffer.alloc(0);

type Headers = Record<string, string | undefined>;

const HEADERS: Headers = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

function request(headers: Headers = HEADERS, method = "GET"): IncomingMessage {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  return { method, headers: Object.fromEntries(given), socket: {} } as unknown as IncomingMessage;
}

const oracle = (options: object = {}) =>
  new WebSocketServer({ noServer: true, clientTracking: false, ...OPTIONS, ...options });

interface Answer {
  readonly head: string;
  /** What stands behind the head. */
  readonly rest: string;
  readonly over: boolean;
}

function answerOn(wire: Wire): Answer {
  const text = wire.written.toString("latin1");
  const end = text.indexOf("\r\n\r\n") + 4;
  return { head: text.slice(0, end), rest: text.slice(end), over: wire.finished || wire.destroyed };
}

async function askUs(message: IncomingMessage): Promise<Answer & { protocol: string | undefined }> {
  const wire = new Wire();
  let protocol: string | undefined;
  new WebSocketAcceptor(OPTIONS).handleUpgrade(message, wire, NO_HEAD, (socket) => {
    protocol = socket.protocol;
    socket.serve({ onText() {}, onBinary() {}, onDrain() {}, onEnd() {} });
  });
  await settle();
  return { ...answerOn(wire), protocol };
}

async function askWs(message: IncomingMessage): Promise<Answer & { protocol: string | undefined }> {
  const wire = new Wire();
  let protocol: string | undefined;
  oracle().handleUpgrade(message, wire as never, NO_HEAD, (socket) => {
    protocol = socket.protocol;
  });
  await settle();
  return { ...answerOn(wire), protocol };
}

/** Lines of a head without regard to their order and case; a text that says the same counts as the same. */
function lines(head: string): string[] {
  return head
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => line.toLowerCase())
    .sort();
}

const oneOf = (...values: Array<string | undefined>) => fc.constantFrom(...values);

const tokens = fc
  .array(
    fc.oneof(
      fc.constantFrom("a", "b", "soap", "v1.0", "a b", "", "a/b", "é", "__proto__"),
      fc.string({ maxLength: 6 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .chain((members) => fc.constantFrom(",", ", ", " , ", "\t,").map((separator) => members.join(separator)))
  // As node:http hands headers over.
  .map((list) => list.trim());

const headers: fc.Arbitrary<Headers> = fc.record({
  upgrade: fc.oneof({ weight: 6, arbitrary: fc.constant("websocket") }, oneOf("WebSocket", "h2c", "", undefined)),
  connection: fc.constant("Upgrade"),
  "sec-websocket-version": fc.oneof({ weight: 6, arbitrary: fc.constant("13") }, oneOf("8", "7", "14", "x", undefined)),
  "sec-websocket-key": fc.oneof(
    {
      weight: 6,
      arbitrary: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((key) => Buffer.from(key).toString("base64")),
    },
    oneOf("short", "", undefined, "dGhlIHNhbXBsZSBub25jZQ==\n", "dGhlIHNhbXBsZSBub25jZQ=", " dGhlIHNhbXBsZSBub25jZQ=="),
  ),
  "sec-websocket-protocol": fc.option(tokens, { nil: undefined }),
  "sec-websocket-extensions": oneOf(
    undefined,
    "permessage-deflate",
    "x; y=1",
    "permessage-deflate; client_max_window_bits",
  ),
});

describe("the answer to an upgrade request", () => {
  it("is that of the example in RFC 6455, 1.3", async () => {
    const { head } = await askUs(request({ ...HEADERS, "sec-websocket-protocol": "chat, superchat" }));
    expect(lines(head)).toEqual(
      lines(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat",
      ),
    );
  });

  // Invariant: whatever the headers say, we agree or refuse as `ws` does, with the same words.
  it("is that of ws, whatever is asked", async () => {
    await fc.assert(
      fc.asyncProperty(headers, fc.constantFrom("GET", "GET", "GET", "POST"), async (asked, method) => {
        const [ours, theirs] = [await askUs(request(asked, method)), await askWs(request(asked, method))];
        expect({ ...ours, head: lines(ours.head) }).toEqual({ ...theirs, head: lines(theirs.head) });
      }),
      { numRuns: 1_000 },
    );
  });

  it("can have headers added to it", async () => {
    const wire = new Wire();
    const acceptor = new WebSocketAcceptor(OPTIONS);
    const asked = request();
    acceptor.on("headers", (added, of) => {
      expect(of).toBe(asked);
      added.push("X-Added: 1");
    });
    acceptor.handleUpgrade(asked, wire, NO_HEAD, () => undefined);
    await settle();
    expect(lines(answerOn(wire).head)).toContain("x-added: 1");
  });

  it("is given even if the one who takes the WebSocket fails", async () => {
    const wire = new Wire();
    const failing = () =>
      new WebSocketAcceptor(OPTIONS).handleUpgrade(request(), wire, NO_HEAD, () => {
        throw new TypeError("failed");
      });
    expect(failing).toThrow("failed");
    await settle();
    expect(answerOn(wire).head).toContain("101 Switching Protocols");
  });

  it("is 503 once the server is closed", async () => {
    const wire = new Wire();
    const acceptor = new WebSocketAcceptor(OPTIONS);
    acceptor.close();
    acceptor.handleUpgrade(request(), wire, NO_HEAD, () => expect.unreachable());
    await settle();
    expect(answerOn(wire).head).toContain("503 Service Unavailable");
  });

  it("is none for a stream that has ended", async () => {
    const wire = new Wire();
    wire.leave();
    wire.resume();
    await settle();
    new WebSocketAcceptor(OPTIONS).handleUpgrade(request(), wire, NO_HEAD, () => expect.unreachable());
    expect(wire.destroyed).toBe(true);
  });

  it("is not given twice", () => {
    const wire = new Wire();
    const accept = () =>
      new WebSocketAcceptor(OPTIONS).handleUpgrade(request(), wire, NO_HEAD, (socket) => {
        socket.serve({ onText() {}, onBinary() {}, onDrain() {}, onEnd() {} });
      });
    accept();
    expect(accept).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_ENGINE_UPGRADED" }));
  });
});

// --- whole connections ------------------------------------------------------------------------------------------------

interface Course {
  readonly messages: unknown[];
  readonly error: string | undefined;
  /** Frames of the server, as it wrote them. */
  readonly said: string[];
  /** Whether the server had ended its side before the peer did. */
  readonly finished: boolean;
  readonly closed: boolean;
}

class Transcript extends Wire {
  /** Without the head. */
  override get written(): Buffer {
    const all = super.written;
    return all.subarray(all.indexOf("\r\n\r\n") + 4);
  }
}

async function play(wire: Transcript, pieces: readonly Buffer[], course: { messages: unknown[]; error?: string }) {
  let closed = false;
  wire.on("close", () => {
    closed = true;
  });
  await settle();
  for (const piece of pieces) {
    wire.say(piece);
    await settle();
  }
  const { finished } = wire;
  wire.leave();
  await settle();
  return { messages: course.messages, error: course.error, said: wire.said, finished, closed } satisfies Course;
}

async function ours(pieces: readonly Buffer[], head: Buffer): Promise<Course> {
  const wire = new Transcript();
  const course: { messages: unknown[]; error?: string } = { messages: [] };
  new WebSocketAcceptor(OPTIONS).handleUpgrade(request(), wire, head, (socket) => {
    socket.serve({
      onText: (bytes, start, end) => course.messages.push(bytes.toString("utf8", start, end)),
      onBinary: (data) => course.messages.push(data.toString("hex")),
      onDrain: () => undefined,
      onEnd: (violation: FrameViolation | undefined) => {
        if (violation !== undefined) course.error = "error";
      },
    });
  });
  return play(wire, pieces, course);
}

async function theirs(pieces: readonly Buffer[], head: Buffer): Promise<Course> {
  const wire = new Transcript();
  const course: { messages: unknown[]; error?: string } = { messages: [] };
  oracle().handleUpgrade(request(), wire as never, head, (socket) => {
    socket.on("message", (data: Buffer, isBinary) => course.messages.push(data.toString(isBinary ? "hex" : "utf8")));
    socket.on("error", () => {
      course.error = "error";
    });
  });
  return play(wire, pieces, course);
}

describe("a connection", () => {
  // Invariant: whatever comes, in whatever pieces, also together with the upgrade request: the same messages come out as of
  // `ws`, the same pongs and the same close frame go back, and the stream is ended in the same cases.
  it("takes the course that it takes with ws", async () => {
    await fc.assert(
      fc.asyncProperty(stream, cuts, fc.nat(40), async (bytes, sizes, early) => {
        const head = bytes.subarray(0, early);
        const pieces = () => cutAt(bytes.subarray(early), sizes);
        expect(await ours(pieces(), own(head))).toEqual(await theirs(pieces(), own(head)));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("clients that compress", () => {
  const offering = { ...HEADERS, "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" };

  function accept(compressing: WebSocketServer | undefined, asked: Headers) {
    const wire = new Transcript();
    const acceptor = new WebSocketAcceptor(OPTIONS, compressing as CompressingServer<WebSocketLike> | undefined);
    const lists: string[][] = [];
    acceptor.on("headers", (list) => lists.push(list));
    let socket: ServerWebSocket | WebSocketLike | undefined;
    acceptor.handleUpgrade(request(asked), wire, NO_HEAD, (made) => {
      socket = made;
      if (made instanceof ServerWebSocket) made.serve({ onText() {}, onBinary() {}, onDrain() {}, onEnd() {} });
    });
    return { socket, wire, lists, acceptor };
  }

  it("are given to the server that can", async () => {
    const { socket, lists } = accept(oracle({ perMessageDeflate: true }), offering);
    expect(socket).not.toBeInstanceOf(ServerWebSocket);
    expect(socket?.extensions).toBe("permessage-deflate");
    expect(lists).toHaveLength(1);
  });

  it("are taken uncompressed where there is none", () => {
    expect(accept(undefined, offering).socket).toBeInstanceOf(ServerWebSocket);
  });

  it("are the only ones that it is given", () => {
    expect(accept(oracle({ perMessageDeflate: true }), HEADERS).socket).toBeInstanceOf(ServerWebSocket);
  });

  it("and others are counted while they close", async () => {
    const { socket, wire, acceptor } = accept(undefined, HEADERS);
    socket?.close();
    expect(acceptor.closing).toBe(1);
    wire.say(plain(8, ""));
    wire.leave();
    await settle();
    expect(acceptor.closing).toBe(0);
  });
});
