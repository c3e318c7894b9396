import { expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { DISTINCT_UNKNOWN, optimizerStyle, optimizerStyles } from './optimizer-style.js';

const KNOWN = [
  'lstm',
  'psd',
  'psd+',
  'sgd',
  'momentum',
  'nesterov',
  'adagrad',
  'rmsprop',
  'adam',
  'conjugate gradient',
  'l-bfgs',
];
const colours = KNOWN.map((name) => optimizerStyle(name, 'hand-made').colour);

test('the colours of the known optimizers are a contract: old and new reports must match', () => {
  expect(colours).toEqual([
    '#d55e00',
    '#0072b2',
    '#222222',
    '#864e00',
    '#b62f86',
    '#8300ff',
    '#004650',
    '#ac80fb',
    '#2aaa8e',
    '#612e05',
    '#52008e',
  ]);
});

test('case, punctuation and common synonyms do not change the colour; a plus does', () => {
  for (const [a, b] of [
    ['Adam', 'adam'],
    ['Conjugate-Gradient', 'conjugate gradient'],
    ['LBFGS', 'l-bfgs'],
    ['CG', 'conjugate gradient'],
    ['NAG', 'Nesterov'],
    ['L2LBGDBGD', 'LSTM'],
  ] as const) {
    expect(optimizerStyle(a, 'hand-made')).toEqual(optimizerStyle(b, 'hand-made'));
  }
  expect(optimizerStyle('PSD+', 'learned').colour).not.toBe(optimizerStyle('PSD', 'learned').colour);
});

test('learned optimizers are thick and solid, hand-made ones thin, and all but adam dashed, no two alike', () => {
  for (const name of KNOWN) expect(optimizerStyle(name, 'learned')).toMatchObject({ width: 3, dash: [] });
  const handMade = KNOWN.slice(3).map((name) => optimizerStyle(name, 'hand-made'));
  expect(handMade.every(({ width }) => width < 2)).toBe(true);
  expect(new Set(handMade.map(({ dash }) => dash.join())).size).toBe(handMade.length);
});

test('unknown names have stable inks, different ones within a list, whatever its order', () => {
  const names = ['hyperadam', 'velo', 'lion', 'sophia', 'muon', 'shampoo'];
  const list = names.map((optimizer) => ({ optimizer, kind: 'hand-made' as const }));
  const styles = optimizerStyles(list);
  expect(new Set([...styles.values()].map(({ colour }) => colour)).size).toBe(names.length);
  expect(optimizerStyles(list.toReversed())).toEqual(new Map(styles));
  const inks = [...styles.values()].map(({ colour }) => colour);
  expect(inks.filter((colour) => colours.includes(colour))).toEqual([]);
});

test.each(['learned', 'hand-made'] as const)(
  '%s: as many unknown names as promised look different, and none is solid by chance',
  (kind) => {
    const many = (count: number) =>
      optimizerStyles(Array.from({ length: count }, (_, i) => ({ optimizer: `variant ${i}`, kind })));
    const looks = [...many(DISTINCT_UNKNOWN).values()].map(({ colour, dash }) => `${colour} ${dash.join()}`);
    expect(DISTINCT_UNKNOWN).toBeGreaterThan(30);
    expect(new Set(looks).size).toBe(DISTINCT_UNKNOWN);
    expect([...many(DISTINCT_UNKNOWN).values()].filter(({ dash }) => dash.length === 0)).toHaveLength(
      kind === 'learned' ? 6 : 0,
    );
    // More names than looks still get one each.
    expect(many(DISTINCT_UNKNOWN + 4).size).toBe(DISTINCT_UNKNOWN + 4);
  },
);

test('two optimizers whose names are spellings of one known name do not look alike', () => {
  const styles = optimizerStyles(
    ['Adam', 'adam', 'CG', 'conjugate gradient'].map((optimizer) => ({ optimizer, kind: 'hand-made' })),
  );
  expect(new Set([...styles.values()].map(({ colour }) => colour)).size).toBe(4);
});

test('a style of the caller is taken, completed, and takes no look from others', () => {
  const own = { colour: '#ff8000', dash: [1, 2] };
  const named = (style?: object) => ({
    optimizer: 'velo',
    kind: 'hand-made' as const,
    ...(style && { style }),
  });
  expect(optimizerStyles([named(own)]).get('velo')).toEqual({ ...own, ansi: 208, width: 1.6 });
  expect(optimizerStyles([named({ dash: [] })]).get('velo')).toEqual({
    ...optimizerStyle('velo', 'hand-made'),
    dash: [],
  });
  // In a report the style holds wherever the optimizer is drawn, whichever series gave it.
  expect(optimizerStyles([named(), named(own)]).get('velo')?.colour).toBe('#ff8000');
  const others = ['lion', 'sophia'].map((optimizer) => ({ optimizer, kind: 'hand-made' as const }));
  const without = optimizerStyles(others);
  const beside = optimizerStyles([...others, named(own)]);
  for (const { optimizer } of others) expect(beside.get(optimizer)).toEqual(without.get(optimizer));
});

test('a style that could not be drawn, or would break out of its attribute, is refused', () => {
  for (const style of [
    { colour: 'red"><script>' },
    { colour: '#12345' },
    { dash: [NaN] },
    { dash: [-1] },
    { ansi: 256 },
  ]) {
    expect(() => optimizerStyles([{ optimizer: 'velo', kind: 'learned', style }])).toThrow(UserError);
  }
  expect(() => optimizerStyles('adam' as never)).toThrow(
    'optimizerStyles: the list of optimizers breaks a rule',
  );
});

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB. */
const VISION: Record<string, readonly (readonly number[])[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function linearRgb(colour: string): number[] {
  return [1, 3, 5].map((i) => {
    const c = parseInt(colour.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}

/** Ottosson 2020: perceptual lightness and two opponent axes. */
function oklab(rgb: readonly number[]): number[] {
  const lms = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ].map((row) => Math.cbrt(dot(row, rgb)));
  return [
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
  ].map((row) => dot(row, lms));
}

test.each(Object.keys(VISION))('known colours stay apart with %s', (vision) => {
  const seen = colours.map((colour) => {
    const rgb = linearRgb(colour);
    return oklab(
      (VISION[vision] as readonly number[][]).map((row) => Math.min(1, Math.max(0, dot(row, rgb)))),
    );
  });
  for (let i = 0; i < seen.length; i++) {
    for (let j = 0; j < i; j++) {
      const distance = Math.hypot(...(seen[i] as number[]).map((x, k) => x - (seen[j]?.[k] as number)));
      // 0.02 is just noticeable side by side.
      expect({ pair: [KNOWN[i], KNOWN[j]], apart: distance > 0.085 }).toEqual({
        pair: [KNOWN[i], KNOWN[j]],
        apart: true,
      });
    }
  }
});

test('every colour is at least 2.8 : 1 against white', () => {
  for (const colour of colours) {
    expect(1.05 / (dot([0.2126, 0.7152, 0.0722], linearRgb(colour)) + 0.05)).toBeGreaterThan(2.8);
  }
});
