import { face } from "./names.js";

/** The lists at the left: rooms with their counts, and who is in this one. */

/**
 * @param {HTMLElement} list @param {readonly { name: string, people: number }[]} rooms @param {string} current
 * @param {(room: string) => void} enter
 */
export function showRooms(list, rooms, current, enter) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.room : undefined;
  list.replaceChildren(...rooms.map((room) => roomItem(room, room.name === current, enter)));
  if (focused !== undefined) list.querySelector(`[data-room="${CSS.escape(focused)}"]`)?.focus();
}

function roomItem({ name, people }, current, enter) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.room = name;
  if (current) button.ariaCurrent = "true";
  const label = document.createElement("span");
  label.className = "label";
  label.textContent = name;
  const number = document.createElement("span");
  number.className = "number";
  number.textContent = people === 0 ? "" : String(people);
  number.title = people === 1 ? "1 person" : `${people} people`;
  button.append(label, number);
  button.addEventListener("click", () => enter(name));
  item.append(button);
  return item;
}

/** @param {HTMLElement} list @param {readonly { id: string, name: string, transport: string }[]} people @param {string} you */
export function showPeople(list, people, you) {
  const sorted = [...people].sort(
    (a, b) => Number(b.id === you) - Number(a.id === you) || a.name.localeCompare(b.name),
  );
  list.replaceChildren(...sorted.map((person) => personItem(person, person.id === you)));
}

function personItem({ name, transport }, you) {
  const item = document.createElement("li");
  const who = document.createElement("span");
  who.className = "who";
  who.textContent = name;
  const by = document.createElement("span");
  by.className = `by ${transport}`;
  const short = transport === "websocket" ? "ws" : transport;
  by.textContent = you ? `you, ${short}` : short;
  by.title = transport;
  item.append(face(name), who, by);
  return item;
}
