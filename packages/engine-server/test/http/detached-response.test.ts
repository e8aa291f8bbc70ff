import session from "express-session";
import { describe, expect, it } from "vitest";
import { Peer, startRig } from "../rig.js";

describe("a response without HTTP under it", () => {
  it("can be ended by one middleware behind another that waits for its end", async () => {
    const rig = await startRig();
    rig.engine.use(session({ secret: "s", resave: false, saveUninitialized: true }));
    rig.engine.use((_request, response) => {
      // Later, where nobody would catch what it throws.
      setTimeout(() => {
        response.statusCode = 401;
        response.end("who are you?");
      }, 5);
    });
    const peer = new Peer(rig, "EIO=4&transport=websocket");
    await peer.until(() => peer.refusal !== "");
    expect([peer.refused, peer.refusal]).toEqual([401, "who are you?"]);
    expect(rig.engine.inspect().pendingHandshakes).toBe(0);
    await rig.stop();
  });
});
