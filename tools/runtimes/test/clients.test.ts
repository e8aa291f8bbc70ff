import { parser as msgpackParser } from "@sockeye/socketio-parser/msgpack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start } from "../src/child.js";
import { type EchoServer, serve } from "../src/echo-server.js";
import { bun, deno, newerNodes, thisNode } from "../src/runtimes.js";

// The client as built, in the runtimes that people have, against a server in this Node.js.

let json: EchoServer;
let msgpack: EchoServer;

beforeAll(async () => {
  json = await serve();
  msgpack = await serve({ parser: msgpackParser });
});
afterAll(() => Promise.all([json?.close(), msgpack?.close()]));

const heard = (transport: string) => ({
  transport,
  text: "é🐟",
  echoed: [1, 2, 250],
  said: 300,
  question: "why",
  answer: [9],
  reason: "io client disconnect",
});
const ALL = ["polling", "websocket", "websocket", "websocket", "polling", "websocket", "websocket"].map(heard);

describe.each([thisNode, ...newerNodes, bun, deno])("the client in $name", (runtime) => {
  it.each(["talk.mjs", "talk.cjs"])("says everything in every way and ends by itself (%s)", async (program) => {
    const { stdout, stderr, code, signal } = await start(runtime, program, [json.url, msgpack.url]).ended;
    expect({ stderr, code, signal }).toEqual({ stderr: "", code: 0, signal: null });
    const told = JSON.parse(stdout) as { runtime: string; results: object[] };
    expect(`${told.runtime}.`).toMatch(new RegExp(`^${runtime.name}[. ]`));
    expect(told.results).toEqual(ALL);
    console.log(`${program} in ${told.runtime}`);
  });
});
