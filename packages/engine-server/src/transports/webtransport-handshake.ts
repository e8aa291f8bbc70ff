import { FrameDecoder } from "@sockeye/engine-parser";
import type { Deadlines } from "../deadlines.js";
import { EngineViolation } from "../errors.js";
import { type Pending, PendingHandshakes } from "../handshake/pending.js";
import { type Refusal, refuse, refuseForNow } from "../handshake/refusal.js";
import type { RequestView } from "../handshake/request-view.js";
import { DetachedResponse } from "../http/detached-response.js";
import type { WebTransportChannel } from "./webtransport.js";
import { WebTransportRequestView } from "./webtransport-request.js";
import { closeSession, type WebTransportRequest, type WebTransportSession } from "./webtransport-session.js";

/**
 * Bytes in which the first packet must be complete. It is `0`, or `0` and a session id: a peer that nobody has let in
 * yet may not fill memory.
 */
const FIRST_PACKET_LIMIT = 1024;

/** What handshakes ask of the engine. */
export interface WebTransportPort {
  /** Whether sessions are served at all; else why not. */
  refusal(): Refusal | undefined;
  /** Middlewares and guards; `done` is called at most once. */
  admit(view: RequestView, response: DetachedResponse, done: (refusal: Refusal | undefined) => void): void;
  announceRefusal(view: RequestView, refusal: Refusal): void;
  /** Opens a session on the channel, or offers it to the session whose id the view has. */
  enter(view: RequestView, channel: WebTransportChannel, refused: (refusal: Refusal) => void): void;
}

export interface WebTransportLimits {
  readonly upgradeTimeout: number;
  readonly maxHttpBufferSize: number;
  readonly maxPendingHandshakes: number;
}

/**
 * Sessions that have not told yet what they want. The client makes one stream and sends an open packet on it: without
 * data for a new session, with the id of the session that it wants to move otherwise. It gets `upgradeTimeout` for that;
 * then the guards are asked as for any other request. Whoever fails is closed, and nothing of it is kept.
 */
export class WebTransportHandshakes {
  readonly #port: WebTransportPort;
  readonly #limits: WebTransportLimits;
  readonly #pending: PendingHandshakes;
  readonly #waiting = new Set<WebTransportSession>();

  constructor(port: WebTransportPort, limits: WebTransportLimits, deadlines: Deadlines) {
    this.#port = port;
    this.#limits = limits;
    this.#pending = new PendingHandshakes(deadlines, limits.upgradeTimeout);
  }

  /** Sessions whose first packet is awaited. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Takes a session in. Rejects when it is given something else. */
  async accept(session: WebTransportSession, request: WebTransportRequest): Promise<void> {
    // A session that breaks while nobody looks must not be an unhandled rejection.
    session.closed.then(undefined, () => undefined);
    const refuseIt = (refusal: Refusal, sid?: string) => {
      this.#port.announceRefusal(new WebTransportRequestView(request, sid), refusal);
      closeSession(session, refusal.status, refusal.message);
    };
    const refusal = this.#port.refusal() ?? this.#refuseWhenFull();
    if (refusal !== undefined) return refuseIt(refusal);
    try {
      const { sid, channel } = await this.#firstPacket(session);
      this.#decide(new WebTransportRequestView(request, sid), channel, (why) => refuseIt(why, sid));
    } catch (error) {
      refuseIt(refuse(3, { name: "TRANSPORT_HANDSHAKE_ERROR", error }));
    }
  }

  /** Ends all that is waiting. */
  close(): void {
    for (const session of this.#waiting) closeSession(session);
  }

  #refuseWhenFull(): Refusal | undefined {
    if (this.#waiting.size < this.#limits.maxPendingHandshakes) return undefined;
    return refuseForNow({ name: "TOO_MANY_HANDSHAKES" });
  }

  // --- the first packet ---------------------------------------------------------------------------------------------

  /** Waits for the first packet, as long as the session lives and `upgradeTimeout` has not passed. */
  async #firstPacket(session: WebTransportSession): Promise<FirstPacket> {
    this.#waiting.add(session);
    let pending: Pending | undefined;
    const given = new Promise<never>((_, reject) => {
      const gone = () => reject(handshakeError("the session ended before its first packet"));
      session.closed.then(gone, gone);
      pending = this.#pending.begin(() => reject(handshakeError("no first packet within upgradeTimeout")));
    });
    try {
      return await Promise.race([this.#read(session), given]);
    } finally {
      pending?.settle();
      this.#waiting.delete(session);
    }
  }

  async #read(session: WebTransportSession): Promise<FirstPacket> {
    await session.ready;
    const streams = await session.incomingBidirectionalStreams.getReader().read();
    if (streams.done || streams.value === undefined) throw handshakeError("the client made no stream");
    const reader = streams.value.readable.getReader();
    const writer = streams.value.writable.getWriter();
    const decoder = new FrameDecoder({ maxPayload: this.#limits.maxHttpBufferSize, binaryType: "nodebuffer" });
    for (let bytesRead = 0; ; ) {
      const { value, done } = await reader.read();
      if (done || value === undefined) throw handshakeError("the stream ended before its first packet");
      bytesRead += value.length;
      const { packets, error } = decoder.push(value);
      const [first, ...early] = packets;
      if (first === undefined && error !== undefined) throw error;
      if (first === undefined && bytesRead > FIRST_PACKET_LIMIT) throw handshakeError("the first packet is too long");
      if (first === undefined) continue;
      if (first.type !== "open") throw handshakeError("the first packet is no open packet");
      return { sid: sidOf(first.data), channel: { session, reader, writer, decoder, early, bytesRead } };
    }
  }

  // --- the guards ---------------------------------------------------------------------------------------------------

  #decide(view: RequestView, channel: WebTransportChannel, refused: (refusal: Refusal) => void): void {
    const response = new WebTransportResponse(channel.session);
    this.#port.admit(view, response, (refusal) => {
      if (response.writableEnded || response.closed) return;
      if (refusal !== undefined) refused(refusal);
      else this.#port.enter(view, channel, refused);
    });
  }
}

interface FirstPacket {
  readonly sid: string | undefined;
  readonly channel: WebTransportChannel;
}

/** What middlewares get in place of a response: a session has no headers to set, ending it ends the session. */
class WebTransportResponse extends DetachedResponse {
  readonly #session: WebTransportSession;
  closed = false;

  constructor(session: WebTransportSession) {
    super();
    this.#session = session;
    const gone = () => {
      this.closed = true;
      this.emit("close");
    };
    session.closed.then(gone, gone);
  }

  protected override answer(): void {
    closeSession(this.#session, this.statusCode);
  }
}

/** The session id of an open packet: `0` has none, `0{"sid":"..."}` has one; anything else is an error. */
function sidOf(data: unknown): string | undefined {
  if (data === undefined || data === "") return undefined;
  const parsed = parse(data);
  const sid = typeof parsed === "object" && parsed !== null ? (parsed as { sid?: unknown }).sid : undefined;
  if (typeof sid !== "string" || sid === "") throw handshakeError("the open packet has no session id");
  return sid;
}

function parse(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    throw handshakeError("the data of the open packet is not JSON");
  }
}

function handshakeError(message: string): EngineViolation {
  return new EngineViolation("ERR_SOCKEYE_ENGINE_WEBTRANSPORT_HANDSHAKE", message);
}
