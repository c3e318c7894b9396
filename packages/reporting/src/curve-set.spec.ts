import { expect, test } from '@jest/globals';
import { summariseCurves, UserError } from '@metadescent/core';
import { byFinalValue, curveSetSchema, type CurveSetInput } from './curve-set.js';
import { curveFigure, figureGrid } from './figure.js';
import { decay, race } from './testing/race.js';
import { toJson } from './recorded-number.js';
import { renderReport } from './report-html.js';
import { terminalPlot } from './terminal-plot.js';
import { parseRecord } from './validate.js';

const adam = { optimizer: 'adam', kind: 'hand-made' } as const;
const parse = (value: unknown): unknown => parseRecord('test', 'set of curves', curveSetSchema, value);

test('core summaries fit as they are', () => {
  const curves: CurveSetInput = {
    title: 'Race',
    series: [
      {
        ...adam,
        ...summariseCurves([
          [1, 2],
          [3, 4],
        ]),
      },
    ],
  };
  expect(curveSetSchema.parse(curves).series[0]).toEqual({
    ...adam,
    mean: [2, 3],
    standardError: [1, 1],
    count: [2, 2],
  });
});

test('defaults: true objective over steps on a log axis', () => {
  expect(curveSetSchema.parse({ title: 'Race', series: [{ ...adam, mean: [1] }] })).toMatchObject({
    xLabel: 'step',
    yLabel: 'true objective',
    yScale: 'log',
    notes: [],
  });
});

test('null, NaN and infinities come through JSON', () => {
  const curves = {
    title: 'Race',
    series: [{ ...adam, mean: [1, NaN, Infinity, -Infinity], standardError: [0, NaN, 1, 1] }],
  };
  const parsed = curveSetSchema.parse(JSON.parse(toJson(curves)));
  expect(parsed).toEqual(curveSetSchema.parse(curves));
  expect(parsed.series[0]?.mean).toEqual([1, NaN, Infinity, -Infinity]);
});

test.each([
  ['no series', { title: 'Race', series: [] }, 'a set of curves needs at least one series'],
  ['no values', { title: 'Race', series: [{ ...adam, mean: [] }] }, 'a series needs at least one value'],
  [
    'a band of another length',
    { title: 'Race', series: [{ ...adam, mean: [1, 2], standardError: [1] }] },
    'has 1 entries, but the mean of "adam" has 2',
  ],
  [
    'steps that go back',
    { title: 'Race', series: [{ ...adam, mean: [1, 2], steps: [5, 5] }] },
    'must increase',
  ],
  [
    'an optimizer twice',
    {
      title: 'Race',
      series: [
        { ...adam, mean: [1] },
        { ...adam, mean: [1] },
      ],
    },
    '"adam" is there twice',
  ],
  ['a word for a number', { title: 'Race', series: [{ ...adam, mean: ['1'] }] }, 'expected a number'],
  ['an unknown scale', { title: 'Race', yScale: 'symlog', series: [{ ...adam, mean: [1] }] }, 'yScale'],
])('%s is refused by name', (_what, curves, message) => {
  expect(() => parse(curves)).toThrow(UserError);
  expect(() => parse(curves)).toThrow(message);
});

test('every entry point names itself when it gets nothing', async () => {
  const nothing = { title: 'Race', series: [] };
  await expect(curveFigure(nothing)).rejects.toThrow('curveFigure: the set of curves breaks a rule');
  await expect(figureGrid([])).rejects.toThrow('figureGrid: a grid needs at least one panel');
  await expect(figureGrid([race(), nothing])).rejects.toThrow(
    'figureGrid: the set of curves number 2 breaks a rule',
  );
  await expect(renderReport({ title: 'Report', sections: [] })).rejects.toThrow(
    'a report needs at least one section',
  );
  expect(() => terminalPlot(nothing)).toThrow('terminalPlot: the set of curves breaks a rule');
});

test('the order of a legend: best final value first, then those that lasted longest', () => {
  const series = curveSetSchema.parse({
    title: 'Race',
    series: [
      { ...adam, optimizer: 'short', mean: [3, NaN, NaN] },
      { ...adam, optimizer: 'worse', mean: [3, 2, 2] },
      { ...adam, optimizer: 'long', mean: [3, 1, NaN] },
      { ...adam, optimizer: 'infinite', mean: [3, 1, Infinity] },
      { ...adam, optimizer: 'best', mean: [3, 2, 1] },
      decay('lstm', 'learned', 3, 1.5, 10, 2),
    ],
  }).series;
  expect(byFinalValue(series).map(({ optimizer }) => optimizer)).toEqual([
    'best',
    'lstm',
    'worse',
    'long',
    'infinite',
    'short',
  ]);
});
