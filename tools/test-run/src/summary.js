/**
 * The part that is used here of what `jest --json` writes.
 *
 * @typedef {object} JestResults
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites suites that broke before any of their tests could run
 */

/**
 * @typedef {object} Summary
 * @property {number} passed
 * @property {number} failed tests, and suites that broke before their tests
 * @property {number} skipped
 * @property {readonly string[]} missing projects that left no results
 * @property {readonly string[]} empty projects whose run found no test
 */

/**
 * Adds up the results of all projects.
 *
 * @param {ReadonlyMap<string, JestResults | undefined>} results by project; undefined where a project left none
 * @returns {Summary}
 */
export function summarise(results) {
  const summary = {
    passed: 0,
    failed: 0,
    skipped: 0,
    missing: /** @type {string[]} */ ([]),
    empty: /** @type {string[]} */ ([]),
  };
  for (const [project, result] of results) {
    if (!result) {
      summary.missing.push(project);
      continue;
    }
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    if (result.numPassedTests + failed === 0) summary.empty.push(project);
    summary.passed += result.numPassedTests;
    summary.failed += failed;
    summary.skipped += result.numPendingTests + result.numTodoTests;
  }
  return summary;
}

/**
 * The closing line.
 *
 * @param {Pick<Summary, 'passed' | 'failed' | 'skipped'>} summary
 * @example
 * closingLine({ passed: 12, failed: 0, skipped: 0 }) // => '12 passed, 0 failed'
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
