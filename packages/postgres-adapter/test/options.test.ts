import { expect, it, vi } from "vitest";
import { type PostgresOptions, resolveOptions } from "../src/options.js";

it("has a default for everything", () => {
  expect(resolveOptions()).toMatchObject({
    channelPrefix: "sockeye",
    tableName: "sockeye",
    createSchema: false,
    payloadThreshold: 7_800,
    replayWindow: 30_000,
    cleanupInterval: 30_000,
    statementTimeout: 5_000,
    maxQueueTime: 30_000,
    maxQueuedBytes: 33_554_432,
    maxEnvelopeBytes: 16_777_216,
    reconnectionDelay: 100,
    reconnectionDelayMax: 1_000,
  });
});

it("keeps a margin below the 8,000 bytes of PostgreSQL, whatever is asked for", () => {
  expect(resolveOptions({ payloadThreshold: 8_000 }).payloadThreshold).toBe(7_900);
  expect(resolveOptions({ payloadThreshold: 0 }).payloadThreshold).toBe(0);
});

it.each([
  { payloadThreshold: -1 },
  { cleanupInterval: Number.NaN },
  { maxQueuedBytes: Number.POSITIVE_INFINITY },
  { channelPrefix: "" },
  { tableName: "a\0b" },
  { statementTimeout: "5" as unknown as number },
] satisfies PostgresOptions[])("refuses %j", (options) => {
  expect(() => resolveOptions(options)).toThrow(expect.objectContaining({ code: "ERR_SOCKEYE_POSTGRES_OPTION" }));
});

it("warns of errors that nobody handles, not of each", () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const { errorHandler } = resolveOptions();
  const error = Object.assign(new Error("lost"), { code: "ERR_SOCKEYE_POSTGRES_CONNECTION" });
  for (let i = 0; i < 3; i++) errorHandler(error);
  expect(warned).toHaveBeenCalledTimes(1);
  expect(warned).toHaveBeenCalledWith("lost", { type: "SockeyeWarning", code: "ERR_SOCKEYE_POSTGRES_CONNECTION" });
  warned.mockRestore();
});
