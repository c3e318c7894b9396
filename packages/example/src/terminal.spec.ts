import { expect, test } from '@jest/globals';
import { resultText } from './result-text.js';
import { terminalOf, wrapped } from './terminal.js';
import type { EvaluationResult } from './evaluation-record.js';

test.each([
  [{ isTTY: true, columns: 120 }, {}, { width: 120, colour: true, wrap: true }],
  [{ isTTY: true, columns: 0 }, {}, { width: 80, colour: true, wrap: true }],
  [{ isTTY: true, columns: 25 }, {}, { width: 25, colour: true, wrap: true }],
  [{ isTTY: true, columns: 80 }, { NO_COLOR: '1' }, { width: 80, colour: false, wrap: true }],
  [{ isTTY: true, columns: 80 }, { NO_COLOR: '' }, { width: 80, colour: true, wrap: true }],
  [{ isTTY: true, columns: 80 }, { TERM: 'dumb' }, { width: 80, colour: false, wrap: true }],
  [{}, {}, { width: 100, colour: false, wrap: false }],
])('%j in %j', (stream, environment, wanted) => {
  expect(terminalOf(stream, environment)).toEqual(wanted);
});

test('lines break between words, and only on a terminal', () => {
  const narrow = { width: 10, colour: false, wrap: true };
  expect(wrapped('the best tuned baseline', narrow)).toBe('the best\ntuned\nbaseline');
  expect(wrapped('a-word-longer-than-a-line and more', narrow)).toBe('a-word-longer-than-a-line\nand more');
  expect(wrapped('the best tuned baseline', { ...narrow, wrap: false })).toBe('the best tuned baseline');
});

const outcomes = { finished: 2, 'non-finite': 0, diverged: 0 };
const result: EvaluationResult = {
  experiment: 'andrychowicz/quadratics',
  title: 'Random quadratics',
  source: 'a paper',
  horizon: 2,
  heldOutOptimizees: 2,
  engine: 'typescript',
  optimizers: [
    {
      optimizer: 'lstm',
      kind: 'learned',
      class: 'learned',
      hyperparameters: {},
      mean: [3, 2, 1],
      standardError: [1, 1, 1],
      count: [2, 2, 2],
      outcomes,
    },
    {
      optimizer: 'adam',
      kind: 'hand-made',
      class: 'papers',
      hyperparameters: { learningRate: 0.1 },
      tuning: {
        optimizer: 'adam',
        method: 'grid',
        tasks: 1,
        axes: [],
        outcome: { kind: 'interior' },
        candidates: [],
        trials: 0,
        divergedTrials: 0,
        divergedCandidates: 0,
      },
      mean: [3, 2, 2],
      standardError: [1, 1, 1],
      count: [2, 2, 2],
      outcomes,
    },
  ],
  comparisons: [
    { learned: 'lstm', bestBaseline: 'adam', bestOf: 'papers', ratio: 0.5, ratioStandardError: 0.1 },
  ],
};

test.each([1, 10, 19, 25, 29, 30, 80, 500])('a result can be printed on %i columns', (width) => {
  const text = resultText(result, { width, colour: false, wrap: true });
  expect(text).toContain('adam');
  expect(/[⠁-⣿]/.test(text)).toBe(width >= 30);
});
