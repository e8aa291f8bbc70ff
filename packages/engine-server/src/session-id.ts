import { randomFillSync } from "node:crypto";

/** Bytes of one id: 120 bits, 20 characters. */
const ID_BYTES = 15;
const pool = Buffer.allocUnsafeSlow(ID_BYTES * 256);
let used = pool.length;

/**
 * A new session id: 20 URL-safe characters, every bit of them from the system's secure generator (which is asked once
 * per 256 ids). Whoever knows a session id can speak for the session, so it must not be guessable from another one.
 */
export function randomSessionId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const id = pool.toString("base64url", used, used + ID_BYTES);
  pool.fill(0, used, used + ID_BYTES); // an id that was given out leaves no trace in the pool
  used += ID_BYTES;
  return id;
}
