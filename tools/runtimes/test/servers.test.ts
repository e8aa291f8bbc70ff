import { createRequire } from "node:module";
import { io as ours } from "@sockeye/client";
import { io as official } from "socket.io-client";
import { describe, expect, it } from "vitest";
import { start } from "../src/child.js";
import { deno, newerNodes, thisNode } from "../src/runtimes.js";

// The server packages as built, in the runtimes that people have, with clients in this Node.js.

const { converse } = createRequire(import.meta.url)("../programs/conversation.cjs") as {
  converse(io: unknown, url: string, transports: readonly string[]): Promise<object>;
};

const WAYS = [["polling"], ["websocket"], ["polling", "websocket"]];

describe.each([thisNode, ...newerNodes, deno])("the server in $name", (runtime) => {
  it("serves the incumbent's client and ours in every way, and ends by itself once closed", async () => {
    const server = start(runtime, "serve.mjs", [], 30);
    const url = await server.firstLine;
    for (const io of [official, ours]) {
      for (const way of WAYS) {
        expect(await converse(io, url, way)).toEqual({
          transport: way.at(-1),
          text: "é🐟",
          echoed: [1, 2, 250],
          said: 300,
          question: "why",
          answer: [9],
          reason: "io client disconnect",
        });
      }
    }
    server.hangUp();
    const { stderr, code, signal } = await server.ended;
    expect({ stderr, code, signal }).toEqual({ stderr: "", code: 0, signal: null });
  });
});
