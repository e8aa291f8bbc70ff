import { watchPage } from "#platform";
import type { Wake } from "./contract.js";

/**
 * Ties a connection to its page: it ends when the network is gone or the page is put away, and is checked, or brought back
 * at once, when the page wakes up.
 */
export const wake: Wake = (manager, hurry) =>
  watchPage(({ type, persisted }) => {
    const { watchNetwork, closeOnBeforeunload } = manager.opts;
    const { engine } = manager;
    if (type === "beforeunload") {
      if (closeOnBeforeunload) engine.end("forced close");
      // A page that is left for good takes its connection with it, one that is new has just made it.
    } else if (watchNetwork === false || persisted === false) return;
    else if (type === "pagehide") engine.end("transport close", { description: "page put away" });
    else if (type === "offline") {
      // A machine can talk to itself without a network.
      if (engine.opts.hostname !== "localhost") {
        engine.end("transport close", { description: "network connection lost" });
      }
      // A hidden page has time until it is shown.
    } else if (!globalThis.document?.hidden) {
      hurry();
      manager.probe();
    }
  });
