import { expect, test } from '@jest/globals';
import { curveRange, LOG_DEPTH } from './curve-axes.js';
import { curveCaption } from './curve-caption.js';
import { curveSetSchema, type CurveSet, type CurveSetInput } from './curve-set.js';
import { decay, race } from './testing/race.js';

const parsed = (curves: CurveSetInput): CurveSet => curveSetSchema.parse(curves);
const curvesOf = (means: number[][], extra: Partial<CurveSetInput> = {}): CurveSet =>
  parsed({
    title: 'Race',
    series: means.map((mean, i) => ({ optimizer: `rule ${i}`, kind: 'hand-made', mean })),
    ...extra,
  });

test('the range holds all means and bands', () => {
  const curves = parsed({
    title: 'Race',
    yScale: 'linear',
    series: [decay('adam', 'hand-made', 10, 1, 0.1), decay('sgd', 'hand-made', 10, 2, 0.1)],
  });
  const { low, high } = curveRange(curves);
  expect(low).toBe(0);
  // 10 ± 1, and a margin.
  expect(high).toBeGreaterThanOrEqual(11);
  expect(high).toBeLessThan(12);
});

test('one diverging curve leaves at the top and the others keep their room', () => {
  const { low, high, above } = curveRange(parsed(race()));
  expect([...above.keys()]).toEqual(['nesterov']);
  // Three times the start, plus the margin of three per cent of the decades.
  expect(high).toBeGreaterThan(29);
  expect(high).toBeLessThan(45);
  const calm = race();
  const { low: calmLow } = curveRange(
    parsed({ ...calm, series: calm.series.filter(({ optimizer }) => optimizer !== 'nesterov') }),
  );
  expect(Math.log10(high / low) / Math.log10(high / calmLow)).toBeCloseTo(1, 1);
});

test('on a linear axis too', () => {
  const { high, above } = curveRange(
    curvesOf(
      [
        [10, 5, 1],
        [10, 6, 2],
        [10, 1e3, 1e9],
      ],
      { yScale: 'linear' },
    ),
  );
  expect(above).toEqual(new Map([['rule 2', 1]]));
  expect(high).toBeLessThan(16);
});

test('where most curves grow, growth is the figure', () => {
  expect(
    curveRange(
      curvesOf([
        [1, 10, 100],
        [1, 20, 400],
      ]),
    ).above.size,
  ).toBe(0);
  expect(curveRange(curvesOf([[1, 10, 1e6]])).high).toBeGreaterThanOrEqual(1e6);
  expect(curveRange(curvesOf([[-5, 3, 40]], { yScale: 'linear' })).high).toBeGreaterThanOrEqual(40);
});

test('rounding error at 1e-30 does not flatten the others', () => {
  const { low, below } = curveRange(
    curvesOf([
      [10, 1e-3, 1e-30],
      [10, 1, 0.1],
    ]),
  );
  expect(low).toBeGreaterThan(0.5 * 10 * LOG_DEPTH);
  expect(below).toEqual(new Map([['rule 0', 2]]));
});

test('a band down to zero adds no decades', () => {
  const wide: CurveSetInput = {
    title: 'Race',
    series: [{ optimizer: 'adam', kind: 'hand-made', mean: [10, 1], standardError: [1, 0.9999999] }],
  };
  expect(curveRange(parsed(wide)).low).toBeGreaterThan(0.4);
});

test('a published value is kept in sight', () => {
  const { low } = curveRange(
    curvesOf([[10, 1]], { referenceLines: [{ axis: 'y', value: 0.05, label: 'published' }] }),
  );
  expect(low).toBeLessThanOrEqual(0.05);
});

test('no shown value at all still gives axes', () => {
  for (const mean of [
    [NaN, NaN],
    [Infinity, NaN],
    [-1, 0],
  ]) {
    const { low, high } = curveRange(curvesOf([mean]));
    expect([low, high]).toEqual([0.1, 1]);
  }
});

test('the caption says what the picture cannot', () => {
  const base = race();
  const curves = parsed({
    ...base,
    series: [
      ...base.series,
      { optimizer: 'cg', kind: 'hand-made', mean: [10, 0, 1], count: [20, 18, 17] },
      { optimizer: 'never', kind: 'hand-made', mean: [NaN] },
    ],
    notes: ['Tuned.'],
    reference: 'Andrychowicz et al. 2016, figure 4',
  });
  expect(curveCaption(curves)).toEqual([
    'Lines are means; bands are ± one standard error.',
    'The axis is cut at about 3 times the largest starting value; leaving at the top: nesterov (step 19).',
    'rmsprop has no finite value after step 30 (×).',
    'never has no finite value.',
    'A log axis cannot show values ≤ 0; there are such in cg.',
    'Means are over finite repetitions; at the end cg 17 of 20.',
    'Tuned.',
    'Compare Andrychowicz et al. 2016, figure 4.',
  ]);
  expect(curveCaption(parsed({ title: 'Race', series: [decay('adam', 'hand-made', 2, 1, 1)] }))).toEqual([
    'Lines are means over 20 repetitions; bands are ± one standard error.',
  ]);
});
