import { expect, test } from '@jest/globals';
import { curveRange, LOG_DEPTH } from './curve-axes.js';
import { curveCaption } from './curve-caption.js';
import { metaTrainingSentences } from './meta-training-caption.js';
import { metaTrainingRecordSchema } from './meta-training-record.js';
import { DISTINCT_UNKNOWN } from './optimizer-style.js';
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

test('range and caption take curves as they may be written, and say what is wrong with others', () => {
  const written = {
    title: 'Race',
    series: [{ optimizer: 'adam', kind: 'hand-made' as const, mean: [2, null] }],
  };
  expect(curveRange(written)).toEqual(curveRange(parsed(written)));
  expect(curveCaption(written)).toEqual(['adam has no finite value after step 0 (×).']);
  expect(() => curveRange({ title: 'Race' } as never)).toThrow(
    /^curveRange: the set of curves breaks a rule.*at series/s,
  );
  expect(() => curveCaption([] as never)).toThrow('curveCaption: the set of curves');
});

test('gaps on the way are counted and placed', () => {
  expect(
    curveCaption(
      curvesOf([
        [4, NaN, 3, Infinity, 2],
        [4, 3, 2, 1, NaN],
      ]),
    ),
  ).toEqual([
    'rule 1 has no finite value after step 3 (×).',
    'Gaps are values that are not finite: rule 0 2 of 5 (the first at step 1).',
  ]);
});

test('more optimizers than looks are told apart in words', () => {
  const crowd = Array.from({ length: DISTINCT_UNKNOWN + 1 }, (_, i) => [2 + i, 1 + i]);
  expect(curveCaption(curvesOf(crowd.slice(1)))).toEqual([]);
  const [sentence] = curveCaption(curvesOf(crowd));
  expect(sentence).toMatch(/^rule \d+ and rule \d+ have the same colour and dash\.$/);
  const style = { colour: '#112233', dash: [] };
  const same = ['a', 'b'].map((optimizer) => ({ optimizer, kind: 'learned' as const, mean: [1], style }));
  expect(curveCaption({ title: 'Race', series: same })).toEqual(['a and b have the same colour and dash.']);
});

test('what a terminal must not be given from a file is spelled out in captions', () => {
  const optimizer = 'ad\u202eam\u001b[2J';
  expect(
    curveCaption({
      title: 'Race',
      series: [{ optimizer, kind: 'learned', mean: [NaN] }],
      notes: ['one\ntwo'],
    }),
  ).toEqual(['ad\\u{202e}am\\u{1b}[2J has no finite value.', 'one two']);
});

test('the caption of a meta-training counts what its panels cannot show', () => {
  const sentences = metaTrainingSentences(
    metaTrainingRecordSchema.parse({
      title: 'Training',
      trainLoss: [5, NaN, 0, 2],
      validationLoss: [4, null, Infinity, 2.5],
      metaGradientNorm: [1, 0, -1, NaN],
      bestEpoch: 4,
      notes: ['Tuned.'],
    }),
  );
  expect(sentences).toEqual([
    'The weights of epoch 4 were kept.',
    'Gaps are values that are not finite: training 1, validation 1, meta-gradient 1.',
    'A log axis cannot show values ≤ 0, which are gaps too: training 1, meta-gradient 2.',
    'Tuned.',
  ]);
});
