import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodePrivateEvent,
  decodeSession,
  encodePrivateEvent,
  encodeSession,
  type StoredSession,
  sectionsOfData,
} from "../../../src/cluster/recovery/session-record.js";

const session: Omit<StoredSession, "data"> = {
  sid: "sid",
  rooms: ["sid", "__proto__", "é\u0000"],
  epoch: "e1",
  start: 3,
  at: 9,
  received: 5,
  delivered: [7],
  changes: [{ room: "x", joined: true, position: 4 }],
  forgottenUpTo: 0,
  lastPrivate: 2,
  lastPrivateAt: 8,
};

describe("what the store keeps of a session", () => {
  it.each([[undefined], [{ name: "ada", picture: Buffer.of(0, 255), nul: "\u0000b0" }], [[1, null, "text"]]])(
    "carries data: %j",
    (data) => {
      expect(decodeSession(encodeSession(session, sectionsOfData(data)))).toEqual({ ...session, data });
    },
  );

  it("carries an event with its attachments", () => {
    const event = {
      number: 3,
      epoch: "e1",
      sharedPosition: 8,
      previous: 2,
      previousAt: 7,
      encoded: ["51-[]", Uint8Array.of(1)],
    };
    expect(decodePrivateEvent(3, encodePrivateEvent(event))).toEqual(event);
  });

  it("is refused when it is not what was written, at any byte", () => {
    const bytes = encodeSession(session, sectionsOfData({ a: 1 }));
    const code = "ERR_SOCKEYE_CLUSTER_ENVELOPE";
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSession(bytes.slice(0, length))).toThrow(expect.objectContaining({ code }));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        expect(() => decodeSession(garbage)).toThrow(expect.objectContaining({ code }));
        expect(() => decodePrivateEvent(1, garbage)).toThrow(expect.objectContaining({ code }));
      }),
    );
  });
});
