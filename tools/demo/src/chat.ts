import type { Server, Socket } from "@sockeye/socketio-server";
import type { Answer, ChatMessage, PageEvents, PersonData, RoomCount, ServerEvents } from "./events.js";
import { countOf, idOf, limits, lineOf, nameOf, pictureOf, roomOf, textOf } from "./untrusted.js";

/**
 * The chat: rooms, messages with delivery ticks, pictures, typing notices and presence. All state is in memory and small;
 * a restart forgets it, and the pages, which keep theirs, carry on.
 */

export type ChatServer = Server<PageEvents, ServerEvents, Record<string, never>, PersonData>;
type ChatSocket = Socket<PageEvents, ServerEvents, Record<string, never>, PersonData>;

const STANDING_ROOMS = ["Riverbed", "Estuary", "Open sea"];
const MOST_ROOMS = 12;
const HISTORY = 40;
const MOST_KNOWN = 1_000;
const NOBODY: ReadonlySet<string> = new Set();
/** Messages, pictures and renames one page may send per second, beyond a first handful. */
const PER_SECOND = 8;
const HANDFUL = 24;
const RECEIPT_DEADLINE_MS = 5_000;

export function openChat(io: ChatServer): void {
  const chat = new Chat(io);
  io.use((socket, pass) => {
    const name = nameOf(socket.handshake.auth.name);
    if (name === undefined) return pass(new Error(`A name of 1 to ${limits.name} characters is needed.`));
    const room = roomOf(socket.handshake.auth.room) ?? STANDING_ROOMS[0]!;
    socket.data = { name, room: chat.admits(room) ? room : STANDING_ROOMS[0]!, allowance: { left: HANDFUL, since: 0 } };
    pass();
  });
  io.on("connection", (socket) => chat.enter(socket));
}

/** A chat room's key among the adapter's rooms: apart from socket ids, which are rooms too and must not be joined by name. */
const keyOf = (room: string) => `room ${room}`;
const isRoomKey = (key: string) => key.startsWith("room ");
const roomOfKey = (key: string) => key.slice("room ".length);

class Chat {
  readonly #io: ChatServer;
  readonly #histories = new Map<string, ChatMessage[]>();
  /** Ids of the latest messages: a page that comes back sends again what it had no answer to. */
  readonly #known = new Set<string>();

  constructor(io: ChatServer) {
    this.#io = io;
  }

  /** Whether a room exists or may still be opened. */
  admits(room: string): boolean {
    const names = this.#roomNames();
    return names.includes(room) || names.length < MOST_ROOMS;
  }

