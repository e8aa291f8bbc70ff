import { parser as msgpackParser } from "@sockeye/socketio-parser/msgpack";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type EchoServer, serve } from "../src/echo-server.js";
import { startApp } from "../src/native-phone.js";

// The build for browsers where there is no browser: with what React Native gives, and nothing else.

let json: EchoServer;
let msgpack: EchoServer;

beforeAll(async () => {
  json = await serve({ connectionStateRecovery: {} });
  msgpack = await serve({ parser: msgpackParser });
});
afterAll(() => Promise.all([json?.close(), msgpack?.close()]));

/** The app connects, and waits until its connection is on the last of `transports`. */
const connect = (url: string, transports: readonly string[]) => `
  const transports = ${JSON.stringify(transports)};
  globalThis.socket = io("${url}", { transports, reconnectionDelay: 20, forceNew: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
  while (socket.io.engine.transport.name !== transports.at(-1)) await new Promise((done) => setTimeout(done, 5));
`;

const EXCHANGE = `
  const text = await socket.emitWithAck("echo", "é🐟");
  const echoed = await socket.emitWithAck("echo", { bytes: Uint8Array.of(1, 2, 250) });
  const said = new Promise((resolve) => socket.once("said", resolve));
  socket.emit("say", [Uint8Array.of(7).buffer]);
  const [bytes] = await said;
  return JSON.stringify({ text, echoed: [...new Uint8Array(echoed.bytes)], said: [...new Uint8Array(bytes)] });
`;

const EXCHANGED = { text: "é🐟", echoed: [1, 2, 250], said: [7] };

describe.each(["@sockeye/client", "@sockeye/client/websocket", "@sockeye/client/msgpack"])("%s", (entryPoint) => {
  const all = [["websocket"], ["polling"], ["polling", "websocket"]];
  const ways = entryPoint.endsWith("websocket") ? all.slice(0, 1) : all;

  it.each(ways.map((way) => [way]))("talks, comes back after a cut, and leaves nothing behind (%s)", async (way) => {
    const app = await startApp(inject("consumer"), entryPoint);
    const { url } = entryPoint.endsWith("msgpack") ? msgpack : json;
    await app.run(connect(url, way));
    expect(JSON.parse(await app.run(EXCHANGE))).toEqual(EXCHANGED);

    const back = app.run<string>("return new Promise((resolve) => socket.once('connect', () => resolve('back')))");
    app.cut();
    expect(await back).toBe("back");
    expect(JSON.parse(await app.run(EXCHANGE))).toEqual(EXCHANGED);

    await app.run("socket.disconnect()");
    await expect.poll(() => app.open()).toEqual({ sockets: 0, requests: 0, timers: 0 });
  });
});

it("the app has no window, document, Buffer, process or module", async () => {
  const app = await startApp(inject("consumer"), "@sockeye/client");
  const names = ["window", "document", "Buffer", "process", "require", "module", "TextDecoder", "addEventListener"];
  expect(await app.run(`return [${names.map((name) => `typeof ${name}`)}].join()`)).toBe(
    names.map(() => "undefined").join(),
  );
});
