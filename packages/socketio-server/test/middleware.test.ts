import { describe, expect, it } from "vitest";
import { Deadlines } from "../src/deadlines.js";
import { type Middleware, MiddlewareRun } from "../src/middleware.js";

async function run(...middlewares: Middleware<object>[]) {
  const thrown: string[] = [];
  const deadlines = new Deadlines();
  const outcome = await new Promise<Error | null>((resolve) => {
    const settings = { deadlines, timeout: 1000, thrown: (error: Error) => thrown.push(error.message) };
    new MiddlewareRun(middlewares, {}, settings, resolve).start();
  });
  return { outcome: outcome?.message ?? null, thrown, deadlines: deadlines.size };
}

const passed = { outcome: null, thrown: [], deadlines: 0 };

describe("a chain of middlewares", () => {
  it("passes when all of them do, in whatever way they answer", async () => {
    expect(await run()).toEqual(passed);
    expect(
      await run(
        (_subject, next) => next(),
        (_subject, next) => void setTimeout(next, 1),
        (_subject) => {},
        async (_subject) => {},
        async (_subject, next) => next(),
      ),
    ).toEqual(passed);
  });

  it("ends with the first refusal", async () => {
    const later: Middleware<object> = () => {
      throw new Error("never");
    };
    expect(await run((_subject, next) => next(new Error("no")), later)).toMatchObject({ outcome: "no", thrown: [] });
    expect(await run(async (_subject) => Promise.reject(new Error("no")), later)).toMatchObject({
      outcome: "no",
      thrown: ["no"],
    });
    expect(await run((_subject, next) => next("text" as never), later)).toMatchObject({
      outcome: "a handler threw text",
    });
  });

  it("reports what is thrown after the answer, and keeps the answer", async () => {
    const result = await run((_subject, next) => {
      next();
      throw new Error("afterwards");
    });
    expect(result).toEqual({ ...passed, thrown: ["afterwards"] });
  });

  it("is the chain as it was when it started", async () => {
    const chain: Middleware<object>[] = [
      (_subject, next) => {
        chain.push(() => {
          throw new Error("added");
        });
        next();
      },
    ];
    expect(await run(...chain)).toEqual(passed);
  });
});
