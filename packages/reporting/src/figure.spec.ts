import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { axisFraction } from './axis.js';
import { curveRange, valueAxis } from './curve-axes.js';
import { curveSetSchema, type CurveSetInput } from './curve-set.js';
import { curveFigure, figureGrid } from './figure.js';
import { decay, HOSTILE, race } from './testing/race.js';
import { optimizerStyle } from './optimizer-style.js';
import { MARGIN } from './panel-spec.js';
import { metaTrainingFigure } from './meta-training-figure.js';

/** Every tag is closed, in order. */
function expectWellFormed(markup: string): void {
  const open: string[] = [];
  for (const [, slash, name, rest] of markup.matchAll(/<(\/?)([A-Za-z][\w-]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (slash === '/') expect(open.pop()).toBe(name);
    else if (!rest?.endsWith('/')) open.push(name as string);
  }
  expect(open).toEqual([]);
}

/** Points of the first line mark with this colour. */
function linePoints(svg: string, colour: string): number[][] {
  const path = new RegExp(`<path d="([^"]*)" stroke="${colour}"`).exec(svg)?.[1] ?? '';
  return path.split(/(?=[ML])/).map((command) => command.slice(1).split(',').map(Number));
}

test('a figure shows every name, in the fixed colours, learned thick and solid, hand-made dashed', async () => {
  const svg = await curveFigure(race());
  expectWellFormed(svg);
  for (const { optimizer, kind } of race().series) {
    expect(svg).toContain(`>${optimizer}<`);
    expect(svg).toContain(`stroke="${optimizerStyle(optimizer, kind).colour}"`);
  }
  expect(svg).toMatch(/stroke="#d55e00" stroke-width="3"(?! stroke-dasharray)/);
  expect(svg).toMatch(/stroke="#864e00" stroke-width="1.6" stroke-dasharray="2,2"/);
});

test('the line runs through the data, to a hundredth of a pixel', async () => {
  const input: CurveSetInput = {
    title: 'Race',
    series: [{ optimizer: 'lstm', kind: 'learned', mean: [10, 3, 0.5, 0.02], steps: [0, 10, 30, 40] }],
  };
  const width = 600;
  const svg = await curveFigure(input, { width, height: 300, annotate: false });
  const points = linePoints(svg, '#d55e00');
  const curves = curveSetSchema.parse(input);
  const y = valueAxis(curves, curveRange(curves), 5);
  const plotHeight = 300 - MARGIN.top - MARGIN.bottom;
  const right = points.at(-1)?.[0] as number;
  expect(right).toBeGreaterThan(0.5 * width);
  expect(points.map(([x]) => x as number)).toBeAllClose([0, right / 4, (3 * right) / 4, right], {
    atol: 0.01,
  });
  expect(points.map((point) => point[1] as number)).toBeAllClose(
    [10, 3, 0.5, 0.02].map((value) => (1 - axisFraction(y, value)) * plotHeight),
    { atol: 0.01 },
  );
});

test('NaN and infinities break the line and crash nothing', async () => {
  const gaps = {
    title: 'Race',
    series: [
      {
        optimizer: 'lstm',
        kind: 'learned' as const,
        mean: [4, 3, NaN, 2, 1, Infinity],
        standardError: [1, NaN, 1, 1, 1, NaN],
      },
    ],
  };
  const svg = await curveFigure(gaps);
  expect(/<path d="([^"]*)" stroke="#d55e00"/.exec(svg)?.[1]?.match(/M/g)).toHaveLength(2);
  expect(svg).not.toMatch(/NaN|Infinity/);
  for (const yScale of ['log', 'linear'] as const) {
    const nothing = await curveFigure({
      title: 'Race',
      yScale,
      series: [{ optimizer: 'lstm', kind: 'learned', mean: [NaN, Infinity] }],
    });
    expect(nothing).toContain('no finite value');
    expect(nothing).not.toMatch(/NaN|Infinity/);
  }
});

test('numbers up to the largest that exist stay drawable', async () => {
  const huge = race();
  const svg = await curveFigure({
    ...huge,
    series: [...huge.series, { optimizer: 'cg', kind: 'hand-made', mean: [10, 1e308, -1e308, 5e-324] }],
  });
  expect(svg).not.toMatch(/NaN|Infinity|e\+/);
  const coordinates = [...svg.matchAll(/ d="([^"]*)"/g)].flatMap(([, d]) =>
    (d as string)
      .split(/[A-Za-z,]/)
      .filter(Boolean)
      .map(Number),
  );
  expect(Math.max(...coordinates.map(Math.abs))).toBeLessThan(1e6);
});

test('hostile names stay text', async () => {
  const svg = await curveFigure({
    title: HOSTILE,
    subtitle: HOSTILE,
    xLabel: HOSTILE,
    yLabel: HOSTILE,
    series: [decay(HOSTILE, 'learned', 10, 1, 0.1)],
    referenceLines: [
      { axis: 'x', value: 20, label: HOSTILE },
      { axis: 'y', value: 5, label: HOSTILE },
    ],
    notes: [HOSTILE],
  });
  expectWellFormed(svg);
  expect(svg).not.toMatch(/<script|<img/);
  expect(svg).not.toContain('\u001b');
  expect(svg).toContain('&lt;script&gt;');
});

