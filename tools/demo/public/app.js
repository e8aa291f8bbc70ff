import { io } from "/socket.io/socket.io.esm.min.js";
import { Conversation } from "./conversation.js";
import { keepName, ownName } from "./names.js";
import { acceptPictures, readPicture } from "./picture.js";
import { showPeople, showRooms } from "./sidebar.js";
import { themeButton } from "./theme.js";
import { Wire } from "./wire.js";

/** The page: one socket, and what it says to the parts. */

const ANSWER_DEADLINE_MS = 8_000;
const TYPING_PAUSE_MS = 2_500;
const BACK_BANNER_MS = 4_000;

/** @param {string} id */
const at = (id) => document.getElementById(id);

const own = { name: ownName(), room: "Riverbed" };
let limits = { text: 2_000, name: 24, picture: 1_000_000 };
let lastRooms = [];
/** Own messages without an answer yet, in order: sent again after each reconnection. */
const outbox = new Map();

const socket = io({
  auth: (give) => give({ name: own.name, room: own.room }),
  reconnectionDelay: 500,
  reconnectionDelayMax: 3_000,
});
const conversation = new Conversation(at("messages"), at("empty"), (message) => message.own === true);
const wire = new Wire(socket, at);

// --- connection -------------------------------------------------------------------------------------------------------

let awaySince = 0;
let awayTimer;

socket.on("connect", () => {
  if (awaySince) welcomeBack();
  at("complaint").hidden = true;
  for (const message of outbox.values()) send(message);
});

socket.on("disconnect", () => {
  awaySince = performance.now();
  showPeople(at("people"), [], "");
  at("people-count").textContent = "";
  at("room-note").textContent = "";
  at("typing").textContent = "";
  typists.clear();
  sayAway();
  awayTimer = setInterval(sayAway, 1_000);
});

socket.on("connect_error", (error) => {
  if (!socket.active) complain(error.message);
  else if (!awaySince) wire.log("The server does not answer");
});

function sayAway() {
  const seconds = Math.round((performance.now() - awaySince) / 1_000);
  const since = seconds < 1 ? "" : ` ${seconds} s so far.`;
  banner("The server is away.", `What you write is kept here and sent when it is back.${since}`);
}

function welcomeBack() {
  clearInterval(awayTimer);
  const seconds = ((performance.now() - awaySince) / 1_000).toFixed(1);
  awaySince = 0;
  conversation.notice(`Connection lost for ${seconds} s`);
  banner("Back.", `The connection was away for ${seconds} s; nothing on this page was lost.`, "good");
  setTimeout(() => {
    if (!awaySince) at("banner").hidden = true;
  }, BACK_BANNER_MS);
}

/** @param {string} title @param {string} text */
function banner(title, text, kind = "") {
  at("banner").className = `banner ${kind}`;
  at("banner-title").textContent = title;
  at("banner-text").textContent = text;
  at("banner").hidden = false;
}

// --- rooms and people -------------------------------------------------------------------------------------------------

socket.on("welcome", (welcome) => {
  own.room = welcome.room;
  limits = welcome.limits;
  conversation.open(welcome.room, welcome.history);
  at("room-title").textContent = welcome.room;
  renderRooms();
});

socket.on("rooms", (rooms) => {
  lastRooms = rooms;
  renderRooms();
});

socket.on("people", (people) => {
  showPeople(at("people"), people, socket.id);
  at("people-count").textContent = String(people.length);
  at("room-note").textContent = people.length === 1 ? "only you" : `${people.length} people`;
});

function renderRooms() {
  showRooms(at("rooms"), lastRooms, own.room, enter);
}

/** @param {string} room */
async function enter(room) {
  show("chat");
  if (room === own.room) return;
  const wrong = await ask("join", room);
  if (wrong) complain(wrong);
  else at("draft").focus();
}

at("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const room = at("room-name").value.trim();
  if (room === "") return;
  at("room-name").value = "";
  void enter(room);
});

at("your-name").value = own.name;
at("rename").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = at("your-name").value.trim();
  const wrong = name === "" ? "A name is needed." : await ask("rename", name);
  if (wrong) return complain(wrong);
  own.name = keepName(name);
  wire.log(`You are now ${name}`);
});

/** Emits and waits for the answer: what is wrong, or nothing. */
async function ask(event, value) {
  try {
    const outcome = await socket.timeout(ANSWER_DEADLINE_MS).emitWithAck(event, value);
    return outcome.ok ? undefined : outcome.reason;
  } catch {
    return "The server did not answer. Try again when it is back.";
  }
}

// --- messages ---------------------------------------------------------------------------------------------------------

