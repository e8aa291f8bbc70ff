import { expect, it } from "vitest";
import { ParserError, ParserViolation, UnserializableError } from "../src/index.js";

it("errors have a code, a text by default, and say whose fault it is", () => {
  const violation = new ParserViolation("INVALID_PAYLOAD");
  expect(violation).toMatchObject({ code: "ERR_SOCKEYE_PARSER_INVALID_PAYLOAD", message: "invalid payload" });
  const misuse = new UnserializableError("why", { cause: 1 });
  expect(misuse).toMatchObject({
    code: "ERR_SOCKEYE_PARSER_UNSERIALIZABLE",
    message: "cannot encode packet: why",
    cause: 1,
  });
  expect(violation).toBeInstanceOf(ParserError);
  expect(misuse).toBeInstanceOf(ParserError);
  expect(misuse).not.toBeInstanceOf(ParserViolation);
});