test('equal input gives equal bytes, whatever was drawn before and beside it', async () => {
  const first = await curveFigure(race());
  const [second, other, third] = await Promise.all([
    curveFigure(race()),
    figureGrid([race('A'), race('B')]),
    curveFigure(race()),
  ]);
  expect(second).toBe(first);
  expect(third).toBe(first);
  expect(await figureGrid([race('A'), race('B')])).toBe(other);
});

test('ids carry the prefix and are there once', async () => {
  const svg =
    (await figureGrid([race('A'), race('B')], { idPrefix: 'left' })) +
    (await curveFigure(race(), { idPrefix: 'right' }));
  const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id as string);
  const used = [...svg.matchAll(/url\(#([^)]*)\)/g)].map(([, id]) => id as string);
  expect(ids.length).toBeGreaterThan(2);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => /^(left-[12]|right)-\d+$/.test(id))).toBe(true);
  expect(new Set(used)).toEqual(new Set(ids));
});

test('labels stand at the curves while they fit, else below the figure', async () => {
  const beside = await curveFigure(race(), { width: 760 });
  const below = await curveFigure(race(), { width: 340 });
  const size = (svg: string): number => Number(/height="(\d+)"/.exec(svg)?.[1]);
  expect(size(below)).toBeGreaterThan(340);
  for (const svg of [beside, below]) expect(svg).toContain('>0.131</tspan>');
  const legend = [...below.matchAll(/<text [^>]*>([\w+ -]+)<tspan/g)].map(([, name]) => name);
  expect(legend).toEqual(['lstm', 'adam', 'momentum', 'adagrad', 'sgd', 'nesterov', 'rmsprop']);
});

test('a grid has one legend, and a panel each', async () => {
  const svg = await figureGrid([race('Left'), race('Middle'), race('Right')]);
  expectWellFormed(svg);
  expect(svg.match(/<svg /g)).toHaveLength(1 + 3);
  expect(svg.match(/>lstm</g)).toHaveLength(1);
  for (const title of ['Left', 'Middle', 'Right']) expect(svg).toContain(`>${title}</text>`);
});

test('a long curve is thinned and keeps its spike', async () => {
  const mean = Array.from({ length: 20_000 }, (_, i) => (i === 12_345 ? 0.001 : 1));
  const svg = await curveFigure(
    { title: 'Long', series: [{ optimizer: 'lstm', kind: 'learned', mean }] },
    { annotate: false },
  );
  const points = linePoints(svg, '#d55e00');
  expect(points.length).toBeLessThan(2500);
  const [level, bottom] = [points[0]?.[1] as number, Math.max(...points.map(([, y]) => y as number))];
  expect(bottom).toBeGreaterThan(level + 200);
});

test('meta-training has a panel for the losses and one for the norm', async () => {
  const training = {
    title: 'Training',
    trainLoss: [5, 3, NaN, 2],
    validationLoss: [4, null, null, 2.5],
    metaGradientNorm: [1, 0, 2, 1],
    bestEpoch: 4,
  };
  const svg = await metaTrainingFigure(training);
  expectWellFormed(svg);
  for (const text of ['training', 'validation', 'Meta-gradient', 'kept']) expect(svg).toContain(`>${text}<`);
  expect(svg).not.toMatch(/NaN/);
  const alone = await metaTrainingFigure({ title: 'Training', trainLoss: [NaN] });
  expect(alone).not.toContain('Meta-gradient');
  await expect(metaTrainingFigure({ title: 'Training', trainLoss: [] })).rejects.toThrow(
    'at least one epoch',
  );
  await expect(metaTrainingFigure({ ...training, epochs: [1] })).rejects.toThrow(
    'has 1 entries, but trainLoss has 4',
  );
});

test('options are checked', async () => {
  await expect(curveFigure(race(), { width: 10 })).rejects.toThrow(UserError);
  await expect(curveFigure(race(), { idPrefix: '"><script>' })).rejects.toThrow('must be a letter');
});

test('the plotting libraries are loaded by the first figure only', () => {
  const sources = readdirSync(new URL('.', import.meta.url)).filter((name) => /(?<!\.spec)\.ts$/.test(name));
  const withVega = sources.filter((name) =>
    /from 'vega|import\('vega/.test(readFileSync(new URL(name, import.meta.url), 'utf8')),
  );
  expect(withVega.sort()).toEqual(['panel-spec.ts', 'panel-svg.ts']);
  for (const name of withVega) {
    // Types vanish; calls of import() wait.
    expect(readFileSync(new URL(name, import.meta.url), 'utf8')).not.toMatch(
      /^import (?!type ).*from 'vega/m,
    );
  }
});
