/** Where the official codecs differ from the contract, each with the reason. Versions: see package.json. */

const refuse = (titles: readonly string[], reason: string): Record<string, string> =>
  Object.fromEntries(titles.map((title) => [title, reason]));

export const OFFICIAL_JSON: Readonly<Record<string, string>> = {
  "asks toJSON once": "it looks for bytes in one walk and writes in another, and asks in both",
  "throws for an object that would read as a placeholder beside bytes":
    "it writes two placeholders with the same number, and the receiver gets the bytes twice",
  ...refuse(
    ["refuses an empty text", "refuses white space before the payload", "refuses white space in an id"],
    "it converts each character with Number(), where nothing and white space are 0",
  ),
  ...refuse(
    ["refuses a count with an exponent", "refuses a count in hexadecimal", "refuses white space in a count"],
    "it converts the count with Number()",
  ),
  ...refuse(
    [
      "refuses an id above the safe integers",
      "refuses an id of a thousand digits",
      "scans a megabyte of header in a moment",
    ],
    "it puts no end to an id or a namespace",
  ),
  ...refuse(
    [
      "refuses an id on a connection",
      "refuses an id on a disconnection",
      "refuses an id on a refused connection",
      "refuses an acknowledgement without an id",
      "refuses a disconnection with white space",
    ],
    "it reads an id before any payload, and asks for none",
  ),
  ...refuse(
    [
      "refuses an event without a payload",
      "refuses an event without a payload, in a namespace",
      "refuses an event with an id and no payload",
      "refuses an acknowledgement without a payload",
      "refuses a refused connection without a payload",
      "refuses a binary event without a payload",
    ],
    "it checks the shape of a payload that is there only",
  ),
  "refuses an event named by a fraction": "any number is a name",
  ...refuse(
    [
      "refuses a placeholder too few",
      "refuses no placeholder at all",
      "refuses a placeholder too many",
      "refuses a number used twice",
      "refuses a fraction for a number",
    ],
    "it does not compare the placeholders with the count",
  ),
};

export const OFFICIAL_MSGPACK: Readonly<Record<string, string>> = {
  "carries an event with numbers at the edges": "integers of 2^64 and more are written as 0",
  ...refuse(
    ["carries the bytes of a view of a part of an ArrayBuffer", "carries the bytes of a DataView"],
    "it writes the whole ArrayBuffer behind a view",
  ),
  "never lets a member named __proto__ reach a prototype": "it assigns members by name",
  "reads members of the sender's own": "it emits them as well",
  "refuses a namespace without its slash": "any text is a namespace",
  ...refuse(["refuses a negative id", "refuses an id above the safe integers"], "any integer is an id"),
  "refuses an acknowledgement without an id": "it asks for none",
  ...refuse(
    ["refuses an event of nothing", "refuses an event named by an object", "refuses the reserved event connect"],
    "it does not look at the name of an event",
  ),
  ...refuse(["refuses a name that is an array", "refuses a name that is null"], "any value is made a name"),
};
