import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('a meta-learner of one’s own takes fewer than 60 lines, imports and comments included', () => {
  const lines = readFileSync(new URL('./compose.ts', import.meta.url), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThan(60);
  // Not by writing them longer than elsewhere.
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(180);
});
