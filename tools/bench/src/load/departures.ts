import type { Subject } from "../contract.js";
import { sleep } from "./patience.js";

/** Resolves once the server holds no connection any more. */
export async function allGone(server: Subject): Promise<void> {
  for (let waited = 0; waited < 1_000; waited++) {
    if ((await server.call("connections")) === 0) return;
    await sleep(20);
  }
  throw new Error("connections that were closed are still there after 20 s");
}
