import { expect, test } from '@jest/globals';

import { closingLine, summarise, type JestResults } from './summary.js';

const results = (part: Partial<JestResults>): JestResults => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  ...part,
});

test('tests of all projects are added up', () => {
  const summary = summarise(
    new Map([
      ['a', results({ numPassedTests: 3, numFailedTests: 1 })],
      ['b', results({ numPassedTests: 4, numPendingTests: 2, numTodoTests: 1 })],
    ]),
  );
  expect(summary).toEqual({ passed: 7, failed: 1, skipped: 3, missing: [], empty: [] });
  expect(closingLine(summary)).toBe('7 passed, 1 failed, 3 skipped');
});

test('a suite that broke before its tests counts as a failure', () => {
  const summary = summarise(new Map([['a', results({ numPassedTests: 3, numRuntimeErrorTestSuites: 1 })]]));
  expect(closingLine(summary)).toBe('3 passed, 1 failed');
});

test('projects without results and projects without tests are named', () => {
  const summary = summarise(
    new Map([
      ['gone', undefined],
      ['hollow', results({ numPendingTests: 1 })],
      ['well', results({ numPassedTests: 1 })],
    ]),
  );
  expect(summary.missing).toEqual(['gone']);
  expect(summary.empty).toEqual(['hollow']);
});
