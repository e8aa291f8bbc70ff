/** The ceiling of `ws`, through its public interface. */
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { listen } from "./listening.js";
import { Members, type Message, newSession, RawApplication, type RawConnection } from "./raw-application.js";

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
const members = new Members<WebSocket>();

const application = new RawApplication((message, to) => {
  const bytes = Buffer.from(message);
  const binary = typeof message !== "string";
  for (const ws of members.of(to)) ws.send(bytes, { binary });
});

class Connection implements RawConnection {
  next = 0;

  constructor(private readonly ws: WebSocket) {}

  send(message: Message): void {
    this.ws.send(message);
  }

  join(): void {
    members.room.add(this.ws);
  }
}

server.on("connection", (ws) => {
  const connection = new Connection(ws);
  members.all.add(ws);
  application.connections++;
  ws.on("close", () => {
    members.remove(ws);
    application.connections--;
  });
  ws.on("message", (data: Buffer, isBinary) => {
    if (isBinary) application.binary(connection, data);
    else application.text(connection, data.toString());
  });
  ws.send(newSession().open);
});

application.serve(await listen(http));
