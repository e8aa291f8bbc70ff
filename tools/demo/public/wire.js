import { LinePlot, RatePlot } from "./plot.js";

/** The instruments: which transport, how long a round trip takes, how much passes, and what happened. */

const LOG_LINES = 9;
const ECHO_DEADLINE_MS = 3_000;
const NAMES = { polling: "HTTP polling", websocket: "WebSocket", webtransport: "WebTransport" };

export class Wire {
  #socket;
  #at;
  #rtt;
  #rtts = [];
  #counts = { in: 0, out: 0 };
  #rate;
  #openedAt = 0;
  #lost = false;

  /** @param {any} socket @param {(id: string) => HTMLElement} at finds an element of the page */
  constructor(socket, at) {
    this.#socket = socket;
    this.#at = at;
    this.#rtt = new LinePlot(at("rtt-plot"));
    this.#rate = new RatePlot(at("rate-plot"));
    this.#watchManager(socket.io);
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", (reason) => this.#disconnected(reason));
    setInterval(() => this.#everySecond(), 1_000);
    at("burst").addEventListener("click", () => this.#burst());
  }

  #watchManager(manager) {
    this.#openedAt = performance.now();
    if (manager.engine) this.#watchEngine(manager.engine);
    manager.on("reconnect_attempt", (attempt) => {
      this.#openedAt = performance.now();
      this.#at("transport-note").textContent = `Looking for the server, attempt ${attempt}.`;
      // The new engine exists once the attempt has begun.
      queueMicrotask(() => this.#watchEngine(manager.engine));
    });
  }

  /** Each connection has an engine of its own. */
  #watchEngine(engine) {
    if (!engine || engine.watched) return;
    engine.watched = true;
    engine.on("open", () => {
      const { name } = engine.transport;
      this.log(`${this.#lost ? "Back" : "Connected"} by ${NAMES[name] ?? name}`);
      this.#lost = false;
      this.#show(name, name === "polling" ? "Trying for something better." : "Connected at once.");
    });
    engine.on("packet", ({ type }) => type === "message" && this.#counts.in++);
    engine.on("packetCreate", ({ type }) => type === "message" && this.#counts.out++);
    engine.on("upgrade", (transport) => {
      const took = Math.round(performance.now() - this.#openedAt);
      this.#show(transport.name, `Upgraded after ${took} ms.`);
      this.log(`Upgraded to ${NAMES[transport.name] ?? transport.name} after ${took} ms`);
    });
  }

  #connected() {
    document.body.dataset.link = this.#socket.io.engine.transport.name;
    this.#showPill();
  }

  #disconnected(reason) {
    this.#lost = true;
    this.log(`Connection lost: ${reason}`);
    this.#show("none", "Looking for the server.");
    this.#at("rtt").textContent = "–";
    document.body.dataset.link = "away";
    this.#at("pill-text").textContent = "Server away";
  }

  #show(transport, note) {
    this.#at("track").dataset.at = transport;
    this.#at("transport-note").textContent = note;
    document.body.dataset.link = transport;
    this.#showPill();
  }

  #showPill() {
    if (!this.#socket.connected) return;
    const name = this.#socket.io.engine.transport.name;
    const last = this.#rtts[this.#rtts.length - 1];
    const time = typeof last === "number" ? ` · ${inMilliseconds(last)} ms` : "";
    this.#at("pill-text").textContent = `${NAMES[name] ?? name}${time}`;
  }

  #everySecond() {
    const { in: incoming, out } = this.#counts;
    this.#counts = { in: 0, out: 0 };
    this.#rate.push({ in: incoming, out });
    this.#at("rate-in").textContent = String(incoming);
    this.#at("rate-out").textContent = String(out);
    this.#measure();
  }

  #measure() {
    if (!this.#socket.connected) {
      this.#tookRoundTrip(null);
      return;
    }
    const sent = performance.now();
    this.#socket.timeout(ECHO_DEADLINE_MS).emit("echo", (late) => {
      this.#tookRoundTrip(late ? null : performance.now() - sent);
    });
  }

  #tookRoundTrip(ms) {
    this.#rtts.push(ms);
    if (this.#rtts.length > 60) this.#rtts.shift();
    this.#rtt.push(ms);
    this.#at("rtt").textContent = ms === null ? "–" : inMilliseconds(ms);
    const known = this.#rtts.filter((one) => one !== null).sort((a, b) => a - b);
    if (known.length > 0) {
      const middle = known[Math.floor(known.length / 2)];
      this.#at("rtt-note").textContent =
        `Median ${inMilliseconds(middle)} ms, worst ${inMilliseconds(known[known.length - 1])} ms in a minute.`;
    }
    this.#showPill();
  }

  /** Asks the server for many small messages and says how long they took. */
  #burst() {
    const [count, began] = [1_000, performance.now()];
    let arrived = 0;
    const listener = () => {
      if (++arrived < count) return;
      this.#socket.off("drop", listener);
      this.#at("burst-note").textContent = `${count.toLocaleString()} in ${Math.round(performance.now() - began)} ms`;
    };
    this.#socket.on("drop", listener);
    this.#socket.timeout(ECHO_DEADLINE_MS).emit("burst", count, (late, outcome) => {
      if (!late && outcome.ok) return;
      this.#socket.off("drop", listener);
      this.#at("burst-note").textContent = late ? "The server did not answer." : outcome.reason;
    });
  }

  /** @param {string} text */
  log(text) {
    const item = document.createElement("li");
    const when = document.createElement("time");
    when.textContent = new Date().toLocaleTimeString([], { hour12: false });
    const what = document.createElement("span");
    what.textContent = text;
    item.append(when, what);
    const list = this.#at("log");
    list.prepend(item);
    while (list.children.length > LOG_LINES) list.lastElementChild.remove();
  }
}

/** @param {number} ms */
function inMilliseconds(ms) {
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms));
}
