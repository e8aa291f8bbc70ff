import { expect, it } from "vitest";
import { streamOf } from "../../src/wire/stream-names.js";

it("deals namespaces out over streams, by a signed remainder", () => {
  expect(streamOf("socket.io", 1, "/chat")).toBe("socket.io");
  // "/" is 47.
  expect(streamOf("socket.io", 4, "/")).toBe("socket.io-3");
  const names = ["/long-namespace-name", "/a/b/c", "/chat", "/zzzzzzzz"].map((name) => streamOf("s", 3, name));
  expect(names.some((name) => name.includes("--"))).toBe(true);
  for (const name of names) expect(name).toMatch(/^s-(0|-?[12])$/);
});
