import { watchPage } from "#platform";
import type { Wake } from "./contract.js";
import { probe } from "./probe.js";

/**
 * Ties a connection to its page: it ends when the network is gone or the page is put away, and is checked, or brought back
 * at once, when the page wakes up.
 */
export const wake: Wake = (manager, link, hurry) =>
  watchPage((event) => {
    const { watchNetwork, closeOnBeforeunload } = manager.opts;
    const { engine } = manager;
    const lose = (description: string) => engine.end("transport close", { description });
    if (event === "beforeunload") {
      if (closeOnBeforeunload) engine.end("forced close");
    } else if (watchNetwork === false) return;
    else if (event === "pagehide") lose("page put away");
    else if (event === "offline") {
      // A machine can talk to itself without a network.
      if (engine.opts.hostname !== "localhost") lose("network connection lost");
    } else {
      hurry();
      probe(manager, link);
    }
  });
