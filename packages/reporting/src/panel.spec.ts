import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { curveSetSchema, type CurveSetInput } from './curve-set.js';
import { race } from './testing/race.js';
import { optimizerStyles } from './optimizer-style.js';
import { curvePanel, panelMarks, thinned, type Panel, type PanelLine } from './panel.js';

function panelOf(input: CurveSetInput): Panel {
  const curves = curveSetSchema.parse(input);
  return curvePanel(curves, optimizerStyles(curves.series), { x: 5, y: 5 });
}

function line(panel: Panel, name: string): PanelLine {
  return panel.lines.find((candidate) => candidate.name === name) as PanelLine;
}

test('learned optimizers lie on top', () => {
  expect(panelOf(race()).lines.at(-1)?.name).toBe('lstm');
});

test('what the axis cannot show is a gap', () => {
  const panel = panelOf({
    title: 'Race',
    series: [
      {
        optimizer: 'adam',
        kind: 'hand-made',
        mean: [4, NaN, Infinity, -1, 0, 2],
        standardError: [1, 1, 1, 1, 1, NaN],
      },
    ],
  });
  const { y, bandLow, bandHigh } = line(panel, 'adam');
  expect(y).toEqual([4, NaN, NaN, NaN, NaN, 2]);
  expect(bandLow).toEqual([3, NaN, NaN, NaN, NaN, NaN]);
  expect(bandHigh).toEqual([5, NaN, NaN, NaN, NaN, NaN]);
});

test('on a log axis a band that passes zero stops below the axis, at a positive value', () => {
  const panel = panelOf({
    title: 'Race',
    series: [{ optimizer: 'adam', kind: 'hand-made', mean: [4, 1], standardError: [1, 3] }],
  });
  const low = line(panel, 'adam').bandLow?.[1] as number;
  expect(low).toBeGreaterThan(0);
  expect(low).toBeLessThan(panel.y.low);
});

test('the way out at the top is where the line crosses it', () => {
  // From 1 to 100 on a log axis cut at h, the crossing is at log₁₀(h) / 2.
  const panel = panelOf({
    title: 'Race',
    series: [
      { optimizer: 'sgd', kind: 'hand-made', mean: [1, 100] },
      { optimizer: 'adam', kind: 'hand-made', mean: [1, 0.1] },
    ],
  });
  const { exits } = panelMarks(panel);
  expect(exits).toHaveLength(1);
  expect(exits[0]?.x).toBeCloseTo(Math.log10(panel.y.high) / 2, 10);
  expect(exits[0]?.y).toBe(panel.y.high);
});

test('an early end and a lone point are marked', () => {
  const panel = panelOf({
    title: 'Race',
    series: [
      { optimizer: 'sgd', kind: 'hand-made', mean: [4, NaN, 2, NaN, 1, 1, NaN, NaN] },
      { optimizer: 'adam', kind: 'hand-made', mean: [4, 3, 2, 2, 1, 1, 1, 1] },
    ],
  });
  const { ends, lone } = panelMarks(panel);
  expect(ends.map(({ x, y }) => [x, y])).toEqual([[5, 1]]);
  expect(lone.map(({ x, y }) => [x, y])).toEqual([
    [0, 4],
    [2, 2],
  ]);
});

test('marks outside the axes are left out', () => {
  const panel = panelOf({
    title: 'Race',
    series: [
      { optimizer: 'cg', kind: 'hand-made', mean: [10, 1e-30, NaN, 1e-40, NaN] },
      { optimizer: 'adam', kind: 'hand-made', mean: [10, 1, 1, 1, 1] },
    ],
  });
  expect(panelMarks(panel)).toEqual({ exits: [], ends: [], lone: [] });
});

test('thinning keeps both ends, every extreme and every gap', () => {
  expect(thinned([5, 4, 3], 10)).toEqual([0, 1, 2]);
  const values = fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.double({ noNaN: true }) },
      { weight: 1, arbitrary: fc.constant(NaN) },
    ),
    { minLength: 50, maxLength: 400 },
  );
  fc.assert(
    fc.property(values, (y) => {
      const kept = thinned(y, 40);
      expect(kept[0]).toBe(0);
      expect(kept.at(-1)).toBe(y.length - 1);
      expect(kept.length).toBeLessThanOrEqual(3 * 20 + 2);
      const finite = y.filter(Number.isFinite);
      const shown = kept.map((i) => y[i] as number).filter(Number.isFinite);
      if (finite.length > 0)
        expect([Math.min(...shown), Math.max(...shown)]).toEqual([Math.min(...finite), Math.max(...finite)]);
      if (finite.length < y.length) expect(kept.some((i) => !Number.isFinite(y[i]))).toBe(true);
    }),
  );
});
