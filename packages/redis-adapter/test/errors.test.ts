import { expect, it } from "vitest";
import { RedisAdapterError } from "../src/errors.js";

it("an error of the adapter has a name, a code and a cause", () => {
  const cause = new TypeError("x");
  const error = new RedisAdapterError("ERR_SOCKEYE_REDIS_CLIENT", "no client", { cause });
  expect(error).toMatchObject({
    name: "RedisAdapterError",
    code: "ERR_SOCKEYE_REDIS_CLIENT",
    message: "no client",
    cause,
  });
});
