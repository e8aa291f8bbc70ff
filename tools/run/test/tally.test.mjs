import { describe, expect, it } from "vitest";
import { add, inWords, tallyOfReport } from "../tally.mjs";

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

  it("adds up, and says it in one line", () => {
    const sum = add({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 });
    expect(inWords(sum)).toBe("3 passed, 1 failed");
    expect(inWords({ ...sum, skipped: 4 })).toBe("3 passed, 1 failed, 4 skipped");
  });
});
