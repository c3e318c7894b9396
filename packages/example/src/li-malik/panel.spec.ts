import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { panelOf, tallyOf, winnerOf } from './panel.js';
import type { Column } from './race-arenas.js';

const column = (optimizer: string, objectives: number[][]): Column => ({
  optimizer,
  kind: 'hand-made',
  objectives,
  outcomes: objectives.map((curve) =>
    curve.every(Number.isFinite) ? { kind: 'finished' } : { kind: 'non-finite', step: 7, what: 'objective' },
  ),
});

/** Curves that hold each of these values for five iterations. */
const held = (...values: number[]) => [
  values[0]!,
  ...values.slice(1).flatMap((value) => new Array<number>(5).fill(value)),
];

test('a panel is the first part of the rollouts, with a value for each seed', () => {
  const { steps, entries } = panelOf({ columns: [column('sgd', [held(4, 2, 1, 0), held(4, 4, 3, 9)])] }, 10);
  expect(steps).toEqual([0, 5, 10]);
  expect(entries[0]).toMatchObject({
    mean: [4, 3, 2],
    count: [2, 2, 2],
    finals: [1, 3],
    means: [1.5, 3.5],
    nonFinite: 0,
    aboveStart: 0,
  });
});

test('rollouts that end above their start or are not finite are counted, by the part that is shown', () => {
  const columns = [column('sgd', [held(2, 1, 3, NaN), held(2, 1, 1, 1), held(2, NaN, NaN, NaN)])];
  expect(panelOf({ columns }, 5).entries[0]).toMatchObject({
    nonFinite: 1,
    aboveStart: 0,
    finals: [1, 1, Infinity],
    means: [1, 1, Infinity],
  });
  expect(panelOf({ columns }, 10).entries[0]).toMatchObject({ nonFinite: 1, aboveStart: 1 });
  expect(panelOf({ columns }, 15).entries[0]).toMatchObject({ nonFinite: 2, aboveStart: 0 });
});

test('the winner has the lowest mean over seeds; one that lost a rollout cannot win; a difference that varies more than it amounts to is not clear', () => {
  const panel = panelOf(
    {
      columns: [
        column('a', [held(2, 1), held(2, 1.1), held(2, 0.9)]),
        column('b', [held(2, 1.2), held(2, 1.3), held(2, 1.1)]),
        column('c', [held(2, 0.1), held(2, 0.1), held(2, NaN)]),
      ],
    },
    5,
  );
  expect(winnerOf(panel, 'finals')).toEqual({ optimizer: 'a', clear: true });
  const close = panelOf(
    {
      columns: [
        column('a', [held(2, 1), held(2, 3), held(2, 1)]),
        column('b', [held(2, 3), held(2, 1), held(2, 1.1)]),
      ],
    },
    5,
  );
  expect(winnerOf(close, 'finals')).toEqual({ optimizer: 'a', clear: false });
  expect(winnerOf(panelOf({ columns: [column('c', [held(2, NaN)])] }, 5), 'finals')).toBeUndefined();
});

test('versions of PSD are compared with the others one at a time, not with each other', () => {
  const panels = [
    { PSD: 1.2, 'PSD+': 1, adam: 1.3, sgd: 1.4 },
    { PSD: 1.2, 'PSD+': 1, adam: 1.1, sgd: 1.4 },
    { PSD: 0.9, 'PSD+': NaN, adam: 1.1, sgd: NaN },
  ].map((finals) =>
    panelOf(
      {
        columns: Object.entries(finals).map(([name, final]) =>
          column(name, [held(2, final), held(2, final)]),
        ),
      },
      5,
    ),
  );
  const [psd, plus, adam] = tallyOf(panels);
  expect([psd!.finals.won, psd!.aheadOfOthers]).toEqual([1, { finals: 2, means: 2 }]);
  expect([plus!.finals.won, plus!.aheadOfOthers]).toEqual([2, { finals: 2, means: 2 }]);
  expect(adam).not.toHaveProperty('aheadOfOthers');
});

test('every panel has one winner, ranks are a permutation, and all rollouts are counted', () => {
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 0.01, max: 5, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(NaN) },
  );
  const curve = fc.array(value, { minLength: 3, maxLength: 3 });
  const columns = fc.tuple(
    ...['a', 'b', 'c'].map((name) =>
      fc.array(curve, { minLength: 2, maxLength: 2 }).map((curves) =>
        column(
          name,
          curves.map((values) => held(...values)),
        ),
      ),
    ),
  );
  fc.assert(
    fc.property(fc.array(columns, { minLength: 1, maxLength: 4 }), (all) => {
      const panels = all.map((panelColumns) => panelOf({ columns: panelColumns }, 10));
      const tallies = tallyOf(panels);
      for (const criterion of ['finals', 'means'] as const) {
        const won = tallies.reduce((sum, tally) => sum + tally[criterion].won, 0);
        expect(won).toBe(panels.filter((panel) => winnerOf(panel, criterion)).length);
        for (const tally of tallies)
          expect(tally[criterion].clearly).toBeLessThanOrEqual(tally[criterion].won);
      }
      for (const { rollouts, meanRank, nonFinite, aboveStart } of tallies) {
        expect(rollouts).toBe(2 * panels.length);
        expect(nonFinite + aboveStart).toBeLessThanOrEqual(rollouts);
        expect(meanRank).toBeGreaterThanOrEqual(1);
        expect(meanRank).toBeLessThanOrEqual(3);
      }
    }),
  );
});
