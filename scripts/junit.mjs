import { existsSync, readFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

/**
 * Counts the tests in a report that `bun test --reporter=junit` wrote. A run that failed as a whole (no report; a test
 * file that cannot be loaded, which the report leaves out) counts as a failed test.
 *
 * @param {string} reportPath
 * @param {boolean} succeeded whether the run did, by its exit code
 * @returns {Count}
 */
export function countTests(reportPath, succeeded) {
  if (!existsSync(reportPath)) return { passed: 0, failed: 1, skipped: 0 };
  const report = readFileSync(reportPath, "utf8");
  const all = count(report, /<testcase\b/g);
  const failed = count(report, /<failure\b/g);
  const skipped = count(report, /<skipped\b/g);
  return { passed: all - failed - skipped, failed: Math.max(failed, succeeded ? 0 : 1), skipped };
}

/** In one line, for people and for those who read the last line. @param {Count} count */
export function tell({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * @param {string} text in which names and messages are escaped, so that a tag is a tag
 * @param {RegExp} pattern
 */
function count(text, pattern) {
  return text.match(pattern)?.length ?? 0;
}
