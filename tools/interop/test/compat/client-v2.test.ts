import connect from "socket.io-client-v2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Maker } from "../../src/cell.js";
import { next } from "../../src/signals.js";
import { Node } from "./nodes.js";

describe.each<[Maker]>([["official"], ["sockeye"]])("socket.io-client 2 (Engine.IO 3) with the %s server", (maker) => {
  let node: Node;

  beforeAll(async () => {
    node = await Node.open(maker, { allowEIO3: true });
    node.io.of("/admin").use((socket, pass) => {
      pass(
        socket.handshake.auth.token === "t" ? undefined : Object.assign(new Error("no"), { data: { why: "token" } }),
      );
    });
    for (const nsp of ["/", "/admin"]) {
      node.io.of(nsp).on("connection", (socket) => {
        socket.on("echo", (...args) => socket.emit("echo", ...args));
        socket.on("ask", (value, answer) => answer(value, "!"));
        socket.on("leave me", () => socket.disconnect());
      });
    }
  });

  afterAll(() => node.close());

  it.each([[["polling"]], [["websocket"]], [["polling", "websocket"]]])("over %s", async (transports) => {
    const client = connect(`http://127.0.0.1:${node.port}`, { transports, forceNew: true });
    await next(client, "connect");
    const echo = next(client, "echo");
    client.emit("echo", "héllo 🦜", { deep: [1] }, Buffer.from([1, 2, 3]));
    const [text, deep, data] = await echo;
    expect([text, deep]).toEqual(["héllo 🦜", { deep: [1] }]);
    expect([...new Uint8Array(data as ArrayBuffer)]).toEqual([1, 2, 3]);
    const answer = await new Promise((resolve) => client.emit("ask", 7, (...args: unknown[]) => resolve(args)));
    expect(answer).toEqual([7, "!"]);
    const broadcast = next(client, "news");
    node.io.emit("news", Buffer.from([9]));
    expect([...new Uint8Array((await broadcast)[0] as ArrayBuffer)]).toEqual([9]);
    if (transports.length === 2) {
      while (client.io.engine.transport.name !== "websocket") await new Promise((resolve) => setTimeout(resolve, 5));
      const after = next(client, "echo");
      client.emit("echo", "upgraded");
      expect(await after).toEqual(["upgraded"]);
    }
    const gone = next(client, "disconnect");
    client.emit("leave me");
    expect((await gone)[0]).toBe("io server disconnect");
    client.close();
  });

  it("in a namespace, with the query as credentials, and refused without", async () => {
    const admitted = connect(`http://127.0.0.1:${node.port}/admin?token=t`, { forceNew: true });
    await next(admitted, "connect");
    const echo = next(admitted, "echo");
    admitted.emit("echo", 1);
    expect(await echo).toEqual([1]);
    const refused = connect(`http://127.0.0.1:${node.port}/admin?token=x`, { forceNew: true });
    expect((await next(refused, "error"))[0]).toEqual({ why: "token" });
    admitted.close();
    refused.close();
  });
});
