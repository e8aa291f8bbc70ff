import { type RefusalCode, refusalMessages } from "../errors.js";

/** Why a request is not served: what goes on the wire, and what `connection_error` listeners learn. */
export interface Refusal {
  readonly code: RefusalCode;
  /** HTTP status. */
  readonly status: number;
  /** HTTP status of a refused upgrade: 400 for whatever the protocol numbers, as clients of this family know it. */
  readonly upgradeStatus: number;
  /** Text on the wire. */
  readonly message: string;
  /** For the application only. */
  readonly context: Readonly<Record<string, unknown>>;
}

export function refuse(
  code: RefusalCode,
  context: Readonly<Record<string, unknown>> = {},
  message: string = refusalMessages[code],
): Refusal {
  return { code, status: code === 4 ? 403 : 400, upgradeStatus: 400, message, context };
}

/** A refusal for want of room: the peer may try again later. */
export function refuseForNow(context: Readonly<Record<string, unknown>>): Refusal {
  return { code: 3, status: 503, upgradeStatus: 503, message: refusalMessages[3], context };
}

/** A refusal because of where the request comes from. */
export function refuseOrigin(origin: string | undefined): Refusal {
  const context = { name: "ORIGIN_REFUSED", origin };
  return { code: 4, status: 403, upgradeStatus: 403, message: refusalMessages[4], context };
}

/** Seconds after which one who was refused for want of room may come back: spread, so that not all do at once. */
function retryAfter(): number {
  return 1 + Math.floor(Math.random() * 5);
}

/** Response headers that belong to a refusal. */
export function refusalHeaders(refusal: Refusal): Record<string, string> {
  return refusal.status === 503 ? { "retry-after": String(retryAfter()) } : {};
}

/** The JSON body of a refusal. */
export function refusalBody(refusal: Refusal): string {
  return JSON.stringify({ code: refusal.code, message: refusal.message });
}
