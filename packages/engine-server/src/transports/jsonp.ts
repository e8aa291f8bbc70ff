/**
 * JSONP polling, for pages that can only load scripts: the payload comes as the argument of a callback, and goes as a
 * field of a form.
 */

/** A script that hands `payload` to the page's callback number `index` (digits only: it becomes code). */
export function jsonpBody(index: string, payload: string): string {
  // Line separators are legal in JSON but not in scripts of old engines.
  const argument = JSON.stringify(payload)
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
  return `___eio[${index}](${argument});`;
}

/**
 * The payload that a form field carries. Forms turn line feeds into CR LF, so clients send them escaped: `\n` stands for
 * a line feed, `\\n` for the two characters.
 */
export function formField(body: string, name: string): string {
  const value = new URLSearchParams(body).get(name) ?? "";
  return value.replace(/(\\)?\\n/g, (_match, escaped) => (escaped ? "\\n" : "\n"));
}
