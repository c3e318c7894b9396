import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createKey, type Optimizer } from '@metadescent/core';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { momentum } from './momentum.js';
import { nesterov } from './nesterov.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';
import { vectorLayout } from './testing/problems.js';

interface Oracle {
  readonly x0: number[];
  readonly gradients: number[][];
  readonly optimizers: Record<string, { readonly iterates: number[][] }>;
}
const oracle = JSON.parse(
  readFileSync(new URL('./oracles/first-order-optimizers.json', import.meta.url), 'utf8'),
) as Oracle;

/** Feeds given gradients to a rule, as `rollout` would; the steps taken. */
function stepsThrough(rule: Optimizer, gradients: readonly ArrayLike<number>[]): Float32Array[] {
  const layout = vectorLayout(gradients[0]?.length ?? 0);
  const state = rule.init(layout);
  const parameters = new Float32Array(layout.size);
  const minibatch = { evaluate: () => NaN };
  return gradients.map((values, iteration) => {
    const step = new Float32Array(layout.size).fill(NaN);
    const gradient = Float32Array.from(values);
    rule.update({ layout, iteration, parameters, gradient, objective: NaN, minibatch }, state, step);
    return step;
  });
}

describe('against torch.optim in double precision', () => {
  const rules: [string, Optimizer][] = [
    ['sgd', sgd({ learningRate: 0.1 })],
    ['momentum', momentum({ learningRate: 0.05, momentum: 0.9 })],
    ['nag', nesterov({ learningRate: 0.05, momentum: 0.9 })],
    ['adagrad', adagrad({ learningRate: 0.1, epsilon: 1e-10 })],
    ['rmsprop', rmsprop({ learningRate: 0.01, decay: 0.99, epsilon: 1e-8 })],
    ['adam', adam({ learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 })],
  ];

  test('every rule of the oracle is checked', () => {
    expect(rules.map(([name]) => name).sort()).toEqual(Object.keys(oracle.optimizers).sort());
  });

  test.each(rules)('%s takes the same steps', (name, rule) => {
    const iterates = (oracle.optimizers[name] as { iterates: number[][] }).iterates;
    const points = [oracle.x0, ...iterates];
    stepsThrough(rule, oracle.gradients).forEach((step, t) => {
      const [from, to] = [points[t] as number[], points[t + 1] as number[]];
      // Steps, not iterates, are compared: θ would hide an error of a small step. The state is in single
      // precision, whose rounding shows
      // where a momentum cancels: hence atol, a ten-millionth of the smallest learning rate.
      expect(step).toBeAllClose(
        to.map((x, i) => x - (from[i] as number)),
        { rtol: 2e-6, atol: 1e-9 },
      );
    });
  });
});

describe('identities', () => {
  const gradients = createKey(1)
    .split(6)
    .map((key) => key.normal(5));

  test('without momentum, momentum and nesterov are gradient descent', () => {
    const expected = stepsThrough(sgd({ learningRate: 0.3 }), gradients);
    for (const rule of [momentum, nesterov]) {
      stepsThrough(rule({ learningRate: 0.3, momentum: 0 }), gradients).forEach((step, t) =>
        expect(step).toBeAllClose(expected[t] as Float32Array, { rtol: 1e-6 }),
      );
    }
  });

  test('the stationary step of momentum and nesterov under a constant gradient is η g / (1 − μ)', () => {
    const constant = Array.from({ length: 200 }, () => [2, -3]);
    for (const rule of [momentum, nesterov]) {
      const last = stepsThrough(rule({ learningRate: 0.1, momentum: 0.8 }), constant).at(-1) as Float32Array;
      expect(last).toBeAllClose([-1, 1.5], { rtol: 1e-5 });
    }
  });

  test('adam and adagrad start with steps of length η against the sign of the gradient; rmsprop with η / √(1 − ρ)', () => {
    const first = [[3e-3, -40, 0.5]];
    expect(stepsThrough(adam({ learningRate: 0.25 }), first)[0]).toBeAllClose([-0.25, 0.25, -0.25], {
      rtol: 1e-5,
    });
    expect(stepsThrough(adagrad({ learningRate: 0.25 }), first)[0]).toBeAllClose([-0.25, 0.25, -0.25], {
      rtol: 1e-5,
    });
    const scaled = stepsThrough(rmsprop({ learningRate: 0.25, decay: 0.96 }), first)[0] as Float32Array;
    expect(scaled).toBeAllClose([-1.25, 1.25, -1.25], { rtol: 1e-4 });
  });

  test('adam without memory is sign descent', () => {
    stepsThrough(adam({ learningRate: 0.1, beta1: 0, beta2: 0 }), gradients).forEach((step, t) =>
      expect(step).toBeAllClose(
        (gradients[t] as Float64Array).map((g) => -0.1 * Math.sign(g)),
        { rtol: 1e-5 },
      ),
    );
  });

  test('adagrad under a constant gradient takes steps η / √t', () => {
    stepsThrough(
      adagrad({ learningRate: 1 }),
      Array.from({ length: 9 }, () => [-7]),
    ).forEach((step, t) => expect(step).toBeAllClose([1 / Math.sqrt(t + 1)], { rtol: 1e-5 }));
  });

  test('a zero gradient gives a zero step from a fresh state', () => {
    for (const rule of [sgd(), momentum(), nesterov(), adagrad(), rmsprop(), adam()]) {
      expect(stepsThrough(rule, [[0, 0, 0]])[0]).toBeAllClose([0, 0, 0], { atol: 0, rtol: 0 });
    }
  });

  test("adam's bias correction counts its own steps, not the rollout's", () => {
    const rule = adam({ learningRate: 0.5 });
    const layout = vectorLayout(1);
    const step = new Float32Array(1);
    const gradient = Float32Array.of(4);
    const late = {
      layout,
      iteration: 1000,
      parameters: step,
      gradient,
      objective: 0,
      minibatch: { evaluate: () => 0 },
    };
    rule.update(late, rule.init(layout), step);
    expect(step).toBeAllClose([-0.5], { rtol: 1e-5 });
  });
});
