import { randomBytes } from "node:crypto";

/** Random bytes are fetched for many ids at a time: each call into the generator has its price. */
const POOL_IDS = 128;
const ID_BYTES = 15;
let pool: Buffer = Buffer.alloc(0);
let used = 0;

/** 120 random bits as 20 URL-safe characters. */
export function newSocketId(): string {
  if (used + ID_BYTES > pool.length) {
    pool = randomBytes(ID_BYTES * POOL_IDS);
    used = 0;
  }
  const id = pool.toString("base64url", used, used + ID_BYTES);
  used += ID_BYTES;
  return id;
}
