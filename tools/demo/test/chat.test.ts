import { io as connect, type Socket } from "@sockeye/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DemoServer, startDemo } from "./demo-server.js";

/** What a page that is not ours may try. */
describe("the chat", () => {
  let demo: DemoServer;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    demo = await startDemo();
  });

  afterAll(async () => {
    for (const socket of sockets) socket.disconnect();
    await demo.end("SIGTERM");
  });

  function join(auth: Record<string, unknown>): Socket {
    const socket = connect(demo.url, { auth, forceNew: true, transports: ["websocket"] });
    sockets.push(socket);
    return socket;
  }

  const connected = (socket: Socket) => new Promise<void>((resolve) => socket.once("connect", () => resolve()));

  it("lets nobody in without a name", async () => {
    for (const name of [undefined, "", "x".repeat(25), { length: 3 }]) {
      const socket = join({ name });
      const error = await new Promise<Error>((resolve) => socket.once("connect_error", resolve));
      expect(error.message).toContain("A name of 1 to 24 characters");
    }
  });

  it("refuses what is not of the right shape, each with a reason", async () => {
    const socket = join({ name: "Mallory" });
    await connected(socket);
    const refused: [string, unknown][] = [
      ["say", undefined],
      ["say", { id: "0123456789", text: 7 }],
      ["say", { id: 7, text: "hello" }],
      ["say", { id: "0123456789", text: "x".repeat(2_001) }],
      ["show", { id: "0123456789", data: Buffer.from("<svg onload=alert(1)>") }],
      ["show", { id: "0123456789", data: "not bytes" }],
      ["join", { toString: "x" }],
      ["rename", null],
      ["burst", 1e9],
    ];
    for (const [event, value] of refused) {
      const outcome = (await socket.timeout(5_000).emitWithAck(event, value)) as { ok: boolean; reason: string };
      expect(outcome, event).toMatchObject({ ok: false, reason: expect.stringMatching(/\.$/) });
    }
  });

  it("is not confused by missing or false acknowledgement functions", async () => {
    const socket = join({ name: "Mallory" });
    await connected(socket);
    for (const event of ["say", "show", "join", "rename", "echo", "burst"]) socket.emit(event, "x", "not a function");
    for (const event of ["say", "show", "join", "rename", "echo", "burst", "typing"]) socket.emit(event);
    expect(await socket.timeout(5_000).emitWithAck("echo")).toMatchObject({ ok: true });
  });

  it("does not let a room be joined by another's socket id", async () => {
    const victim = join({ name: "Victim" });
    await connected(victim);
    const mallory = join({ name: "Mallory", room: victim.id });
    const heard: unknown[] = [];
    mallory.on("delivered", (...args) => heard.push(args));
    await connected(mallory);
    await victim.timeout(5_000).emitWithAck("say", { id: "0123456789ab", text: "private ticks" });
    await mallory.timeout(5_000).emitWithAck("echo");
    expect(heard).toEqual([]);
  });

  it("lets a burst pass and stops a flood", async () => {
    const socket = join({ name: "Fire hose" });
    await connected(socket);
    const sends = Array.from({ length: 60 }, (_, n) =>
      socket.timeout(5_000).emitWithAck("say", { id: `flood-${n}-flood`, text: String(n) }),
    );
    const outcomes = (await Promise.all(sends)) as { ok: boolean; reason?: string }[];
    expect(outcomes.slice(0, 20).every(({ ok }) => ok)).toBe(true);
    expect(outcomes.at(-1)).toEqual({ ok: false, reason: "That was a bit fast: wait a moment." });
  });

  it("passes a message on once, however often it is sent", async () => {
    const reader = join({ name: "Reader", room: "Open sea" });
    const writer = join({ name: "Writer", room: "Open sea" });
    await Promise.all([connected(reader), connected(writer)]);
    const heard: string[] = [];
    reader.on("message", (message: { text: string }) => heard.push(message.text));
    for (let n = 0; n < 3; n++) {
      await writer.timeout(5_000).emitWithAck("say", { id: "abcdef012345", text: "once" });
    }
    await writer.timeout(5_000).emitWithAck("say", { id: "abcdef012346", text: "last" });
    await expect.poll(() => heard).toEqual(["once", "last"]);
  });
});
