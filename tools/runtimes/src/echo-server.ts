import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions } from "@sockeye/socketio-server";

export interface EchoServer {
  readonly url: string;
  readonly io: Server;
  close(): Promise<void>;
}

/** Answers on `port`, or on any free one; other requests are handled by `http`. */
export async function serve(
  options: Partial<ServerOptions> = {},
  http: HttpServer = createServer(),
  port = 0,
): Promise<EchoServer> {
  const io = new Server(http, { cors: { origin: true }, ...options });
  io.on("connection", (socket) => {
    // With an acknowledgement, and as an event of its own.
    socket.on("echo", (value: unknown, answer: (value: unknown) => void) => answer(value));
    socket.on("say", (value: unknown) => void socket.emit("said", value));
    socket.on("ask me", (question: unknown) => {
      socket.emit("question", question, (answer: unknown) => void socket.emit("answered", answer));
    });
  });
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  const close = async () => {
    http.closeAllConnections();
    await io.close();
  };
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, io, close };
}
