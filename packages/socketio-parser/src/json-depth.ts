const QUOTE = 34;
const BACKSLASH = 92;
/** `[` and `{`, `]` and `}` differ in one bit. */
const CASE_BIT = 32;
const OPEN = 123;
const CLOSE = 125;

/**
 * Whether JSON text nests deeper than `max`, found before it is parsed: `[[[[…` reaches no recursive code, neither the
 * engine's nor the application's. Counting brackets is a search, which nearly always settles it; following them is a scan.
 */
export function nestsDeeperThan(max: number, json: string): boolean {
  return json.length > 2 * max && openings(json, max) > max && scan(json, max);
}

/** Opening brackets, strings not excepted; stops counting above `max`. */
function openings(json: string, max: number): number {
  let count = 0;
  for (const bracket of "[{") {
    for (let at = json.indexOf(bracket); at >= 0 && count <= max; at = json.indexOf(bracket, at + 1)) {
      count++;
    }
  }
  return count;
}

function scan(json: string, max: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === QUOTE) {
      quoted = !quoted;
    } else if (quoted) {
      if (code === BACKSLASH) {
        i++;
      }
    } else if ((code | CASE_BIT) === OPEN) {
      if (++depth > max) {
        return true;
      }
    } else if ((code | CASE_BIT) === CLOSE) {
      depth--;
    }
  }
  return false;
}
