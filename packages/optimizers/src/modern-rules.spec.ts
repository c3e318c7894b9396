import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createKey, parameterLayout, type Optimizer, type ParameterBlock } from '@metadescent/core';
import { adamw } from './adamw.js';
import { lion } from './lion.js';
import { transpose } from './matrix-groups.js';
import { muon } from './muon.js';
import { nadam } from './nadam.js';
import { orthogonalised } from './newton-schulz.js';
import { soap } from './soap.js';

type Blocks = Readonly<Record<string, number[]>>;
interface Oracle {
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly x0: Blocks;
  readonly gradients: readonly Blocks[];
  readonly optimizers: Readonly<Record<string, readonly Blocks[]>>;
}
const oracle = JSON.parse(
  readFileSync(new URL('./oracles/modern-optimizers.json', import.meta.url), 'utf8'),
) as Oracle;
const layout = parameterLayout(
  Object.entries(oracle.shapes).map(([name, shape], layer): ParameterBlock => ({
    name,
    role: shape.length > 1 ? 'weight' : 'bias',
    layer,
    shape,
  })),
);

/** Runs a rule on the oracle's gradients; the steps it takes from the oracle's own iterates, by block [T][name]. */
function stepsOf(rule: Optimizer, iterates: readonly Blocks[]): Record<string, Float32Array>[] {
  const state = rule.init(layout);
  const minibatch = { evaluate: () => NaN };
  return oracle.gradients.map((gradients, iteration) => {
    const flatOf = (blocks: Blocks) =>
      Float32Array.from(
        layout.groups.flatMap(({ name, size }) => blocks[name] ?? new Array<number>(size).fill(0)),
      );
    const parameters = flatOf(iteration === 0 ? oracle.x0 : (iterates[iteration - 1] as Blocks));
    const step = new Float32Array(layout.size).fill(NaN);
    rule.update(
      { layout, iteration, parameters, gradient: flatOf(gradients), objective: NaN, minibatch },
      state,
      step,
    );
    return Object.fromEntries(
      layout.groups.map(({ name, offset, size }) => [name, step.slice(offset, offset + size)]),
    );
  });
}

describe('step by step against independent implementations in double precision', () => {
  const rules: [string, Optimizer][] = [
    ['adamw', adamw({ learningRate: 0.01, weightDecay: 0.1 })],
    ['nadam', nadam({ learningRate: 0.01 })],
    ['lion', lion({ learningRate: 0.01, weightDecay: 0.1 })],
    ['muon', muon({ learningRate: 0.02, momentum: 0.95 })],
    ['muon-plain', muon({ learningRate: 0.02, momentum: 0.9, nesterov: false })],
    ['soap', soap({ learningRate: 0.01, preconditionEvery: 4 })],
    ['soap-one-sided', soap({ learningRate: 0.01, preconditionEvery: 4, maximumDimension: 3 })],
  ];

  test('every rule of the oracle is checked', () => {
    expect(rules.map(([name]) => name).sort()).toEqual(Object.keys(oracle.optimizers).sort());
  });

  test.each(rules)('%s', (name, rule) => {
    const iterates = oracle.optimizers[name] as readonly Blocks[];
    stepsOf(rule, iterates).forEach((steps, t) => {
      const [from, to] = [t === 0 ? oracle.x0 : (iterates[t - 1] as Blocks), iterates[t] as Blocks];
      for (const block of Object.keys(to)) {
        const expected = (to[block] as number[]).map((x, i) => x - (from[block]?.[i] as number));
        // Moments are kept in single precision.
        expect(steps[block] as Float32Array).toBeAllClose(expected, { rtol: 2e-5, atol: 2e-8 });
      }
    });
  });
});

describe('Newton–Schulz', () => {
  test.each([
    [3, 7],
    [7, 3],
    [4, 4],
    [1, 5],
  ])('of a %d × %d matrix: singular values between 0.7 and 1.2, whatever the scale', (rows, columns) => {
    const matrix = createKey(rows).normal(rows * columns);
    const x = orthogonalised(matrix, rows, columns);
    expect(
      orthogonalised(
        matrix.map((v) => 1e4 * v),
        rows,
        columns,
      ),
    ).toBeAllClose(x, { rtol: 1e-9 });
    expect(
      transpose(orthogonalised(transpose(matrix, rows, columns), columns, rows), columns, rows),
    ).toBeAllClose(x, { rtol: 1e-12 });
    const squares = x.reduce((sum, v) => sum + v * v, 0) / Math.min(rows, columns);
    expect(squares).toBeGreaterThan(0.45);
    expect(squares).toBeLessThan(1.45);
  });

  test('of zero is zero', () => {
    expect(orthogonalised(new Float64Array(6), 2, 3)).toEqual(new Float64Array(6));
  });
});
