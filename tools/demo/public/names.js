/** Who this page is: a name that is made up once and kept in this browser. */

const FIRST = [
  "Amber",
  "Brisk",
  "Copper",
  "Dapper",
  "Early",
  "Gentle",
  "Lively",
  "Merry",
  "Quiet",
  "Silver",
  "Swift",
  "Upstream",
];
const SECOND = [
  "Alder",
  "Beaver",
  "Cedar",
  "Dipper",
  "Gravel",
  "Heron",
  "Kelp",
  "Otter",
  "Osprey",
  "Pebble",
  "Ripple",
  "Willow",
];
const KEY = "sockeye-name";

/** @param {readonly string[]} words */
const any = (words) => words[Math.floor(Math.random() * words.length)];

/** The kept name, or a new one. A `?name=` in the address wins: handy for a second window. */
export function ownName() {
  const asked = new URLSearchParams(location.search).get("name")?.trim().slice(0, 24);
  if (asked) return asked;
  return read() ?? keepName(`${any(FIRST)} ${any(SECOND)}`);
}

/** @param {string} name */
export function keepName(name) {
  try {
    sessionStorage.setItem(KEY, name);
  } catch {
    // A browser that keeps nothing gives a new name next time.
  }
  return name;
}

function read() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** A round face with initials, its colour drawn from the name. @param {string} name */
export function face(name) {
  const element = document.createElement("span");
  element.className = "face";
  element.ariaHidden = "true";
  element.textContent = initials(name);
  let hue = 0;
  for (const character of name) hue = (hue * 31 + character.codePointAt(0)) % 360;
  element.style.setProperty("--hue", String(hue));
  return element;
}

/** @param {string} name */
function initials(name) {
  const words = name.split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "?")][0];
  const last = words.length > 1 ? [...words[words.length - 1]][0] : "";
  return (first + last).toUpperCase();
}
