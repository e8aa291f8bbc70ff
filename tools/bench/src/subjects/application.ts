/** The application under load, the same for every Socket.IO server. */
import { tag } from "../load/sequence.js";
import { ready } from "./commands.js";
import { ATTACHMENT, PAYLOAD, STRETCH, settings } from "./settings.js";

type Listener = (...args: never[]) => void;

interface AppSocket {
  on(event: string, listener: Listener): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  join(room: string): unknown;
}

interface Broadcast {
  emit(event: string, ...args: unknown[]): unknown;
}

/** What is used of a server, ours or the official one. */
export interface AppServer extends Broadcast {
  on(event: "connection", listener: (socket: never) => void): unknown;
  to(room: string): Broadcast;
  except(room: string): Broadcast;
  readonly sockets: { readonly sockets: { readonly size: number } };
}

let received = 0;

export function serve(io: AppServer, port: number): void {
  io.on("connection", (socket: AppSocket) => {
    socket.on("echo", (value: unknown, ack: (value: unknown) => void) => ack(value));
    socket.on("event", (value: unknown) => socket.emit("event", value));
    socket.on("join", (room: string, ack: (value: number) => void) => {
      socket.join(room);
      ack(1);
    });
    socket.on("ingest", ingest());
    socket.on("fire", fire(io));
  });
  ready(port, {
    received: () => received,
    connections: () => io.sockets.sockets.size,
  });
}

/** One listener per connection, which counts on the order of what comes. */
function ingest(): Listener {
  let next = 0;
  return (value: { n: number }) => {
    if (value.n !== next) throw new Error(`event ${next} is due, ${value.n} came`);
    next = (next + 1) % STRETCH;
    received++;
  };
}

function fire(io: AppServer): Listener {
  const { kind, burst, to } = settings().broadcast ?? { kind: "text", burst: 1, to: "all" };
  const last = kind === "binary" ? ATTACHMENT : PAYLOAD;
  return (from: number) => {
    for (let n = from; n < from + burst; n++) {
      const target = to === "all" ? io : to === "room" ? io.to("room") : io.except("room");
      target.emit("b", tag(n), last);
    }
  };
}
