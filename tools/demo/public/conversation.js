import { face } from "./names.js";

/**
 * The list of messages. All that others wrote goes in as text, never as markup. Messages of every visited room are kept
 * in the page, so a server that forgot them changes nothing here.
 */

const SVG = "http://www.w3.org/2000/svg";
const SAME_BREATH_MS = 120_000;
const TICKS = {
  waiting: "waiting to be sent",
  sent: "the server has it",
  delivered: "delivered",
  refused: "not sent",
};

export class Conversation {
  #list;
  #empty;
  #own;
  /** @type {Map<string, any[]>} */
  #rooms = new Map();
  #shown = new Map();
  #room = "";

  /** @param {HTMLElement} list @param {HTMLElement} empty @param {(message: any) => boolean} own */
  constructor(list, empty, own) {
    this.#list = list;
    this.#empty = empty;
    this.#own = own;
  }

  /** Shows a room: what the page has of it already, and what the server remembers beyond that. */
  open(room, history) {
    const messages = this.#messagesOf(room);
    const known = new Set(messages.map(({ id }) => id));
    const fresh = history.filter(({ id }) => !known.has(id));
    messages.push(...fresh);
    if (room === this.#room) {
      for (const message of fresh) this.#append(message);
      return;
    }
    this.#room = room;
    this.#shown.clear();
    this.#list.replaceChildren();
    this.#empty.hidden = messages.length > 0;
    for (const message of messages) this.#append(message);
  }

  /** Takes a message in; `true` when it is of the room that is shown. */
  add(message) {
    const messages = this.#messagesOf(message.room);
    if (messages.some(({ id }) => id === message.id)) return false;
    messages.push(message);
    if (message.room !== this.#room) return false;
    this.#append(message);
    return true;
  }

  /** A line between messages: something that happened. */
  notice(text) {
    const line = document.createElement("li");
    line.className = "notice";
    line.textContent = text;
    this.#keepAtEnd(() => this.#list.append(line));
  }

  /** How far an own message has come. @param {keyof TICKS} state @param {string} [words] */
  mark(message, state, words) {
    message.state = state;
    message.words = words;
    const ticks = this.#shown.get(message.id)?.querySelector(".ticks");
    if (ticks) showTicks(ticks, message);
  }

  #messagesOf(room) {
    if (!this.#rooms.has(room)) this.#rooms.set(room, []);
    return this.#rooms.get(room);
  }

  #append(message) {
    const item = document.createElement("li");
    const mine = this.#own(message);
    item.className = `message${mine ? " mine" : ""}${this.#follows(message) ? " follows" : ""}`;
    item.dataset.from = message.name;
    item.dataset.id = message.id;
    item.dataset.at = String(message.at);
    if (!mine) item.append(face(message.name));
    item.append(content(message, mine));
    this.#empty.hidden = true;
    this.#shown.set(message.id, item);
    this.#keepAtEnd(() => this.#list.append(item), mine);
  }

  #follows(message) {
    const last = this.#list.lastElementChild;
    return last?.dataset.from === message.name && message.at - Number(last.dataset.at) < SAME_BREATH_MS;
  }

  /** Scrolls along unless the reader has scrolled back. */
  #keepAtEnd(change, always = false) {
    const list = this.#list;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    change();
    if (!atEnd && !always) return;
    const toEnd = () => {
      list.scrollTop = list.scrollHeight;
    };
    toEnd();
    list.lastElementChild?.querySelector("img")?.addEventListener("load", toEnd, { once: true });
  }
}

function content(message, mine) {
  const element = document.createElement("div");
  element.className = "content";
  element.append(byline(message), message.picture ? pictureBubble(message.picture) : textBubble(message.text));
  if (mine) {
    const ticks = tickMarks();
    showTicks(ticks, message);
    element.append(ticks);
  }
  return element;
}

function byline({ name, at }) {
  const element = document.createElement("p");
  element.className = "byline";
  const who = document.createElement("b");
  who.textContent = name;
  const when = document.createElement("time");
  const date = new Date(at);
  when.dateTime = date.toISOString();
  when.textContent = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  element.append(who, when);
  return element;
}

function textBubble(text) {
  const element = document.createElement("p");
  element.className = "bubble";
  element.textContent = text;
  return element;
}

/** The bytes become an image by way of a Blob: the page makes the address, nobody else. */
function pictureBubble({ data, type, alt }) {
  const element = document.createElement("p");
  element.className = "bubble picture";
  const image = document.createElement("img");
  image.alt = alt;
  image.src = URL.createObjectURL(new Blob([data], { type }));
  element.append(image);
  return element;
}

function tickMarks() {
  const element = document.createElement("p");
  element.className = "ticks";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 16");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, d] of [
    ["first", "m2 8.5 4.5 4.5L15 3.5"],
    ["second", "m10 11.5 1.5 1.5L21 3.5"],
  ]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", kind);
    path.setAttribute("d", d);
    svg.append(path);
  }
  element.append(svg, document.createElement("span"));
  return element;
}

function showTicks(ticks, { state = "sent", words }) {
  ticks.dataset.state = state;
  ticks.querySelector("span").textContent = words ?? TICKS[state];
}