  enter(socket: ChatSocket): void {
    this.#listen(socket);
    this.#goTo(socket, socket.data.room);
    socket.conn.on("upgrade", () => this.#announcePeople(socket.data.room));
    socket.on("disconnect", () => this.#afterLeaving(socket.data.room));
  }

  #listen(socket: ChatSocket): void {
    socket.on("join", (room, answer) => reply(answer, this.#join(socket, room)));
    socket.on("rename", (name, answer) => reply(answer, this.#rename(socket, name)));
    socket.on("say", (message, answer) => reply(answer, this.#say(socket, message)));
    socket.on("show", (picture, answer) => reply(answer, this.#show(socket, picture)));
    socket.on("typing", (on) => {
      const { name, room } = socket.data;
      socket.to(keyOf(room)).volatile.emit("typing", { id: socket.id, name, on: on === true });
    });
    socket.on("echo", (answer) => reply(answer, undefined));
    socket.on("burst", (count, answer) => reply(answer, this.#burst(socket, count)));
  }

  /** Each action answers with what is wrong, or `undefined`. */
  #join(socket: ChatSocket, value: unknown): string | undefined {
    const room = roomOf(value);
    if (room === undefined) return "A room needs a name of 1 to 24 characters.";
    if (!this.admits(room)) return `There are ${MOST_ROOMS} rooms already: join one of them.`;
    const { room: before } = socket.data;
    if (room === before) return undefined;
    void socket.leave(keyOf(before));
    this.#afterLeaving(before);
    this.#goTo(socket, room);
  }

  #rename(socket: ChatSocket, value: unknown): string | undefined {
    const name = nameOf(value);
    if (name === undefined) return `A name has 1 to ${limits.name} characters.`;
    if (!mayAct(socket)) return TOO_FAST;
    socket.data.name = name;
    this.#announcePeople(socket.data.room);
  }

  #say(socket: ChatSocket, value: unknown): string | undefined {
    const { id, text } = (value ?? {}) as { id?: unknown; text?: unknown };
    const checked = { id: idOf(id), text: textOf(text) };
    if (checked.id === undefined || checked.text === undefined) {
      return `A message has 1 to ${limits.text} characters.`;
    }
    if (!mayAct(socket)) return TOO_FAST;
    this.#pass(socket, { id: checked.id, text: checked.text });
  }

  #show(socket: ChatSocket, value: unknown): string | undefined {
    const { id, alt, data } = (value ?? {}) as { id?: unknown; alt?: unknown; data?: unknown };
    const checked = { id: idOf(id), picture: pictureOf(data) };
    if (checked.id === undefined || checked.picture === undefined) {
      return `A picture is a PNG, JPEG, GIF or WebP of at most ${limits.picture / 1_000_000} MB.`;
    }
    if (!mayAct(socket)) return TOO_FAST;
    this.#pass(socket, { id: checked.id, picture: { ...checked.picture, alt: lineOf(alt, 80) ?? "picture" } });
  }

  /** Sends a message to the others of the room and tells its author how many pages acknowledged it. */
  #pass(socket: ChatSocket, content: Pick<ChatMessage, "id" | "text" | "picture">): void {
    if (!this.#isNew(content.id)) return;
    const { name, room } = socket.data;
    const message: ChatMessage = { ...content, from: socket.id, name, room, at: Date.now() };
    this.#remember(message);
    const others = this.#idsIn(room).size - 1;
    socket
      .to(keyOf(room))
      .timeout(RECEIPT_DEADLINE_MS)
      .emit("message", message, (_late, receipts) => socket.emit("delivered", message.id, receipts.length, others));
  }

  #burst(socket: ChatSocket, value: unknown): string | undefined {
    const count = countOf(value, limits.burst);
    if (count === undefined) return `A burst has 1 to ${limits.burst} messages.`;
    if (!mayAct(socket)) return TOO_FAST;
    for (let n = 0; n < count; n++) socket.emit("drop", n);
  }

  #goTo(socket: ChatSocket, room: string): void {
    socket.data.room = room;
    void socket.join(keyOf(room));
    socket.emit("welcome", { you: socket.id, room, history: this.#histories.get(room) ?? [], limits });
    this.#announcePeople(room);
    this.#announceRooms();
  }

  #afterLeaving(room: string): void {
    if (!STANDING_ROOMS.includes(room) && this.#idsIn(room).size === 0) this.#histories.delete(room);
    this.#announcePeople(room);
    this.#announceRooms();
  }

  /** Text only: pictures live in the pages that were there. */
  #remember(message: ChatMessage): void {
    if (message.text === undefined) return;
    const history = this.#histories.get(message.room) ?? [];
    history.push(message);
    if (history.length > HISTORY) history.shift();
    this.#histories.set(message.room, history);
  }

  #announcePeople(room: string): void {
    const { sockets: all } = this.#io.of("/");
    const sockets = [...this.#idsIn(room)].map((id) => all.get(id)).filter((socket) => socket !== undefined);
    const people = sockets.map(({ id, data, conn }) => ({ id, name: data.name, transport: conn.transport.name }));
    this.#io.to(keyOf(room)).emit("people", people);
  }

  #announceRooms(): void {
    const counts: RoomCount[] = this.#roomNames().map((name) => ({ name, people: this.#idsIn(name).size }));
    this.#io.emit("rooms", counts);
  }

  #roomNames(): string[] {
    const open = [...this.#io.of("/").adapter.rooms.keys()].filter(isRoomKey).map(roomOfKey);
    return [...new Set([...STANDING_ROOMS, ...open])];
  }

  #idsIn(room: string): ReadonlySet<string> {
    return this.#io.of("/").adapter.rooms.get(keyOf(room)) ?? NOBODY;
  }

  #isNew(id: string): boolean {
    if (this.#known.has(id)) return false;
    this.#known.add(id);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.values().next().value as string);
    return true;
  }
}

const TOO_FAST = "That was a bit fast: wait a moment.";

function reply(answer: unknown, wrong: string | undefined): void {
  if (typeof answer !== "function") return;
  (answer as Answer)(wrong === undefined ? { ok: true, at: Date.now() } : { ok: false, reason: wrong });
}

/** A bucket that refills with time: a burst is fine, a flood is not. */
function mayAct(socket: ChatSocket): boolean {
  const { allowance } = socket.data;
  const now = Date.now();
  allowance.left = Math.min(HANDFUL, allowance.left + ((now - allowance.since) / 1_000) * PER_SECOND);
  allowance.since = now;
  if (allowance.left < 1) return false;
  allowance.left--;
  return true;
}
