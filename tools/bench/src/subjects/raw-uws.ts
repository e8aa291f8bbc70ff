/** The ceiling of uWebSockets.js: its own topics for broadcasts, `send` for the rest. */
import { Members, type Message, newSession, RawApplication, type RawConnection } from "./raw-application.js";
import { sessions } from "./raw-polling.js";
import { listen, type UwsResponse, type UwsSocket, uws } from "./uws.js";

interface Data {
  connection?: Connection;
}

const members = new Members<UwsSocket<Data>>();
const app = uws.App();

const application = new RawApplication((message, to) => {
  const binary = typeof message !== "string";
  if (to !== "all but the room") app.publish(to, message, binary);
  else for (const ws of members.of(to)) ws.send(message, binary);
});

class Connection implements RawConnection {
  next = 0;

  constructor(private readonly ws: UwsSocket<Data>) {}

  send(message: Message): void {
    this.ws.send(message, typeof message !== "string");
  }

  join(): void {
    this.ws.subscribe("room");
    members.room.add(this.ws);
  }
}

app.ws<Data>("/socket.io/", {
  upgrade(response, request, context) {
    const [key, protocol, extensions] = ["key", "protocol", "extensions"].map((name) =>
      request.getHeader(`sec-websocket-${name}`),
    ) as [string, string, string];
    response.upgrade({}, key, protocol, extensions, context);
  },
  open(ws) {
    ws.getUserData().connection = new Connection(ws);
    members.all.add(ws);
    application.connections++;
    ws.subscribe("all");
    ws.send(newSession().open);
  },
  message(ws, message, isBinary) {
    const { connection } = ws.getUserData();
    if (connection === undefined) return;
    if (isBinary) application.binary(connection, Buffer.from(message));
    else application.text(connection, Buffer.from(message).toString());
  },
  close(ws) {
    members.remove(ws);
    application.connections--;
  },
});

app.get("/socket.io/", (response, request) => {
  response.onAborted(() => {});
  const sid = request.getQuery("sid");
  const answer = (text: string) => respond(response, "text/plain", text);
  if (sid === undefined || sid === "") answer(sessions.open([]));
  else sessions.of(`&sid=${sid}`).poll(answer);
});

app.post("/socket.io/", (response, request) => {
  const session = sessions.of(`&sid=${request.getQuery("sid")}`);
  let body = "";
  response.onAborted(() => {});
  response.onData((chunk, isLast) => {
    body += Buffer.from(chunk).toString();
    if (!isLast) return;
    session.received(body, application);
    respond(response, "text/html", "ok");
  });
});

function respond(response: UwsResponse, type: string, text: string): void {
  response.cork(() => response.writeHeader("Content-Type", type).end(text));
}

application.serve(await listen(app));
