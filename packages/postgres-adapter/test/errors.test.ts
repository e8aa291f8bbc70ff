import { describe, expect, it } from "vitest";
import { isPassing, isWrongSetup, PostgresAdapterError, PostgresViolation, sqlStateOf } from "../src/errors.js";

const withCode = (code: string) => Object.assign(new Error("no"), { code });

it("errors have a name, a code and a cause", () => {
  const cause = new Error("why");
  const error = new PostgresAdapterError("ERR_SOCKEYE_POSTGRES_SCHEMA", "no tables", { cause });
  expect(error).toMatchObject({ name: "PostgresAdapterError", code: "ERR_SOCKEYE_POSTGRES_SCHEMA", cause });
  expect(new PostgresViolation("what?")).toMatchObject({ code: "ERR_SOCKEYE_POSTGRES_NOTIFICATION" });
});

describe("what went wrong", () => {
  it.each([
    ["ECONNREFUSED", undefined],
    ["EPIPE", undefined],
    ["CONNECTION_CLOSED", undefined],
    ["57P01", "57P01"],
    ["42P01", "42P01"],
  ])("%s has the SQLSTATE %s", (code, state) => {
    expect(sqlStateOf(withCode(code))).toBe(state);
  });

  it.each(["ECONNRESET", "57P01", "57P03", "08006", "53300", "25006", "40001", "40P01"])("%s may pass", (code) => {
    expect(isPassing(withCode(code))).toBe(true);
  });

  it.each(["42P01", "42501", "22021", "54000", "53100", "23502"])("%s does not pass by itself", (code) => {
    expect(isPassing(withCode(code))).toBe(false);
  });

  it.each(["28P01", "28000", "3D000", "42P01", "42501"])("%s is a matter of the setup", (code) => {
    expect(isWrongSetup(withCode(code))).toBe(true);
  });

  it.each(["ECONNREFUSED", "57P03", "53300"])("%s is not", (code) => {
    expect(isWrongSetup(withCode(code))).toBe(false);
  });
});
