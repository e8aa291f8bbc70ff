import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket as ServerSocket } from "socket.io";
import { afterEach, describe, expect, it } from "vitest";
import { io, type Socket } from "../src/index.js";

// Names outside the documented API that wrappers, devtools and test benches of the incumbent's client reach for.

let server: Server;
let socket: Socket;
afterEach(async () => {
  socket.disconnect();
  await server.close();
});

/** Both ends of a connection with recovery, to the incumbent's server. */
async function connect(): Promise<ServerSocket> {
  const http = createServer();
  server = new Server(http, { connectionStateRecovery: {} });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const arrival = new Promise<ServerSocket>((resolve) => server.once("connection", resolve));
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  socket = io(address, { forceNew: true, transports: ["websocket"], reconnectionDelay: 60_000 });
  const connected = new Promise<void>((resolve) => socket.on("connect", resolve));
  const [end] = await Promise.all([arrival, connected]);
  return end;
}

describe("names that existing code knows", () => {
  it("of a Manager: nsps, _reconnecting, _close()", async () => {
    const end = await connect();
    const manager = socket.io as unknown as {
      nsps: Record<string, Socket>;
      readonly _reconnecting: boolean;
      _close(): unknown;
    };
    expect(Object.keys(manager.nsps)).toEqual(["/"]);
    expect(manager.nsps["/"]).toBe(socket);
    expect(manager.nsps.constructor).toBeUndefined();
    expect(manager._reconnecting).toBe(false);
    const gone = new Promise((resolve) => socket.on("disconnect", resolve));
    (end.conn.transport as unknown as { socket: { terminate(): void } }).socket.terminate();
    await gone;
    expect(manager._reconnecting).toBe(true);
    manager._close();
    expect(manager._reconnecting).toBe(false);
  });

  it("of a socket: _pid, _lastOffset", async () => {
    const end = await connect();
    expect(typeof socket._pid).toBe("string");
    const heard = new Promise<unknown[]>((resolve) => socket.on("news", (...args: unknown[]) => resolve(args)));
    end.emit("news", 1);
    // The incumbent's server appends the place in the stream, and its own client shows it to handlers as well.
    const offset = (await heard).at(-1);
    expect([typeof offset, socket._lastOffset]).toEqual(["string", offset]);
  });

  it("of a socket: onevent, which may be replaced, as wrappers for Vue do it", async () => {
    const end = await connect();
    const heard: unknown[] = [];
    const { onevent } = socket;
    socket.onevent = (packet) => {
      onevent.call(socket, packet);
      heard.push(packet.data);
    };
    socket.on("ask", (question: string, answer: (text: string) => void) => answer(`${question}!`));
    expect(await end.emitWithAck("ask", "why")).toBe("why!");
    expect(heard).toEqual([["ask", "why"]]);
  });
});
