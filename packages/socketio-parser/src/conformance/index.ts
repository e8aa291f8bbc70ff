import { ConformanceFailure } from "./assertions.js";
import type { CodecUnderTest, ConformanceCase, ConformanceSection, Runner } from "./codec.js";
import { COMMON } from "./common-cases.js";
import { JSON_WIRE } from "./json-cases.js";
import { MSGPACK_WIRE } from "./msgpack-cases.js";

export { ConformanceFailure } from "./assertions.js";
export type { CodecUnderTest, Runner, Supports } from "./codec.js";

/**
 * Holds a codec to the contract, in any test runner:
 *
 * ```ts
 * import { describe, it } from "vitest";
 * import { parser } from "my-parser";
 * import { codecConformance } from "@sockeye/socketio-parser/conformance";
 *
 * codecConformance({ describe, it }, {
 *   name: "my-parser",
 *   parser,
 *   wire: "json",
 *   supports: { codes: false, decode: false, pending: false, withOffset: false, limits: [] },
 * });
 * ```
 */
export function codecConformance(runner: Runner, codec: CodecUnderTest): void {
  const sections = [...COMMON, ...(codec.wire === "json" ? JSON_WIRE : MSGPACK_WIRE)];
  runner.describe(`codec conformance: ${codec.name}`, () => {
    for (const section of sections) {
      const cases = section.cases.filter(({ needs }) => needs?.(codec.supports) ?? true);
      if (cases.length > 0) {
        runner.describe(section.title, () => {
          for (const one of cases) {
            define(runner, codec, one);
          }
        });
      }
    }
    runner.it("names only exceptions that exist", () => checkExceptions(codec, sections));
  });
}

function define(runner: Runner, codec: CodecUnderTest, one: ConformanceCase): void {
  const reason = codec.exceptions?.[one.title];
  if (reason === undefined) {
    runner.it(one.title, () => one.run(codec));
  } else {
    runner.it(`${one.title} [exception: ${reason}]`, () => mustFail(codec, one));
  }
}

function mustFail(codec: CodecUnderTest, one: ConformanceCase): void {
  try {
    one.run(codec);
  } catch {
    return;
  }
  throw new ConformanceFailure("the exception is out of date: the case passes");
}

function checkExceptions(codec: CodecUnderTest, sections: readonly ConformanceSection[]): void {
  const titles = new Set(sections.flatMap(({ cases }) => cases.map(({ title }) => title)));
  const unknown = Object.keys(codec.exceptions ?? {}).filter((title) => !titles.has(title));
  if (unknown.length > 0) {
    throw new ConformanceFailure(`exceptions to cases that do not exist: ${unknown.join("; ")}`);
  }
}
