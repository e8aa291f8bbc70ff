import * as sockeyeMsgpack from "@sockeye/socketio-parser/msgpack";
import * as officialMsgpack from "socket.io-msgpack-parser";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RawWebSocket } from "../src/raw-websocket.js";
import { Door, type End } from "./door.js";

/** What a peer sends once it is in: text frames as they are, Buffers as binary frames. */
type Messages = readonly (string | Buffer)[];

async function playTo(
  door: Door,
  join: string | Buffer,
  messages: Messages,
): Promise<{ end: End; socket: RawWebSocket }> {
  const socket = new RawWebSocket(door.port);
  await socket.sees('0{"sid"');
  const end = door.nextEnd();
  send(socket, join);
  // Once in the engine's handshake, once in the answer to the connect packet.
  await socket.sees("sid", 2);
  for (const message of messages) send(socket, message);
  await socket.ended();
  return { end: await end, socket };
}

function send(socket: RawWebSocket, message: string | Buffer): void {
  socket.send(typeof message === "string" ? { payload: `4${message}` } : { opcode: 2, payload: message });
}

describe("the JSON decoder", () => {
  const door = new Door();
  beforeAll(() => door.open());
  afterAll(() => door.close());
  afterEach(async () => expect(await door.noticed()).toEqual([]));

  const bytes = Buffer.from([1]);
  const violations: [string, Messages, string][] = [
    ["unknown packet type", ['9["a"]'], "UNKNOWN_PACKET_TYPE"],
    ["no packet type", ["x"], "UNKNOWN_PACKET_TYPE"],
    ["attachments without a count", ['5-["a"]'], "ILLEGAL_ATTACHMENTS"],
    ["attachments without a dash (an endless loop elsewhere)", ["5"], "ILLEGAL_ATTACHMENTS"],
    ["zero attachments (CVE-2026-69185)", ['50-["x"]', bytes], "ILLEGAL_ATTACHMENTS"],
    ["a negative count", ['5-1-["x"]'], "ILLEGAL_ATTACHMENTS"],
    ["a fractional count", ['51.5-["x"]'], "ILLEGAL_ATTACHMENTS"],
    ["a huge count (CVE-2026-33151)", ['599999999-["x"]'], "TOO_MANY_ATTACHMENTS"],
    ["a count in other digits", ['5٣-["x"]'], "ILLEGAL_ATTACHMENTS"],
    ["binary that nobody announced", [bytes], "UNEXPECTED_BINARY"],
    ["text in place of an attachment", ['51-["a",{"_placeholder":true,"num":0}]', '2["b"]'], "UNEXPECTED_TEXT"],
    [
      "a placeholder with a method's name (CVE-2022-2421)",
      ['51-["hello",{"_placeholder":true,"num":"splice"}]', bytes],
      "ILLEGAL_PLACEHOLDER",
    ],
    ["a placeholder out of range", ['51-["a",{"_placeholder":true,"num":1}]', bytes], "ILLEGAL_PLACEHOLDER"],
    ["a negative placeholder", ['51-["a",{"_placeholder":true,"num":-1}]', bytes], "ILLEGAL_PLACEHOLDER"],
    ["an event name that is an object (CVE-2023-32695)", ['2[{"toString":"foo"}]'], "INVALID_PAYLOAD"],
    ["an event that is no array", ['2{"a":1}'], "INVALID_PAYLOAD"],
    ["an event without a name", ["2[]"], "INVALID_PAYLOAD"],
    ["an event without anything", ["2"], "INVALID_PAYLOAD"],
    ["an acknowledgement without anything", ["31"], "INVALID_PAYLOAD"],
    ["an acknowledgement that is no array", ["31{}"], "INVALID_PAYLOAD"],
    ["JSON that stops", ['2["a",{"b":'], "INVALID_PAYLOAD"],
    ["a reserved event: connect", ['2["connect"]'], "INVALID_PAYLOAD"],
    ["a reserved event: disconnecting", ['2["disconnecting"]'], "INVALID_PAYLOAD"],
    ["a reserved event: newListener", ['2["newListener"]'], "INVALID_PAYLOAD"],
    ["a connect payload that is a list", ["0/other,[1]"], "INVALID_PAYLOAD"],
    ["a connect payload that is text", ['0/other,"x"'], "INVALID_PAYLOAD"],
    ["a disconnect with a payload", ["1{}"], "INVALID_PAYLOAD"],
    ["an acknowledgement id of 21 digits", ['2999999999999999999999["a"]'], "INVALID_PACKET_ID"],
    ["nesting of 20,000", [`2["a",${"[".repeat(20_000)}${"]".repeat(20_000)}]`], "TOO_DEEP"],
    ["a namespace of 100 kB", [`2/${"n".repeat(100_000)},["a"]`], "HEADER_TOO_LONG"],
  ];
  it.each(violations)("closes on %s", async (_what, messages, code) => {
    const { end } = await playTo(door, "0", messages);
    expect(end.reason).toBe("forced close");
    expect(end.code).toBe(`ERR_SOCKEYE_PARSER_${code}`);
  });

  it.each([
    ["an event for a namespace that was not joined", '2/elsewhere,["a"]'],
    ["an acknowledgement for a namespace that was not joined", "3/elsewhere,1[]"],
    ["a second connect of a namespace", "0"],
    ["a connect error from a client", '4{"message":"no"}'],
  ])("closes on %s", async (_what, message) => {
    const { end } = await playTo(door, "0", [message]);
    expect(["forced close", "forced server close", "server namespace disconnect"]).toContain(end.reason);
  });

  it("takes names of JavaScript's own as data, and answers afterwards", async () => {
    const socket = new RawWebSocket(door.port);
    await socket.sees('0{"sid"');
    send(socket, '0{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    await socket.sees('40{"sid"');
    for (const name of ["error", "__proto__", "constructor", "toString", "hasOwnProperty"]) {
      send(socket, `2["${name}",{"__proto__":{"polluted":1}}]`);
    }
    for (const id of ["0", "999"]) send(socket, `3${id}[]`);
    send(socket, '27["still there?"]');
    await socket.sees("437[true]");
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    socket.tcp.destroy();
  });

  it("gives one socket for three connects at once", async () => {
    let connections = 0;
    const count = () => connections++;
    door.io.on("connection", count);
    const socket = new RawWebSocket(door.port);
    await socket.sees('0{"sid"');
    for (let n = 0; n < 3; n++) send(socket, "0");
    send(socket, '27["still there?"]');
    await Promise.race([socket.sees("437[true]"), socket.ended()]);
    expect(connections).toBeLessThanOrEqual(1);
    socket.tcp.destroy();
    door.io.off("connection", count);
    await expect.poll(() => door.io.of("/").sockets.size).toBe(1);
  });
});

describe("the MessagePack decoder", () => {
  const door = new Door({ parser: sockeyeMsgpack }, { parser: officialMsgpack });
  beforeAll(() => door.open());
  afterAll(() => door.close());
  afterEach(async () => expect(await door.noticed()).toEqual([]));

  const pack = (packet: unknown): Buffer =>
    Buffer.from((new officialMsgpack.Encoder().encode(packet as never) as unknown as Uint8Array[])[0]!);
  const connectPacket = pack({ type: 0, nsp: "/" });

  const violations: [string, Messages][] = [
    ["text", ['2["a"]']],
    ["nothing", [Buffer.alloc(0)]],
    ["noise", [Buffer.from([0xc1, 0xff, 0x00])]],
    ["bytes after the packet", [Buffer.concat([pack({ type: 2, nsp: "/", data: ["a"] }), Buffer.from([1])])]],
    ["a packet cut short", [pack({ type: 2, nsp: "/", data: ["abcdef"] }).subarray(0, 12)]],
    ["a list of four thousand million", [Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])]],
    ["a map of four thousand million", [Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff])]],
    ["a string of four thousand million", [Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff])]],
    ["lists in lists, 20,000 deep", [Buffer.concat([Buffer.alloc(20_000, 0x91), Buffer.from([0x90])])]],
    ["a packet type beyond the table", [pack({ type: 7, nsp: "/", data: ["a"] })]],
    ["a packet type that is text", [pack({ type: "2", nsp: "/", data: ["a"] })]],
    ["a namespace that is no text", [pack({ type: 2, nsp: 7, data: ["a"] })]],
    ["an event that is no list", [pack({ type: 2, nsp: "/", data: { a: 1 } })]],
    ["an event name that is an object", [pack({ type: 2, nsp: "/", data: [{ toString: "foo" }] })]],
    ["an acknowledgement id that is no number", [pack({ type: 3, nsp: "/", id: "x", data: [] })]],
    ["a fractional acknowledgement id", [pack({ type: 3, nsp: "/", id: 1.5, data: [] })]],
  ];
  it.each(violations)("closes on %s", async (_what, messages) => {
    const { end } = await playTo(door, connectPacket, messages);
    expect(end.reason).toBe("forced close");
    expect(end.code).toMatch(/^ERR_SOCKEYE_PARSER_/);
  });
});
