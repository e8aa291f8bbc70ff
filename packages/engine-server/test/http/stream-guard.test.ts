import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { guardStream } from "../../src/http/stream-guard.js";

it("ends a stream that fails, listens once, and leaves other listeners alone", () => {
  const stream = new PassThrough();
  const heard: unknown[] = [];
  stream.on("error", (error) => heard.push(error));
  guardStream(stream);
  guardStream(stream);
  expect(stream.listenerCount("error")).toBe(2);
  const error = new Error("reset");
  stream.emit("error", error);
  expect(stream.destroyed).toBe(true);
  expect(heard).toEqual([error]);
});
