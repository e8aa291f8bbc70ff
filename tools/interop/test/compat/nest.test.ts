import { fileURLToPath } from "node:url";
import { io as connect, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next } from "../../src/signals.js";
import { type Program, start } from "./program.js";

const OURS = fileURLToPath(new URL("../../../../packages/socketio-server/src/index.ts", import.meta.url));

describe.each([
  ["with its own socket.io (control)", {}],
  ["with socket.io replaced by our server", { "socket.io": OURS }],
])("@nestjs/platform-socket.io %s", (_name, alias: Record<string, string>) => {
  let program: Program;
  let client: Socket;

  beforeAll(async () => {
    program = await start("nest", alias);
    client = connect(`http://127.0.0.1:${program.port}/chat`, { forceNew: true });
    const arrived = next(client, "arrived");
    await next(client, "connect");
    expect(await arrived).toEqual([client.id]);
  });

  afterAll(async () => {
    client?.disconnect();
    await program?.end();
  });

  it("a handler's return value is an event, or an acknowledgement", async () => {
    const heard = next(client, "greeting");
    client.emit("hello", "Ada");
    expect(await heard).toEqual(["hello Ada"]);
    expect(await client.emitWithAck("add", [1, 2, 3])).toBe(6);
  });

  it("the gateway's server and sockets are ours to use", async () => {
    const heard = next(client, "joined");
    expect(await client.emitWithAck("join", "kitchen")).toBe("kitchen");
    expect(await heard).toEqual(["kitchen"]);
  });

  it("an exception reaches the client as the event `exception`", async () => {
    const heard = next<[{ status: string; message: string }]>(client, "exception");
    client.emit("fail");
    expect((await heard)[0]).toMatchObject({ status: "error", message: "not today" });
  });

  it("closes in good order", async () => {
    const gone = next(client, "disconnect");
    await program.end();
    await gone;
  });
});
