import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inMemory, joined, texts, turn } from "./support/memory.js";

/** Frames as a peer that knows the protocol, and means no good, would make them; and plain noise. */
const namespace = fc.constantFrom("", "/,", "/chat,", "/dyn-1,", "/dyn-2,", "/nowhere,", "/__proto__,", "/chat");
const payload = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    '["x"]',
    '["ask",1]',
    '["error","e"]',
    '["disconnect"]',
    '["__proto__",{"__proto__":{"a":1}}]',
    "{}",
    "",
  ),
  fc.constantFrom('{"pid":"x","offset":"~x"}', '{"dedup":true}', '["x",{"_placeholder":true,"num":0}]'),
);
const packet = fc
  .tuple(
    fc.constantFrom("0", "1", "2", "2", "2", "3", "4", "51-", "61-", "50-", "9"),
    namespace,
    fc.constantFrom("", "0", "1", "7", "99999999999999999999"),
    payload,
  )
  .map((parts) => parts.join(""));
const frame = fc.oneof(
  { weight: 8, arbitrary: packet },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
);

describe("whatever a peer sends", () => {
  /**
   * Invariant: nothing it does throws past its connection; another client notices nothing; once it has gone, every table is as
   * it was.
   */
  it("concerns nobody but itself", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(frame, { maxLength: 12 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (peers, recovery) => {
          const { io, engine } = inMemory({
            ...(recovery ? { connectionStateRecovery: {} } : {}),
            cleanupEmptyChildNamespaces: true,
          });
          for (const nsp of [io.sockets, io.of("/chat"), io.of(/^\/dyn-\d$/)]) {
            nsp.on("connection", (socket) => {
              socket.join("room");
              socket.on("ask", (n: number, answer: unknown) => typeof answer === "function" && answer(n));
              socket.on("error", () => {});
              socket.emit("welcome", () => {});
            });
          }
          const witness = await joined(engine);
          const before = texts(witness).length;
          for (const frames of peers) {
            const peer = engine.connect();
            for (const data of frames) peer.send(data);
            await turn();
            peer.close();
          }
          io.emit("still", "here");
          await turn();
          expect(witness.closed).toBe(false);
          expect(
            texts(witness)
              .slice(before)
              .map((text) => text.slice(0, 15)),
          ).toEqual(['2["still","here']);
          const inspection = io.inspect();
          expect(inspection.connections).toBe(1);
          expect(inspection.namespaces["/"]).toMatchObject({ sockets: 1, connecting: 0, rooms: 2, pendingAcks: 1 });
          expect(inspection.namespaces["/chat"]).toMatchObject({ sockets: 0, connecting: 0, rooms: 0, pendingAcks: 0 });
          expect(({} as Record<string, unknown>).a).toBeUndefined();
        },
      ),
      { numRuns: 150 },
    );
  });
});
