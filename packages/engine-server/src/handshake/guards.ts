import type { Protocol } from "../session/protocol.js";
import { isLegalHeaderValue } from "./origins.js";
import { type Refusal, refuse } from "./refusal.js";
import type { RequestView } from "./request-view.js";

/** What the guards know about a live session. */
export interface SessionFacts {
  readonly transport: string;
  readonly protocol: number;
}

/** What the guards ask of an engine. */
export interface GuardHost {
  readonly transports: readonly string[];
  readonly allowUpgrades: boolean;
  findSession(id: string): SessionFacts | undefined;
}

/** How a request came in: as plain HTTP, asking for an upgrade to WebSocket, or as a WebTransport session. */
export type RequestKind = "http" | "upgrade" | "webtransport";

/**
 * The guards that need no waiting, in the order in which errors are reported. Middlewares have run; the origin policy
 * and `allowRequest` come after.
 */
export function guard(kind: RequestKind, request: RequestView, host: GuardHost): Refusal | undefined {
  return guardTransport(kind, request, host) ?? guardOriginHeader(request) ?? guardSession(kind, request, host);
}

function guardTransport(kind: RequestKind, request: RequestView, host: GuardHost): Refusal | undefined {
  const transport = request.query.get("transport");
  // WebTransport sessions do not come as HTTP requests.
  const fits = (transport === "webtransport") === (kind === "webtransport");
  if (transport !== undefined && fits && host.transports.includes(transport)) return undefined;
  return refuse(0, { transport });
}

/** The header is reflected in responses: what no header may contain could split them. */
function guardOriginHeader(request: RequestView): Refusal | undefined {
  const origin = request.header("origin");
  if (origin === undefined || isLegalHeaderValue(origin)) return undefined;
  return refuse(3, { name: "INVALID_ORIGIN", origin });
}

function guardSession(kind: RequestKind, request: RequestView, host: GuardHost): Refusal | undefined {
  const sid = request.query.get("sid");
  if (sid === undefined || sid === "") return guardHandshake(kind, request);
  const session = host.findSession(sid);
  if (session === undefined) return refuse(1, { sid });
  return guardTransportOf(session, kind, request, host) ?? guardRevision(session, request);
}

function guardTransportOf(
  session: SessionFacts,
  kind: RequestKind,
  request: RequestView,
  host: GuardHost,
): Refusal | undefined {
  const transport = request.query.get("transport");
  if (kind === "http") {
    if (transport === session.transport) return undefined;
    return refuse(3, { name: "TRANSPORT_MISMATCH", transport, previousTransport: session.transport });
  }
  if (kind === "upgrade" && transport !== "websocket")
    return refuse(3, { name: "TRANSPORT_HANDSHAKE_ERROR", transport });
  return host.allowUpgrades ? undefined : refuse(3, { name: "UPGRADES_DISABLED" });
}

/** The revision is fixed at the handshake: codecs must not change under a session. */
function guardRevision(session: SessionFacts, request: RequestView): Refusal | undefined {
  const protocol = revisionOf(request);
  if (protocol === session.protocol) return undefined;
  return refuse(3, { name: "PROTOCOL_MISMATCH", protocol, previousProtocol: session.protocol });
}

function guardHandshake(kind: RequestKind, request: RequestView): Refusal | undefined {
  // Not there before revision 4, and opened by no method that anybody could choose.
  if (kind === "webtransport") return revisionOf(request) === 4 ? undefined : refuse(5, { protocol: 3 });
  if (request.method !== "GET") return refuse(2, { method: request.method });
  const transport = request.query.get("transport");
  if ((transport === "websocket") === (kind === "upgrade")) return undefined;
  return refuse(3, { name: "TRANSPORT_HANDSHAKE_ERROR", transport });
}

/** The protocol revision that a request asks for: anything but `EIO=4`, also nothing, means the one before. */
export function revisionOf(request: RequestView): 3 | 4 {
  return request.query.get("EIO") === "4" ? 4 : 3;
}

/** The protocol to open a session with, or why not. */
export function chooseProtocol(request: RequestView, protocols: ReadonlyMap<number, Protocol>): Protocol | Refusal {
  const revision = revisionOf(request);
  return protocols.get(revision) ?? refuse(5, { protocol: revision });
}

export function isRefusal(value: object): value is Refusal {
  return "status" in value;
}