socket.on("message", (message, received) => {
  received(true);
  typists.delete(message.from);
  renderTypists();
  if (!conversation.add(message)) return;
  if (document.hidden) document.title = `${message.name} wrote`;
});

document.addEventListener("visibilitychange", () => {
  document.title = "Sockeye: a chat that shows its wire";
});

socket.on("delivered", (id, count, of) => {
  const message = sent.get(id);
  if (!message) return;
  if (of === 0) return conversation.mark(message, "sent", "nobody else is here");
  const words = of === 1 ? "delivered" : `delivered to ${count} of ${of}`;
  conversation.mark(message, count > 0 ? "delivered" : "sent", count > 0 ? words : undefined);
});

/** Own messages that were accepted, to mark them when receipts come. */
const sent = new Map();

function post(content) {
  const message = {
    id: freshId(),
    own: true,
    name: own.name,
    room: own.room,
    at: Date.now(),
    state: "waiting",
    ...content,
  };
  outbox.set(message.id, message);
  conversation.add(message);
  at("complaint").hidden = true;
  if (socket.connected) send(message);
}

function send(message) {
  const { id, text, picture } = message;
  const done = (late, outcome) => {
    if (late) {
      // Without an answer it stays in the outbox: for another try, now or on the next connection.
      if (socket.connected) send(message);
      return;
    }
    outbox.delete(id);
    if (outcome.ok) {
      sent.set(id, message);
      if (message.state === "waiting") conversation.mark(message, "sent");
    } else {
      conversation.mark(message, "refused");
      complain(outcome.reason);
    }
  };
  sent.set(id, message);
  const patient = socket.timeout(ANSWER_DEADLINE_MS);
  if (text !== undefined) patient.emit("say", { id, text }, done);
  else patient.emit("show", { id, alt: picture.alt, data: picture.data }, done);
}

function freshId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const draft = at("draft");

at("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = draft.value.trim();
  if (text === "") return;
  draft.value = "";
  fit();
  say(false);
  post({ text });
});

draft.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  at("composer").requestSubmit();
});

draft.addEventListener("input", () => {
  fit();
  say(draft.value !== "");
});

/** The field grows with what is in it. */
function fit() {
  draft.style.height = "auto";
  draft.style.height = `${Math.min(draft.scrollHeight, 160)}px`;
}

async function sendPicture(file) {
  const picture = await readPicture(file, limits.picture);
  if ("wrong" in picture) complain(picture.wrong);
  else post({ picture });
}

at("picture").addEventListener("change", async () => {
  const [file] = at("picture").files;
  if (file) await sendPicture(file);
  at("picture").value = "";
});
acceptPictures(document.querySelector(".chat"), sendPicture);

// --- typing -----------------------------------------------------------------------------------------------------------

const typists = new Map();
let saidTyping = 0;

/** @param {boolean} on */
function say(on) {
  const now = performance.now();
  if (on && now - saidTyping < TYPING_PAUSE_MS / 2) return;
  if (!on && saidTyping === 0) return;
  saidTyping = on ? now : 0;
  socket.volatile.emit("typing", on);
}

socket.on("typing", ({ id, name, on }) => {
  if (on) typists.set(id, { name, until: performance.now() + TYPING_PAUSE_MS });
  else typists.delete(id);
  renderTypists();
});

setInterval(() => {
  for (const [id, { until }] of typists) if (until < performance.now()) typists.delete(id);
  renderTypists();
}, 500);

function renderTypists() {
  const names = [...typists.values()].map(({ name }) => name);
  const text =
    names.length === 0
      ? ""
      : names.length === 1
        ? `${names[0]} is writing`
        : names.length === 2
          ? `${names[0]} and ${names[1]} are writing`
          : `${names.length} people are writing`;
  if (at("typing").textContent !== text) at("typing").textContent = text;
}

// --- the rest of the page -----------------------------------------------------------------------------------------------

let complaintTimer;

/** @param {string} text */
function complain(text) {
  at("complaint").textContent = text;
  at("complaint").hidden = false;
  clearTimeout(complaintTimer);
  complaintTimer = setTimeout(() => {
    at("complaint").hidden = true;
  }, 8_000);
}

/** Which of the three parts a narrow screen shows. @param {string} view */
function show(view) {
  document.body.dataset.view = view;
  for (const tab of document.querySelectorAll("[data-tab]")) {
    if (tab.dataset.tab === view) tab.ariaCurrent = "true";
    else tab.ariaCurrent = null;
  }
}

for (const tab of document.querySelectorAll("[data-tab]")) tab.addEventListener("click", () => show(tab.dataset.tab));
themeButton(at("theme"));
