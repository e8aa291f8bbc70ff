import { CONNECT } from "@sockeye/socketio-parser";
import type { CoreManagerView, Engine, ManagerLink } from "./contract.js";
import { later } from "./timers.js";

/** A namespace that no application has: any server answers a request for it, whatever it answers. */
const PROBE = "/~probe";

const running = new WeakMap<Engine, Promise<boolean>>();

/**
 * Asks the server for a sign of life, and takes anything it sends for one: without any in time the connection is given
 * up. Those who ask while a question is under way get its answer.
 */
export function probe({ engine, opts }: CoreManagerView, link: ManagerLink, timeout = 2000): Promise<boolean> {
  if (!link.isReady()) return Promise.resolve(false);
  let answer = running.get(engine);
  if (!answer) {
    answer = new Promise((resolve) => {
      const settle = (alive: boolean) => {
        stop();
        engine.off("packet", heard).off("close", lost);
        running.delete(engine);
        resolve(alive);
      };
      const heard = () => settle(true);
      const lost = () => settle(false);
      const stop = later(opts, () => engine.end("ping timeout", { description: "no answer to a probe" }), timeout);
      engine.on("packet", heard).on("close", lost);
      link.sendPacket({ type: CONNECT, nsp: PROBE });
    });
    running.set(engine, answer);
  }
  return answer;
}
