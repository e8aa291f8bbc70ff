/** The ceiling of `ws`: the same frames and the same JSON, none of the features. */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { announce, serveCommands } from "./application.mjs";

const http = createServer();
const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
const all = new Set();
const rooms = new Map();
let received = 0;
let sid = 0;

wss.on("connection", (ws) => {
  all.add(ws);
  ws.on("close", () => all.delete(ws));
  ws.send(`0{"sid":"${++sid}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`);
  ws.on("message", (data) => {
    const text = data.toString();
    if (text === "40") return ws.send(`40{"sid":"${sid}"}`);
    const bracket = text.indexOf("[");
    const id = text.slice(2, bracket);
    const [event, value] = JSON.parse(text.slice(bracket));
    if (event === "echo") ws.send(`43${id}${JSON.stringify([value])}`);
    else if (event === "event") ws.send(`42${JSON.stringify(["event", value])}`);
    else if (event === "ingest") received++;
    else if (event === "join") {
      if (!rooms.has(value)) rooms.set(value, new Set());
      rooms.get(value).add(ws);
      ws.send(`43${id}[]`);
    }
  });
});
const binary = Buffer.alloc(512, 7);
serveCommands({
  received: () => received,
  broadcast({ from, count, room, except, payload, kind }) {
    for (let n = from; n < from + count; n++) {
      const text =
        kind === "binary" ? `451-["b",${n},{"_placeholder":true,"num":0}]` : `42${JSON.stringify(["b", n, payload])}`;
      const frame = Buffer.from(text);
      const out = except ? rooms.get(except) : undefined;
      for (const ws of room ? rooms.get(room) : all) {
        if (out?.has(ws)) continue;
        ws.send(frame, { binary: false });
        if (kind === "binary") ws.send(binary);
      }
    }
  },
});
http.listen(0, "127.0.0.1", () => announce(http.address().port));
