import { describe, expect, it } from "vitest";
import { EngineParserError, EngineParserMisuse, EngineProtocolViolation } from "../src/index.js";

describe("errors", () => {
  it("say the code in words", () => {
    const error = new EngineProtocolViolation("TOO_MANY_PACKETS");
    expect(error.code).toBe("ERR_SOCKEYE_ENGINE_PARSER_TOO_MANY_PACKETS");
    expect(error.message).toBe("too many packets");
  });

  it("tell the peer's fault from the caller's", () => {
    const violation = new EngineProtocolViolation("EMPTY_PACKET");
    const misuse = new EngineParserMisuse("INVALID_FRAME");
    expect([violation.name, misuse.name]).toEqual(["EngineProtocolViolation", "EngineParserMisuse"]);
    expect(violation).toBeInstanceOf(EngineParserError);
    expect(misuse).toBeInstanceOf(EngineParserError);
    expect(violation).not.toBeInstanceOf(EngineParserMisuse);
  });
});
