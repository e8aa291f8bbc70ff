import { describe, expect, it } from "vitest";
import { client, connected, once, startServer } from "./support/harness.js";

describe("a server and the official client", () => {
  for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
    it(`exchange events over ${transports.join(" then ")}`, async () => {
      const running = await startServer();
      const { client, socket } = await connected(running, "/", { transports });
      socket.on("sum", (a: number, b: number, answer: (sum: number) => void) => answer(a + b));
      expect(await client.emitWithAck("sum", 1, 2)).toBe(3);
      client.on("ask", (question: string, answer: (text: string) => void) => answer(`${question}!`));
      expect(await socket.emitWithAck("ask", "why")).toBe("why!");
      const bytes = once<Buffer>(client, "bytes");
      running.io.emit("bytes", Buffer.from([1, 2, 3]));
      expect([...(await bytes)]).toEqual([1, 2, 3]);
    });
  }
  it("refuses an unknown namespace", async () => {
    const { url } = await startServer();
    const error = await once<Error>(client(`${url}/nowhere`), "connect_error");
    expect(error.message).toBe("Invalid namespace");
  });
});
