import uws from "uWebSockets.js";
import { afterEach, describe, expect, it } from "vitest";
import { Server, type ServerOptions, type Socket } from "../src/index.js";
import { client, keep, once, until } from "./support/harness.js";

const listening: unknown[] = [];

afterEach(() => {
  for (const token of listening.splice(0)) uws.us_listen_socket_close(token as never);
});

async function start(options: Partial<ServerOptions> = {}) {
  const app = uws.App();
  const io = keep(new Server());
  expect(io.attachApp(app as never, options)).toBe(io);
  const token = await new Promise((resolve) => app.listen("127.0.0.1", 0, resolve));
  listening.push(token);
  return { io, app, url: `http://127.0.0.1:${uws.us_socket_local_port(token as never)}` };
}

describe("a server on an application of uWebSockets.js", () => {
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    it(`exchanges events over ${transports.join(" then ")}`, async () => {
      const { io, url } = await start();
      const arrival = once<Socket>(io, "connection");
      const socket = client(url, { transports, auth: { token: "x" }, query: { a: "1" } });
      const served = await arrival;
      await once(socket, "connect");
      expect([served.handshake.auth, served.handshake.query.a]).toEqual([{ token: "x" }, "1"]);
      served.on("sum", (a: number, b: number, answer: (n: number) => void) => answer(a + b));
      expect(await socket.emitWithAck("sum", 1, 2)).toBe(3);
      const bytes = once<Buffer>(socket, "bytes");
      io.emit("bytes", Buffer.from([1, 2]));
      expect([...(await bytes)]).toEqual([1, 2]);
      const left = once(served, "disconnect");
      socket.disconnect();
      expect(await left).toBe("client namespace disconnect");
    });
  }

  it("broadcasts in order, to rooms and without their sender, whatever the transport", async () => {
    const { io, url } = await start();
    const received: string[][] = [];
    const clients = [...Array(12).keys()].map((n) => {
      const socket = client(url, {
        transports: n % 4 === 3 ? ["polling"] : n % 4 === 2 ? ["polling", "websocket"] : ["websocket"],
      });
      const log: string[] = [];
      received.push(log);
      socket.on("n", (text: string) => log.push(text));
      return socket;
    });
    await Promise.all(clients.map((socket) => once(socket, "connect")));
    const sockets = clients.map((socket) => io.sockets.sockets.get(socket.id!)!);
    for (const socket of sockets.slice(0, 10)) socket.join("room");
    for (let n = 0; n < 20; n++) {
      io.emit("n", `all ${n}`);
      io.to("room").emit("n", `room ${n}`);
      sockets[0]!.to("room").emit("n", `others ${n}`);
      for (const socket of sockets) socket.emit("n", `one ${n}`);
      if (n % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => received.every((log) => log.at(-1) === "one 19"), "the last event");
    received.forEach((log, index) => {
      const expected = [...Array(20).keys()].flatMap((n) => [
        `all ${n}`,
        ...(index < 10 ? [`room ${n}`] : []),
        ...(index > 0 && index < 10 ? [`others ${n}`] : []),
        `one ${n}`,
      ]);
      expect(log, `client ${index}`).toEqual(expected);
    });
  });

  it("serves client files, and nothing else below its path", async () => {
    const { url } = await start({ path: "/mine" });
    const response = await fetch(`${url}/mine/socket.io.js`);
    expect([200, 404]).toContain(response.status);
    expect((await fetch(`${url}/mine/unknown.js`)).status).toBe(400);
    expect((await fetch(`${url}/mine/?EIO=4&transport=polling`)).status).toBe(200);
  });
});
