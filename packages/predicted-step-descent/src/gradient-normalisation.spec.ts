import { describe, expect, test } from '@jest/globals';
import { featureScaleOf, initialSquares, normaliseGradient } from './gradient-normalisation.js';

describe('adagrad', () => {
  test('a gradient that stays the same is seen as its sign over √(t + 1), whatever its size', () => {
    const squares = initialSquares('adagrad', 3);
    const gradient = Float32Array.of(1e-3, -40, 0);
    for (let t = 0; t < 5; t++) {
      const seen = normaliseGradient('adagrad', gradient, squares, new Float32Array(3));
      expect(seen).toBeAllClose([1 / Math.sqrt(t + 1), -1 / Math.sqrt(t + 1), 0], { rtol: 1e-6, atol: 0 });
    }
  });

  test('is the direction of AdaGrad: g / √(Σ g²) on varying gradients', () => {
    const squares = initialSquares('adagrad', 1);
    const gradients = [0.3, -0.1, 0.7, 0.02];
    let sum = 0;
    for (const g of gradients) {
      sum += g * g;
      expect(normaliseGradient('adagrad', Float32Array.of(g), squares, new Float32Array(1))[0]).toBeCloseTo(
        g / Math.sqrt(sum),
        6,
      );
    }
  });

  test('a step of the gradient moves what is seen by the feature scale, s held', () => {
    const squares = Float32Array.of(4, 0);
    expect([0, 1].map((i) => featureScaleOf('adagrad', 3, squares, i))).toEqual([1.5, 0]);
  });

  test('a gradient that is not finite stays so, for the guard to see', () => {
    expect(
      normaliseGradient(
        'adagrad',
        Float32Array.of(NaN),
        initialSquares('adagrad', 1),
        new Float32Array(1),
      )[0],
    ).toBeNaN();
  });
});

test('none: the gradient itself, and nothing is kept', () => {
  const gradient = Float32Array.of(2, -3);
  const squares = initialSquares('none', 2);
  expect(squares.length).toBe(0);
  expect(normaliseGradient('none', gradient, squares, new Float32Array(2))).toBe(gradient);
  expect(featureScaleOf('none', 16, squares, 1)).toBe(16);
});
