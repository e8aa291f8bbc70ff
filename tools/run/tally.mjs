/** Counting: what the stages report, added up, and the last lines of a run. */
import { stripVTControlCharacters } from "node:util";

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/** @returns {Tally} */
export function emptyTally() {
  return { passed: 0, failed: 0, skipped: 0 };
}

/** @param {Tally} a @param {Tally} b @returns {Tally} */
export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/**
 * The counts in a report of vitest's JSON reporter. A test file that could not be loaded has no tests to count: it is
 * one failure. So is a run that vitest calls a failure although every test passed (an unhandled error, say).
 * @param {unknown} report
 * @returns {Tally}
 */
export function tallyOfReport(report) {
  if (typeof report !== "object" || report === null || !("numPassedTests" in report))
    return { ...emptyTally(), failed: 1 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success, testResults } =
    /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, success: boolean, testResults: { status: string, assertionResults: { status: string }[] }[] }} */ (
      report
    );
  const brokenFiles = testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = numFailedTests + brokenFiles;
  return {
    passed: numPassedTests,
    failed: failed === 0 && !success ? 1 : failed,
    skipped: numPendingTests + numTodoTests,
  };
}

/** `FAIL project file > test`, and the first line of why, as vitest prints them; hooks that fail are told there alone. */
const FAILURE = /^ FAIL +(.+)\n(.*)/gm;

/**
 * What failed by the output of vitest, a line each.
 * @param {string} output
 */
export function failuresIn(output) {
  const failures = [...stripVTControlCharacters(output).matchAll(FAILURE)];
  return failures.map(([, where, why]) => `${where}: ${why}`);
}

/** @param {Tally} tally */
export function inWords({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
