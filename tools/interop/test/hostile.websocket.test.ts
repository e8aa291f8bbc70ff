import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RawSession, raw } from "../src/raw-http.js";
import { type FramePlan, RawWebSocket } from "../src/raw-websocket.js";
import { Door } from "./door.js";

const LIMIT = 100_000;
const DIRECT = "/socket.io/?EIO=4&transport=websocket";

describe("the WebSocket door", () => {
  const door = new Door({ maxHttpBufferSize: LIMIT });
  beforeAll(() => door.open());
  afterAll(() => door.close());
  afterEach(async () => expect(await door.noticed()).toEqual([]));

  it.each([
    ["/socket.io/?EIO=4&transport=carrier-pigeon", "Transport unknown"],
    ["/socket.io/?EIO=4&transport=__proto__", "Transport unknown"],
    ["/socket.io/?EIO=4&transport=constructor", "Transport unknown"],
    [`${DIRECT}&sid=nobody`, "Session ID unknown"],
    [`${DIRECT}&sid=__proto__`, "Session ID unknown"],
    ["/socket.io/?EIO=3&transport=websocket", "Unsupported protocol version"],
  ])("refuses the upgrade of %s in plain HTTP", async (path, message) => {
    const socket = new RawWebSocket(door.port, path);
    const { status, body } = await socket.answer();
    expect(status).toBe(400);
    expect(body).toContain(message);
    await socket.ended();
  });

  it.each([
    ["Sec-WebSocket-Extensions: constructor"],
    ["Sec-WebSocket-Extensions: permessage-deflate; __proto__=1"],
    [`Sec-WebSocket-Protocol: b${" ".repeat(8_000)}x`],
    ["Sec-WebSocket-Key: short"],
  ])("is not impressed by %s", async (header) => {
    const before = process.cpuUsage();
    const socket = new RawWebSocket(door.port, DIRECT, [header]);
    await socket.answer();
    // Time of this process on the processor: what others do on the machine does not count.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(1_000);
    socket.tcp.destroy();
  });

  const violations: [string, FramePlan[], number][] = [
    ["a reserved bit (CVE-2022-21676)", [{ reserved: 4, payload: "40" }], 1002],
    ["the other reserved bits", [{ reserved: 3, payload: "40" }], 1002],
    ["a frame that is not masked", [{ masked: false, payload: "40" }], 1002],
    ["an unknown opcode", [{ opcode: 3 }], 1002],
    ["a continuation of nothing", [{ opcode: 0, payload: "40" }], 1002],
    ["a fragmented ping", [{ opcode: 9, fin: false }], 1002],
    ["text that is not UTF-8", [{ payload: Buffer.from([0x34, 0xc3, 0x28]) }], 1007],
    ["a length over the limit, before its bytes come", [{ claimedLength: LIMIT + 1, payload: "4" }], 1009],
    ["a length over 2^53", [{ claimedLength: 2 ** 53 + 2, payload: "4" }], 1009],
  ];
  it.each(violations)("closes on %s", async (_what, frames, code) => {
    const socket = new RawWebSocket(door.port);
    await socket.sees('0{"sid"');
    const end = door.nextEnd();
    socket.send("40");
    await socket.sees('40{"sid"');
    for (const plan of frames) socket.send(plan);
    expect(await socket.ended()).toBe(code);
    expect((await end).reason).toBe("transport error");
  });

  it.each(violations)("closes on %s as the very first frame", async (_what, frames, code) => {
    const socket = new RawWebSocket(door.port);
    for (const plan of frames) socket.send(plan);
    expect(await socket.ended()).toBe(code);
  });

  it("closes on endless fragments, long before they fill anything (CVE-2026-48779)", async () => {
    const socket = new RawWebSocket(door.port);
    await socket.sees('0{"sid"');
    socket.send({ payload: "4", fin: false });
    for (let n = 0; n < 5_000; n++) socket.send({ opcode: 0, payload: "x", fin: false });
    expect([1002, 1008, 1009]).toContain(await socket.ended());
  });

  it.each([
    ["an unknown packet type", "z", "parse error"],
    ["an empty packet", "", "parse error"],
    ["a ping from the wrong side", "2", "transport error"],
    ["an open packet", "0{}", "transport error"],
  ])("ends the session on %s", async (_what, text, reason) => {
    const socket = new RawWebSocket(door.port);
    await socket.sees('0{"sid"');
    const end = door.nextEnd();
    socket.send("40");
    await socket.sees('40{"sid"');
    socket.send(text);
    await socket.ended();
    expect(["parse error", "transport error"]).toContain((await end).reason);
    expect((await end).reason).toBe(reason);
  });

  it("closes the session when told to in the protocol's words", async () => {
    const socket = new RawWebSocket(door.port);
    await socket.sees('0{"sid"');
    const end = door.nextEnd();
    socket.send("40");
    await socket.sees('40{"sid"');
    socket.send("1");
    await socket.ended();
    expect((await end).reason).toBe("transport close");
  });

  it("does not let a second WebSocket take a WebSocket session over", async () => {
    const first = new RawWebSocket(door.port);
    await first.sees('0{"sid"');
    const sids = Object.keys(door.io.engine.clients);
    const sid = sids.at(-1) as string;
    const second = new RawWebSocket(door.port, `${DIRECT}&sid=${sid}`);
    await second.ended();
    first.send("40");
    await first.sees('40{"sid"');
    first.tcp.destroy();
  });

  it.each([["40"], ["5"], ["2"], ["2probe-not"], ["z"]])(
    "a probe that begins with %s is closed, the session stays",
    async (text) => {
      const session = await RawSession.open(door.port);
      const probe = new RawWebSocket(door.port, `${DIRECT}&sid=${session.sid}`);
      expect((await probe.answer()).status).toBe(101);
      probe.send(text);
      await probe.ended();
      expect((await session.post("40")).status).toBe(200);
      expect((await session.poll()).body).toContain('40{"sid"');
    },
  );

  it("a probe that is cut off leaves the session as it was", async () => {
    const session = await RawSession.open(door.port);
    const probe = new RawWebSocket(door.port, `${DIRECT}&sid=${session.sid}`);
    await probe.answer();
    probe.send("2probe");
    await probe.sees("3probe");
    probe.tcp.resetAndDestroy();
    // The open poll was answered with a noop to make way for the upgrade; later ones are held as before.
    expect((await session.post("40")).status).toBe(200);
    await expect.poll(async () => (await session.poll()).body).toContain('40{"sid"');
  });

  it("the page's own files are not reached through the door", async () => {
    for (const path of [
      "/socket.io/../package.json",
      "/socket.io/%2e%2e/package.json",
      "/socket.io/socket.io.js/../x",
    ]) {
      expect([400, 404]).toContain((await raw(door.port, path)).status);
    }
  });
});
