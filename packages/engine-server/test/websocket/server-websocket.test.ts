import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines } from "../../src/deadlines.js";
import type { FrameViolation } from "../../src/websocket/frame-violation.js";
import { frameOf } from "../../src/websocket/server-frame.js";
import { isServed, ServerWebSocket, type WebSocketHandler } from "../../src/websocket/server-websocket.js";
import { plain } from "./frame-stream.js";
import { settle, Wire } from "./wire.js";

const CLOSE_TIMEOUT = 1000;
const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10] as const;
const closing = (code: number, reason = "") =>
  plain(CLOSE, Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), Buffer.from(reason)]));

class Handler implements WebSocketHandler {
  readonly told: unknown[] = [];
  drains = 0;

  onText(bytes: Buffer, start: number, end: number): void {
    this.told.push(bytes.toString("utf8", start, end));
  }
  onBinary(data: Buffer): void {
    this.told.push(data);
  }
  onDrain(): void {
    this.drains++;
  }
  onEnd(violation: FrameViolation | undefined): void {
    this.told.push(violation === undefined ? "end" : violation.code);
  }
}

let time: number;
let closings: Deadlines;

function open(highWaterMark?: number, response?: string) {
  const wire = new Wire(highWaterMark);
  const settings = { maxPayload: 1000, maxFragments: 8, closeTimeout: CLOSE_TIMEOUT, closings };
  const socket = new ServerWebSocket(wire, "", settings, response);
  const handler = new Handler();
  socket.serve(handler);
  return { wire, socket, handler, told: handler.told };
}

/** Lets time pass, as the deadlines see it. */
function pass(milliseconds: number): void {
  time += milliseconds;
  vi.advanceTimersByTime(milliseconds);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  time = 5_000;
  closings = new Deadlines({ resolution: 50, clock: () => time });
});
afterEach(() => vi.useRealTimers());

