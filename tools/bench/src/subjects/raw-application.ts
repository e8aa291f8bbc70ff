/**
 * The application of the ceilings: the frames of Engine.IO and Socket.IO, the same JSON and the same answers, and nothing
 * else: no heartbeat, no namespaces, no middleware, no limits. What a server does beyond this is the price of its features.
 */
import { pack, unpack } from "msgpackr";
import { tag } from "../load/sequence.js";
import { ready } from "./commands.js";
import { ATTACHMENT, PAYLOAD, STRETCH, settings } from "./settings.js";

/** A message of Engine.IO, its type included. */
export type Message = string | Uint8Array;

export interface RawConnection {
  /** The number that the next event of the ingest scenarios has. */
  next: number;
  send(message: Message): void;
  join(room: string): void;
}

/** How one message reaches many. */
export type FanOut = (message: Message, to: "all" | "room" | "all but the room") => void;

export const { broadcast } = settings();
const isMsgpack = broadcast?.kind === "msgpack";

let sessions = 0;
let received = 0;

export function newSession(upgrades: readonly string[] = []): { sid: string; open: string } {
  const sid = `session-${++sessions}`;
  const open = `0${JSON.stringify({ sid, upgrades, pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1e6 })}`;
  return { sid, open };
}

export class RawApplication {
  connections = 0;

  constructor(private readonly fanOut: FanOut) {}

  serve(port: number): void {
    ready(port, { received: () => received, connections: () => this.connections });
  }

  text(from: RawConnection, message: string): void {
    if (message.startsWith("42")) {
      const bracket = message.indexOf("[");
      const id = bracket === 2 ? undefined : Number(message.slice(2, bracket));
      this.#event(from, JSON.parse(message.slice(bracket)), id);
    } else if (message === "40") from.send(`40{"sid":"${++sessions}"}`);
  }

  binary(from: RawConnection, message: Uint8Array): void {
    const { type, data, id } = unpack(message as Buffer);
    if (type === 0) from.send(pack({ type: 0, data: { sid: `${++sessions}` }, nsp: "/" }));
    else this.#event(from, data, id);
  }

  #event(from: RawConnection, [event, value]: [string, unknown], id: number | undefined): void {
    switch (event) {
      case "echo":
        this.#acknowledge(from, id, value);
        break;
      case "event":
        from.send(`42${JSON.stringify(["event", value])}`);
        break;
      case "ingest":
        ingest(from, value as { n: number });
        break;
      case "join":
        from.join(value as string);
        this.#acknowledge(from, id, 1);
        break;
      case "fire":
        this.#fire(value as number);
    }
  }

  #acknowledge(from: RawConnection, id: number | undefined, value: unknown): void {
    from.send(isMsgpack ? pack({ type: 3, data: [value], id, nsp: "/" }) : `43${id}${JSON.stringify([value])}`);
  }

  #fire(from: number): void {
    const { kind, burst, to } = broadcast ?? { kind: "text", burst: 1, to: "all" };
    for (let n = from; n < from + burst; n++) {
      if (kind === "text") {
        this.fanOut(`42${JSON.stringify(["b", tag(n), PAYLOAD])}`, to);
      } else if (kind === "msgpack") {
        this.fanOut(pack({ type: 2, data: ["b", tag(n), PAYLOAD], nsp: "/" }), to);
      } else {
        this.fanOut(`451-${JSON.stringify(["b", tag(n), { _placeholder: true, num: 0 }])}`, to);
        this.fanOut(ATTACHMENT, to);
      }
    }
  }
}

function ingest(from: RawConnection, { n }: { n: number }): void {
  if (n !== from.next) throw new Error(`event ${from.next} is due, ${n} came`);
  from.next = (n + 1) % STRETCH;
  received++;
}

/** Who is there and who is in the room, for servers without topics. */
export class Members<T> {
  readonly all = new Set<T>();
  readonly room = new Set<T>();

  remove(member: T): void {
    this.all.delete(member);
    this.room.delete(member);
  }

  of(to: "all" | "room" | "all but the room"): Iterable<T> {
    if (to === "all") return this.all;
    if (to === "room") return this.room;
    const others: T[] = [];
    for (const member of this.all) if (!this.room.has(member)) others.push(member);
    return others;
  }
}
