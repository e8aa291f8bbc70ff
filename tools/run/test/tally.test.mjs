import { describe, expect, it } from "vitest";
import { add, failuresIn, inWords, tallyOfReport } from "../tally.mjs";

const report = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  success: true,
  testResults: [],
};

describe("counting", () => {
  it("takes the numbers of a report", () => {
    expect(
      tallyOfReport({ ...report, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1, success: false }),
    ).toEqual({
      passed: 3,
      failed: 2,
      skipped: 2,
    });
  });

  it("counts a file that could not be loaded", () => {
    const testResults = [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: [{ status: "failed" }, { status: "passed" }] },
      { status: "passed", assertionResults: [{ status: "passed" }] },
    ];
    expect(tallyOfReport({ ...report, numFailedTests: 1, success: false, testResults }).failed).toBe(2);
  });

  it("counts a run that failed although its tests passed", () => {
    expect(tallyOfReport({ ...report, success: false })).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });

  it.each([undefined, null, "", {}])("counts a missing report (%s) as a failure", (nothing) => {
    expect(tallyOfReport(nothing)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it("names what failed: tests, and files in which a hook failed, as vitest prints them", () => {
    const output = [
      "\u001b[41m FAIL \u001b[49m run test/one.test.mjs > in x",
      "\u001b[31mError\u001b[39m: Hook timed out in 100ms.",
      "If this is a long-running hook, pass a timeout value",
      "",
      " FAIL  run test/two.test.mjs > y > b",
      "AssertionError: expected 1 to be 2",
      "    FAILED is no heading",
    ];
    expect(failuresIn(output.join("\n"))).toEqual([
      "run test/one.test.mjs > in x: Error: Hook timed out in 100ms.",
      "run test/two.test.mjs > y > b: AssertionError: expected 1 to be 2",
    ]);
    expect(failuresIn("")).toEqual([]);
  });

  it("adds up, and says it in one line", () => {
    const sum = add({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 });
    expect(inWords(sum)).toBe("3 passed, 1 failed");
    expect(inWords({ ...sum, skipped: 4 })).toBe("3 passed, 1 failed, 4 skipped");
  });
});