describe("messages", () => {
  it("come in order, text and binary, from one chunk and from many", async () => {
    const { wire, told } = open();
    wire.say(plain(TEXT, "4a"), plain(BINARY, Uint8Array.of(1, 2)), plain(TEXT, "é", { final: false }));
    wire.say(plain(PONG, ""), plain(0, "🐟"));
    await settle();
    expect(told).toEqual(["4a", Buffer.from([1, 2]), "é🐟"]);
  });

  it("go out in whole frames, and not behind a close frame", async () => {
    const { wire, socket } = open();
    socket.send("hello");
    socket.send(Uint8Array.of(255));
    socket.ping("?");
    socket.close(1001, "bye");
    socket.send("late");
    socket.write(Buffer.from("late"));
    socket.close(1000);
    await settle();
    expect(wire.frames.map(({ opcode }) => opcode)).toEqual([TEXT, BINARY, PING, CLOSE]);
    expect(wire.said.at(-1)).toBe("close 1001 bye");
  });

  it("leave in one write with the response to the upgrade request", async () => {
    const { wire, socket } = open(undefined, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    socket.send("first");
    socket.respond();
    await settle();
    expect(wire.writes).toBe(1);
    expect(wire.written.toString("latin1")).toBe("HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05first");
  });

  it("need not be there for the response to leave", async () => {
    const { wire, socket } = open(undefined, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    socket.respond();
    socket.respond();
    socket.close();
    await settle();
    expect(wire.written.toString("latin1")).toBe("HTTP/1.1 101 Switching Protocols\r\n\r\n\x88\x00");
  });
});

describe("pings", () => {
  it("are answered in order, those of a chunk in one write", async () => {
    const { wire } = open();
    wire.say(plain(PING, "a"), plain(PING, ""), plain(TEXT, "4x"), plain(PING, "c".repeat(125)));
    await settle();
    expect(wire.said).toEqual(["pong a", "pong", `pong ${"c".repeat(125)}`]);
    expect(wire.writes).toBe(1);
  });

  it("in a flood are answered 31 times, and the last one", async () => {
    const { wire } = open();
    wire.say(...Array.from({ length: 5000 }, (_, i) => plain(PING, `${i}`)));
    await settle();
    expect(wire.said).toEqual([...Array.from({ length: 31 }, (_, i) => `pong ${i}`), "pong 4999"]);
  });

  it("of a peer that does not read wait, a few of them, and are answered when it does", async () => {
    const { wire, socket } = open(100);
    wire.stuck = true;
    socket.send("x".repeat(200));
    expect(socket.congested).toBe(true);
    const held = socket.bufferedAmount;
    for (let chunk = 0; chunk < 50; chunk++) {
      wire.say(...Array.from({ length: 20 }, (_, i) => plain(PING, `${chunk}.${i}`)));
      await settle();
    }
    expect(socket.bufferedAmount).toBe(held);
    wire.unstick();
    await settle();
    const pongs = wire.said.slice(1);
    expect(pongs).toHaveLength(32);
    expect(pongs[0]).toBe("pong 0.0");
    expect(pongs[31]).toBe("pong 49.19");
  });

  it("are not answered any more when closing", async () => {
    const { wire, socket } = open();
    socket.close();
    wire.say(plain(PING, "a"));
    await settle();
    expect(wire.said).toEqual(["close"]);
  });
});

describe("room to write", () => {
  it("is told once when there is some again", async () => {
    const { wire, socket, handler } = open(100);
    socket.send("x");
    expect(socket.congested).toBe(false);
    wire.stuck = true;
    socket.send("x".repeat(100));
    socket.send("y");
    expect(socket.congested).toBe(true);
    wire.unstick();
    await settle();
    expect(socket.congested).toBe(false);
    expect(handler.drains).toBe(1);
  });

  it("is told too when it was pongs that took it", async () => {
    const { wire, socket, handler } = open(100);
    wire.stuck = true;
    wire.say(plain(PING, "x".repeat(120)));
    await settle();
    expect(socket.congested).toBe(true);
    wire.unstick();
    await settle();
    expect(handler.drains).toBe(1);
  });
});

describe("the closing handshake", () => {
  it("begun by the peer is answered with its code and reason, and ends the stream", async () => {
    const { wire, socket, told } = open();
    wire.say(plain(TEXT, "last"), closing(4001, "done"), plain(TEXT, "too late"));
    await settle();
    expect(told).toEqual(["last", "end"]);
    expect(wire.said).toEqual(["close 4001 done"]);
    expect(wire.finished).toBe(true);
    expect(socket.readyState).toBe(2);
    wire.leave();
    await settle();
    expect(socket.readyState).toBe(3);
    expect(closings.size).toBe(0);
    expect(told).toEqual(["last", "end"]);
  });

  it("without a code is answered without one", async () => {
    const { wire, told } = open();
    wire.say(plain(CLOSE, ""));
    await settle();
    expect(told).toEqual(["end"]);
    expect(wire.said).toEqual(["close"]);
  });

  it("begun by us waits for the peer's close frame, and then ends the stream", async () => {
    const { wire, socket, told } = open();
    socket.close(1000);
    wire.say(plain(TEXT, "crossing"));
    await settle();
    expect(wire.finished).toBe(false);
    wire.say(closing(1000));
    await settle();
    expect(told).toEqual(["crossing", "end"]);
    expect(wire.said).toEqual(["close 1000"]);
    expect(wire.finished).toBe(true);
  });

  it("takes closeTimeout at most, whatever the peer does meanwhile", async () => {
    const { wire, socket, told } = open();
    socket.close();
    expect(closings.size).toBe(1);
    pass(CLOSE_TIMEOUT - 100);
    wire.say(plain(TEXT, "still here"));
    await settle();
    expect(wire.destroyed).toBe(false);
    pass(250);
    expect(wire.destroyed).toBe(true);
    await settle();
    expect(socket.readyState).toBe(3);
    expect(closings.size).toBe(0);
    expect(told).toEqual(["still here", "end"]);
  });

  it("takes closeTimeout at most for a peer that took its leave and does not read", async () => {
    const { wire, socket } = open(100);
    wire.stuck = true;
    socket.send("x".repeat(900));
    wire.say(closing(1000));
    await settle();
    expect(wire.destroyed).toBe(false);
    pass(CLOSE_TIMEOUT + 150);
    expect(wire.destroyed).toBe(true);
  });

  it("cuts a reason that is too long for its frame between two characters", async () => {
    const { wire, socket } = open();
    socket.close(1000, "é".repeat(100));
    await settle();
    expect(wire.said).toEqual([`close 1000 ${"é".repeat(61)}`]);
  });
});

describe("the end", () => {
  it("without a close frame is an end, in the middle of a message too", async () => {
    const { wire, socket, told } = open();
    wire.say(plain(TEXT, "whole"), plain(TEXT, "half").subarray(0, 8));
    await settle();
    expect(socket.unfinishedBytes).toBeGreaterThan(0);
    wire.leave();
    await settle();
    expect(told).toEqual(["whole", "end"]);
    expect(wire.finished).toBe(true);
    expect(socket.unfinishedBytes).toBe(0);
    expect(socket.readyState).toBe(3);
  });

  it("of a peer that only ended its side, and does not read, is bounded", async () => {
    const { wire, socket, told } = open(100);
    wire.stuck = true;
    socket.send("x".repeat(900));
    wire.leave();
    await settle();
    expect(told).toEqual(["end"]);
    pass(CLOSE_TIMEOUT + 150);
    expect(wire.destroyed).toBe(true);
  });

  it("by an error of the stream is an end like others", async () => {
    const { wire, socket, told } = open();
    wire.destroy(new Error("ECONNRESET"));
    await settle();
    expect(told).toEqual(["end"]);
    expect(socket.readyState).toBe(3);
    expect(closings.size).toBe(0);
  });

  it("by ourselves leaves nothing behind", async () => {
    const { wire, socket, told } = open();
    wire.say(plain(TEXT, "never read"));
    socket.terminate();
    socket.terminate();
    await settle();
    expect(told).toEqual(["end"]);
    expect(wire.written).toHaveLength(0);
    expect(closings.size).toBe(0);
  });

  it("within a message ends the reading of what came with it", async () => {
    const { wire, socket, handler, told } = open();
    handler.onText = () => {
      told.push("text");
      socket.terminate();
    };
    wire.say(plain(TEXT, "a"), plain(TEXT, "b"), plain(PING, "c"));
    await settle();
    expect(told).toEqual(["text", "end"]);
    expect(wire.written).toHaveLength(0);
  });
});

describe("what came in one chunk with the end", () => {
  for (const [name, last, end] of [
    ["a close frame", closing(1000), "end"],
    ["a violation", plain(TEXT, "", { masked: false }), "ERR_SOCKEYE_FRAME_NOT_MASKED"],
  ] as const) {
    it(`is done with before the end is told, also by those who defer it: ${name}`, async () => {
      const { wire, handler, told } = open();
      handler.onText = (bytes, start, end) => {
        const text = bytes.toString("utf8", start, end);
        process.nextTick(() => Promise.resolve().then(() => process.nextTick(() => told.push(text))));
      };
      wire.say(plain(TEXT, "a"), plain(TEXT, "b"), last);
      wire.leave();
      await settle();
      expect(told).toEqual(["a", "b", end]);
    });
  }
});

describe("a violation", () => {
  it("is answered with its close code, told once, and nothing is read after it", async () => {
    const { wire, socket, told } = open();
    wire.say(plain(TEXT, "fine"), plain(TEXT, "bad", { rsv: 4 }), plain(TEXT, "late"));
    await settle();
    wire.say(plain(TEXT, "later"));
    await settle();
    expect(told).toEqual(["fine", "ERR_SOCKEYE_FRAME_RESERVED_BITS"]);
    expect(wire.said).toEqual(["close 1002"]);
    expect(wire.finished).toBe(true);
    expect(socket.readyState).toBe(2);
    pass(CLOSE_TIMEOUT + 150);
    expect(wire.destroyed).toBe(true);
  });

  it("while closing does not lead to a second close frame", async () => {
    const { wire, socket } = open();
    socket.close(1000);
    wire.say(plain(TEXT, "bad", { masked: false }));
    await settle();
    expect(wire.said).toEqual(["close 1000"]);
    expect(wire.finished).toBe(true);
  });
});

describe("under the hood", () => {
  it("applications find what they know of a WebSocket", async () => {
    const { wire, socket } = open();
    const events: unknown[] = [];
    for (const event of ["message", "ping", "pong", "close"] as const) {
      socket.on(event, (...args: unknown[]) => events.push([event, ...args]));
    }
    expect(socket).toMatchObject({ readyState: 1, bufferedAmount: 0, protocol: "", extensions: "", isPaused: false });
    wire.say(
      plain(TEXT, "4é"),
      plain(BINARY, Uint8Array.of(7)),
      plain(PING, "p"),
      plain(PONG, "q"),
      closing(1001, "r"),
    );
    await settle();
    wire.leave();
    await settle();
    expect(events).toEqual([
      ["message", Buffer.from("4é"), false],
      ["message", Buffer.from([7]), true],
      ["ping", Buffer.from("p")],
      ["pong", Buffer.from("q")],
      ["close", 1001, Buffer.from("r")],
    ]);
  });

  it("errors are events only for those who listen, and the end has a code", async () => {
    const { wire, socket } = open();
    const events: unknown[] = [];
    socket.on("error", (error) => events.push((error as FrameViolation).code));
    socket.on("close", (code) => events.push(code));
    wire.say(plain(3, ""));
    await settle();
    wire.destroy();
    await settle();
    expect(events).toEqual(["ERR_SOCKEYE_FRAME_OPCODE", 1006]);
  });

  it("reading can be paused", async () => {
    const { wire, socket, told } = open();
    socket.pause();
    wire.say(plain(TEXT, "a"));
    await settle();
    expect([socket.isPaused, told]).toEqual([true, []]);
    socket.resume();
    await settle();
    expect([socket.isPaused, told]).toEqual([false, ["a"]]);
  });

  it("a stream knows that it is served", () => {
    const { wire } = open();
    expect(isServed(wire)).toBe(true);
    expect(isServed(new Wire())).toBe(false);
  });
});

describe("on a socket of the operating system", () => {
  const SETTINGS = { maxPayload: 1000, maxFragments: 8, closeTimeout: CLOSE_TIMEOUT };

  /** A peer, what it has read, and the WebSocket at the other end. */
  async function connected() {
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const peer = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
    const [stream] = (await once(server, "connection")) as [Socket];
    server.close();
    const socket = new ServerWebSocket(stream, "", { ...SETTINGS, closings });
    const handler = new Handler();
    socket.serve(handler);
    return { peer, stream, socket, told: handler.told };
  }

  it("a peer that ends its side without a close frame reads all that was said to it, and then the end", async () => {
    const { peer, stream, socket, told } = await connected();
    const read = buffer(peer);
    const gone = once(stream, "close");
    const said = "x".repeat(900);
    for (let i = 0; i < 20; i++) socket.send(said);
    peer.end();
    await gone;
    expect((await read).length).toBe(20 * frameSize(900));
    expect(told).toEqual(["end"]);
    expect(socket.readyState).toBe(3);
    expect(closings.size).toBe(0);
  });

  it("a peer that ended its side and reads late gets what the operating system had no room for", async () => {
    const { peer, stream, socket, told } = await connected();
    const gone = once(stream, "close");
    const said = Buffer.alloc(16 * 1024 * 1024);
    socket.send(said);
    expect(socket.bufferedAmount).toBeGreaterThan(0);
    peer.pause();
    peer.end();
    await once(stream, "end");
    expect(stream.destroyed).toBe(false);
    expect(closings.size).toBe(1);
    expect((await buffer(peer)).length).toBe(frameSize(said.length));
    await gone;
    expect(told).toEqual(["end"]);
    expect(closings.size).toBe(0);
  });
});

function frameSize(payload: number): number {
  return frameOf(BINARY, Buffer.alloc(payload)).length;
}
