import { typescriptEngine } from '@metadescent/kernels';
import { expect, test } from '@jest/globals';
import { benchSteps } from './step-bench.js';

test('every optimizer is timed on both nets', () => {
  const rows = benchSteps(typescriptEngine(), 1);
  expect(rows.map(({ optimizer }) => optimizer)).toContain('ADAM');
  expect(new Set(rows.map(({ coordinates }) => coordinates))).toEqual(new Set([2842, 22210]));
  // ADAM keeps two numbers per coordinate.
  const adam = rows.find(({ optimizer }) => optimizer === 'ADAM')!;
  const paper = rows.find(({ optimizer }) => optimizer.startsWith('paper'))!;
  expect(adam.stateBytes).toBeLessThan(17);
  // 128 cells keep h and c; Ψ needs the gradient and two iterates.
  expect(paper.stateBytes).toBeCloseTo(4 * (2 * 128 + 3), -1);
});
