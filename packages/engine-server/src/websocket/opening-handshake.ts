import * as crypto from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The opening handshake of RFC 6455, 4.2, as far as it concerns WebSocket: who may come in is decided elsewhere. */

/** What an upgrade request asks for, once it is found to be in order. */
export interface OpeningRequest {
  readonly key: string;
  /** The first subprotocol that the client offers; `""` when it offers none. */
  readonly subprotocol: string;
}

/** Why a request cannot be upgraded. */
export interface OpeningRefusal {
  readonly status: 400 | 405;
  readonly message: string;
  readonly headers: readonly string[];
}

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** Characters of a token (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Versions that are spoken: that of the RFC, and the last draft before it, which has the same frames. */
const VERSIONS: ReadonlySet<string | undefined> = new Set(["13", "8"]);

/** Reads an upgrade request. Linear in what the peer sends. */
export function readOpening(method: string | undefined, headers: IncomingHttpHeaders): OpeningRequest | OpeningRefusal {
  if (method !== "GET") return refuse("Invalid HTTP method", 405);
  if (headers.upgrade?.toLowerCase() !== "websocket") return refuse("Invalid Upgrade header");
  const key = headers["sec-websocket-key"];
  if (key === undefined || !KEY.test(key)) return refuse("Missing or invalid Sec-WebSocket-Key header");
  if (!VERSIONS.has(headers["sec-websocket-version"])) {
    return refuse("Missing or invalid Sec-WebSocket-Version header", 400, ["Sec-WebSocket-Version: 13, 8"]);
  }
  const offered = headers["sec-websocket-protocol"];
  const subprotocol = offered === undefined ? "" : firstOf(offered);
  return subprotocol === undefined ? refuse("Invalid Sec-WebSocket-Protocol header") : { key, subprotocol };
}

export function isOpeningRefusal(result: OpeningRequest | OpeningRefusal): result is OpeningRefusal {
  return "status" in result;
}

/** Whether the client knows how to compress messages, so that somebody who can should take the request. */
export function offersCompression(headers: IncomingHttpHeaders): boolean {
  return headers["sec-websocket-extensions"]?.includes("permessage-deflate") === true;
}

/** The lines of the response that agrees; the caller may add to them. */
export function agreeingLines({ key, subprotocol }: OpeningRequest): string[] {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
  ];
  if (subprotocol !== "") lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
  return lines;
}

/** Proves that the request was read (RFC 6455, 4.2.2). */
function acceptKey(key: string): string {
  // Three times as fast, but only in newer versions of Node.
  if (typeof crypto.hash === "function") return crypto.hash("sha1", key + GUID, "base64");
  return crypto
    .createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

function refuse(message: string, status: 400 | 405 = 400, headers: readonly string[] = []): OpeningRefusal {
  return { status, message, headers };
}

/** The first of a list of tokens, each of which may stand there once; nothing when it is no such list. */
function firstOf(list: string): string | undefined {
  const seen = new Set<string>();
  for (const member of list.split(",")) {
    const token = withoutBlanks(member);
    if (!TOKEN.test(token) || seen.has(token)) return undefined;
    seen.add(token);
  }
  return seen.values().next().value;
}

/** By hand: a pattern that ends in blanks looks for them again from each blank in the middle. */
function withoutBlanks(member: string): string {
  let start = 0;
  let end = member.length;
  while (start < end && isBlank(member.charCodeAt(start))) start++;
  while (end > start && isBlank(member.charCodeAt(end - 1))) end--;
  return member.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
