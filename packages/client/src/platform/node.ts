/** Node.js, Bun and Deno. */
import * as http from "node:http";
import * as https from "node:https";
import type { Socket as Stream } from "node:net";
import { type BinaryData, decodePacket as decodeFrame, decodePayload, type EnginePacket } from "@sockeye/engine-parser";
import { WebSocket } from "ws";
import type {
  Cancel,
  EngineOptions,
  HttpRequest,
  HttpResponse,
  PageEvent,
  TimerOptions,
  TransportOptions,
  WebSocketLike,
  WriteOptions,
} from "../engine/contract.js";
import { refusal } from "../engine/refusal.js";
import type { TransportError } from "../errors.js";
import { MemoryCookieJar } from "./cookies.js";

/** Written for speed. */
export { encodePacket, encodePayload } from "@sockeye/engine-parser";
export { parser } from "@sockeye/socketio-parser";

type BinaryOptions = Pick<EngineOptions, "binaryType">;

/** Text that is no base64 needs no option, and most of what comes is that: to look for one that is not there takes long. */
export function decodePacket(frame: string | BinaryData, options: BinaryOptions): EnginePacket | Error {
  return typeof frame === "string" && frame[0] !== "b" ? decodeFrame(frame) : decodeFrame(frame, options.binaryType);
}

/** The packets of a polling response, up to the first that is none, in whose place its error stands. */
export function decodePackets(payload: string, { binaryType }: BinaryOptions): (EnginePacket | Error)[] {
  // A client reads what its server sends it.
  const { packets, error } = decodePayload(payload, { binaryType, maxPackets: Number.POSITIVE_INFINITY });
  return error ? [...packets, error] : packets;
}

export const defaultBinaryType = "nodebuffer" as const;

export const utf8Length = (text: string): number => Buffer.byteLength(text);

export function ownOptions({
  withCredentials,
  binaryType = defaultBinaryType,
}: EngineOptions): Partial<TransportOptions> {
  return { binaryType, cookieJar: withCredentials ? new MemoryCookieJar() : undefined };
}

/** Options that belong to the connection, handed on as they are to `node:https` and `ws`. */
const SOCKET_OPTIONS = [
  "agent",
  "pfx",
  "key",
  "passphrase",
  "cert",
  "ca",
  "ciphers",
  "rejectUnauthorized",
  "checkServerIdentity",
  "localAddress",
  "family",
] as const;

const WEB_SOCKET_OPTIONS = [...SOCKET_OPTIONS, "origin", "maxPayload", "protocolVersion", "perMessageDeflate"] as const;

function pick<Name extends keyof TransportOptions>(options: TransportOptions, names: readonly Name[]) {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (options[name] !== undefined) picked[name] = options[name];
  return picked;
}

function headersOf({ extraHeaders, cookieJar }: TransportOptions): Record<string, string> {
  const cookie = cookieJar?.header();
  return { ...extraHeaders, ...(cookie && { cookie }) };
}

function readResponse(
  response: http.IncomingMessage,
  options: TransportOptions,
  done: (r: HttpResponse) => void,
): void {
  options.cookieJar?.store(response.headers["set-cookie"] ?? []);
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    text += chunk;
  });
  // A response that breaks off ends in `close` alone.
  response.on("close", () => {
    const status = response.complete ? (response.statusCode ?? 0) : 0;
    done({ status, text, retryAfter: Number(response.headers["retry-after"]) * 1000 || undefined });
  });
}

export const request: HttpRequest = (uri, body, options, done) => {
  const { request: start } = options.secure ? https : http;
  let settled = false;
  const settle = (response: HttpResponse) => {
    if (settled) return;
    settled = true;
    done(response);
  };
  const failed = (cause: unknown) => settle({ status: 0, text: "", cause });
  const headers = headersOf(options);
  if (body !== undefined) {
    headers["content-type"] = "text/plain;charset=UTF-8";
    headers["content-length"] = String(Buffer.byteLength(body));
  }
  const method = body === undefined ? "GET" : "POST";
  const { requestTimeout, autoUnref } = options;
  const outgoing = start(uri, { method, headers, ...pick(options, SOCKET_OPTIONS) }, (response) =>
    readResponse(response, options, settle),
  );
  outgoing.on("error", failed);
  if (requestTimeout) outgoing.setTimeout(requestTimeout, () => outgoing.destroy());
  if (autoUnref) outgoing.on("socket", (socket) => socket.unref());
  outgoing.end(body);
  return () => outgoing.destroy();
};

/** Pongs that may be on their way out; a server that sends more pings than that is cut off. */
const MOST_PONGS = 60;

/**
 * Compresses as the options of its connection say, gathers what is sent in one turn, and answers pings as `ws` would. If `ws` did,
 * each WebSocket would have a function for it, which V8 makes among its old objects: all that it can reach outlives the
 * connection until the next full collection.
 */
class GatheringWebSocket extends WebSocket {
  /** The stream under it, once there is one. */
  stream: Stream | undefined;
  /** Bytes from which on a message is compressed. */
  threshold = Infinity;
  #pongs = 0;

  override send(frame: string | ArrayBuffer | ArrayBufferView, options?: object): void {
    const size = typeof frame === "string" ? Buffer.byteLength(frame) : frame.byteLength;
    const compress = size >= this.threshold && (options as WriteOptions | undefined)?.compress !== false;
    gather(this.stream);
    // The callback keeps a failing write from being thrown; the socket's events tell of it.
    super.send(frame as string, { compress }, () => {});
  }

  answerPing(data: Buffer): void {
    if (this.readyState !== WebSocket.OPEN) return;
    if (this.#pongs === MOST_PONGS) {
      this.terminate();
      return;
    }
    this.#pongs++;
    this.pong(data, undefined, () => {
      this.#pongs--;
    });
  }
}

export function openWebSocket(
  uri: string,
  options: TransportOptions,
  refused: (error: TransportError) => void,
): WebSocketLike {
  const { perMessageDeflate = true } = options;
  const socket = new GatheringWebSocket(uri, options.protocols ?? [], {
    perMessageDeflate: { threshold: 1024 },
    autoPong: false,
    headers: headersOf(options),
    ...pick(options, WEB_SOCKET_OPTIONS),
  });
  if (perMessageDeflate) socket.threshold = Object(perMessageDeflate).threshold ?? 1024;
  socket.binaryType = options.binaryType ?? defaultBinaryType;
  socket.on("ping", socket.answerPing);
  socket.on("upgrade", (response) => {
    socket.stream = response.socket;
    options.cookieJar?.store(response.headers["set-cookie"] ?? []);
    if (options.autoUnref) response.socket.unref();
  });
  // Without this listener the status and the server's reason would be lost in an error text.
  socket.on("unexpected-response", (outgoing, response) => {
    readResponse(response, options, (answer) => {
      refused(refusal("websocket error", answer));
      outgoing.destroy();
    });
  });
  return socket;
}

/** Frames of one turn leave together: a system call for each would be most of what they cost. */
function gather(stream: Stream | undefined): void {
  if (stream?.writableCorked === 0) {
    stream.cork();
    process.nextTick(uncork, stream);
  }
}

function uncork(stream: Stream): void {
  stream.uncork();
}

/** There is no page. */
export function watchPage(_listener: (event: PageEvent) => void): Cancel {
  return () => {};
}

/** Lets the process end while the timer runs, if that was asked for. Timers of a test may be numbers. */
export function unref(timer: Partial<NodeJS.Timeout>, { autoUnref }: TimerOptions): void {
  if (autoUnref) timer.unref?.();
}

export function reportError(error: unknown): void {
  console.error(error);
}
