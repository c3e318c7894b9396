import { createKey, parameterLayout, rollout, UserError, type Optimizee } from '@metadescent/core';
import { typescriptEngine, wasmEngine } from '@metadescent/kernels';
import { describe, expect, test } from '@jest/globals';
import { initialPsdWeights } from './initial-weights.js';
import { observationFeatures } from './state-features.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import { networkCoordinates, networkOf, psdRuleSchema, type PsdRule } from './psd-rule.js';
import { bowls } from './testing/bowls.js';

const engine = typescriptEngine();
const key = createKey(1);
const ruleOf = (input: Partial<PsdRule>): PsdRule => psdRuleSchema.parse({ hidden: 5, ...input });

test.each([undefined, 2])(
  'steps are the LSTM of the whitened, clamped observations, times the output scale, annealing %s',
  (annealing) => {
    const rule = ruleOf({ gradientScale: 3, annealing });
    const weights = {
      ...initialPsdWeights(rule, key),
      mean: Float64Array.from({ length: 12 }, (_, i) => 0.01 * i),
      deviation: new Float64Array(12).fill(0.004),
    };
    weights.outputScale.set([0.1, 0.2, 0.3, 0.4]);
    const optimizee = bowls().sample(key);
    const seen: { x: number[]; g: number[]; f: number; step: number[] }[] = [];
    rollout(optimizee, predictedStepDescent(weights, engine), {
      horizon: 6,
      key,
      observers: [
        ({ parameters, gradient, objective, step }) =>
          seen.push({ x: [...parameters], g: [...gradient], f: objective, step: [...step] }),
      ],
    });
    const kernel = engine.lstm({ inputs: 3, hidden: 5, layers: 1 });
    optimizee.layout.groups.forEach(({ offset, size }, network) => {
      const lstm = weights.lstm.subarray(network * kernel.weightCount, (network + 1) * kernel.weightCount);
      for (let j = offset; j < offset + size; j++) {
        const state = new Float32Array(kernel.stateSize(1));
        const output = new Float32Array(1);
        const history = {
          iterates: seen.map(({ x }) => x[j]!),
          gradients: seen.map(({ g }) => 3 * g[j]!),
          objectives: seen.map(({ f }) => f),
        };
        for (let t = 0; t < 6; t++) {
          const whitened = observationFeatures(t, history).map((o, i) =>
            Math.max(-10, Math.min(10, (o - weights.mean[3 * network + i]!) / 0.004)),
          );
          kernel.step(lstm, Float32Array.from(whitened), state, output);
          const annealed = annealing === undefined ? 1 : 1 / Math.sqrt(1 + t / annealing);
          expect(seen[t]!.step[j]!).toBeCloseTo(annealed * weights.outputScale[network]! * output[0]!, 6);
        }
      }
    });
  },
);

/** The objective with coordinates renamed: f_P(θ)= f(θ∘P). */
function permuted(optimizee: Optimizee, order: Uint32Array): Optimizee {
  const inside = new Float32Array(order.length);
  const gradientInside = new Float32Array(order.length);
  const within =
    (evaluate: (p: Float32Array, g?: Float32Array) => number) => (p: Float32Array, g?: Float32Array) => {
      order.forEach((from, to) => (inside[from] = p[to]!));
      const value = evaluate(inside, g && gradientInside);
      if (g) order.forEach((from, to) => (g[to] = gradientInside[from]!));
      return value;
    };
  return {
    ...optimizee,
    initialParameters: (from) => {
      const plain = optimizee.initialParameters(from);
      return Float32Array.from(order, (at) => plain[at]!);
    },
    minibatch: (from, step) => ({
      evaluate: within((p, g) => optimizee.minibatch(from, step).evaluate(p, g)),
    }),
    trueObjective: within((p, g) => optimizee.trueObjective(p, g)),
  };
}

test.each([
  ['typescript', typescriptEngine()],
  ['wasm', wasmEngine()],
] as const)('permuting hidden units permutes the steps and changes nothing else (%s)', (_, own) => {
  const optimizee = bowls().sample(key);
  // Hidden units 0 and 1 change places: columns of W_0 [3, 2], entries of b_0, rows of W_1 [2, 2].
  const order = Uint32Array.from([1, 0, 3, 2, 5, 4, 7, 6, 10, 11, 8, 9, 12, 13]);
  const weights = initialPsdWeights(ruleOf({ inputs: 'psi+scale' }), key, 0.1);
  const run = (problem: Optimizee) =>
    rollout(problem, predictedStepDescent(weights, own), { horizon: 30, key, trueObjectiveEvery: 1 });
  const [plain, swapped] = [run(optimizee), run(permuted(optimizee, order))];
  expect(swapped.parameters).toEqual(Float32Array.from(order, (at) => plain.parameters[at]!));
  expect(swapped.trueObjectives).toEqual(plain.trueObjectives);
  expect(plain.parameters).not.toEqual(Float32Array.from(order, (at) => plain.parameters[at]!));
});

describe('roles', () => {
  const layers = (count: number) =>
    parameterLayout(
      Array.from({ length: count }, (_, layer) => [
        { name: `${layer}/weight`, role: 'weight' as const, layer, shape: [2, 2] },
        { name: `${layer}/bias`, role: 'bias' as const, layer, shape: [2] },
      ]).flat(),
    );
  const networksOf = (count: number, rule = ruleOf({})) =>
    layers(count).groups.map((group) => networkOf(rule, layers(count), group));

  test('weights and biases of the first and the last layer have networks of their own', () => {
    expect(networksOf(2)).toEqual([0, 1, 2, 3]);
  });

  test('hidden layers take the first layer’s networks, unless the rule has some for them', () => {
    expect(networksOf(4)).toEqual([0, 1, 0, 1, 0, 1, 2, 3]);
    const networks = [
      ...ruleOf({}).networks,
      { depth: 'hidden' as const, role: 'weight' as const },
    ] as unknown as PsdRule['networks'];
    expect(networksOf(3, ruleOf({ networks }))).toEqual([0, 1, 4, 1, 2, 3]);
  });

  test('a single layer is an output layer; a missing role falls back on the other', () => {
    expect(networksOf(1)).toEqual([2, 3]);
    expect(networksOf(2, ruleOf({ networks: [{ depth: 'last', role: 'weight' }] }))).toEqual([0, 0, 0, 0]);
  });

  test('convolution kernels and plain vectors count as weights, scales as biases', () => {
    const layout = parameterLayout([
      { name: 'k', role: 'kernel', layer: 0, shape: [3] },
      { name: 's', role: 'scale', layer: 0, shape: [3] },
      { name: 'v', role: 'vector', layer: 1, shape: [3] },
    ]);
    expect(networkCoordinates(ruleOf({}), layout).map(({ size }) => size)).toEqual([3, 3, 3, 0]);
  });
});

test('weights that do not fit the rule are refused', () => {
  const weights = initialPsdWeights(ruleOf({}), key);
  expect(() => predictedStepDescent({ ...weights, lstm: weights.lstm.subarray(1) }, engine)).toThrow(
    UserError,
  );
  expect(() => predictedStepDescent({ ...weights, mean: new Float64Array(3) }, engine)).toThrow(
    /"mean" must have 12 entries/,
  );
});
