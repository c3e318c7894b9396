import { areaUnderCurve, createKey, finalObjective, rollout, type MetaLoss } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { slopes } from '@metadescent/meta-learning/conformance';
import { describe, expect, test } from '@jest/globals';
import { episodeGradient, type EpisodeOptions } from './episode.js';
import { initialPsdWeights } from './initial-weights.js';
import { predictedStepDescent } from './predicted-step-descent.js';
import { lstmWeightCount, psdRuleSchema, type PsdWeights } from './psd-rule.js';

const engine = typescriptEngine();
const key = createKey(3);
const optimizee = slopes().sample(key);
const horizon = 7;
const options: EpisodeOptions = {
  horizon,
  key,
  loss: areaUnderCurve,
  scale: 'relative',
  discount: 1,
  coordinatesPerGroup: 100,
  divergenceFactor: 100,
};

/** A rule that reads gradients alone: the weights of the other two observations are 0. */
function gradientReader(annealing?: number): PsdWeights {
  const rule = psdRuleSchema.parse({ hidden: 3, annealing });
  const weights = initialPsdWeights(rule, key, 0.5);
  const size = lstmWeightCount(rule);
  for (let network = 0; network < 4; network++)
    for (let row = 0; row < 12; row++)
      for (const input of [0, 2]) weights.lstm[network * size + 3 * row + input] = 0;
  return weights;
}

function lossOf(weights: PsdWeights, loss: MetaLoss, scale: 'relative' | 'log'): number {
  const { trueObjectives } = rollout(optimizee, predictedStepDescent(weights, engine), {
    horizon,
    key,
    trueObjectiveEvery: 1,
  });
  let sum = 0;
  for (let t = 1; t <= horizon; t++) {
    const f = trueObjectives[t]!;
    sum += (loss.weight(t, horizon) * (scale === 'log' ? Math.log(f) : f / trueObjectives[0]!)) / horizon;
  }
  return sum;
}

describe.each([
  ['area under the curve', areaUnderCurve, 'relative', undefined],
  ['final objective', finalObjective, 'relative', undefined],
  ['area under the curve of ln f', areaUnderCurve, 'log', undefined],
  ['area under the curve, annealed steps', areaUnderCurve, 'relative', 2],
] as const)('%s', (_, loss, scale, annealing) => {
  test('the meta-gradient is that of finite differences where observations are constants', () => {
    const weights = gradientReader(annealing);
    const { gradient, outcome } = episodeGradient(weights, optimizee, engine, { ...options, loss, scale });
    expect(outcome.kind).toBe('finished');
    const size = lstmWeightCount(weights.rule);
    const epsilon = 1e-2;
    const largest = Math.max(...gradient.map(Math.abs));
    for (let i = 0; i < gradient.length; i += 7) {
      // Not the weights that are held at 0: through them, observations would not be constants.
      if (i % size < 36 && (i % size) % 3 !== 1) continue;
      const moved = (by: number) =>
        lossOf({ ...weights, lstm: weights.lstm.map((w, k) => (k === i ? w + by : w)) }, loss, scale);
      expect((moved(epsilon) - moved(-epsilon)) / (2 * epsilon)).toBeCloseTo(
        gradient[i]!,
        3 - Math.floor(Math.log10(largest)),
      );
    }
  });
});

test('a discount cuts off what a step does later', () => {
  const weights = gradientReader();
  // With γ = 0 only the very next objective counts; with one step there is no other.
  const next = episodeGradient(weights, optimizee, engine, { ...options, horizon: 1 }).gradient;
  const cut = episodeGradient(weights, optimizee, engine, { ...options, horizon: 1, discount: 0 }).gradient;
  expect(cut).toEqual(next);
  const far = episodeGradient(weights, optimizee, engine, { ...options, discount: 0 }).gradient;
  const all = episodeGradient(weights, optimizee, engine, options).gradient;
  const norm = (g: Float32Array) => Math.hypot(...g);
  expect(norm(far)).toBeLessThan(0.5 * norm(all));
});

test('sampled coordinates give an unbiased estimate', () => {
  // Trajectories must stay the same while the sample changes, and the sample is drawn from the rollout's key:
  // on slopes without noise all keys start and end alike but for the sample.
  const weights = gradientReader();
  const still = {
    ...optimizee,
    initialParameters: () => new Float32Array(14),
    minibatch: () => ({ evaluate: optimizee.trueObjective }),
  };
  const gradientOf = (seed: number, coordinatesPerGroup: number) =>
    episodeGradient(weights, still, engine, { ...options, key: createKey(seed), coordinatesPerGroup })
      .gradient;
  const whole = gradientOf(0, 100);
  const draws = Array.from({ length: 200 }, (_, seed) => gradientOf(seed, 1));
  expect(draws[0]).not.toEqual(draws[1]);
  const size = whole.length;
  for (let i = 5; i < size; i += 11) {
    const values = draws.map((gradient) => gradient[i]!);
    const mean = values.reduce((sum, x) => sum + x / 200, 0);
    const error = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 199 / 200);
    expect(Math.abs(mean - whole[i]!)).toBeLessThanOrEqual(4.5 * error + 1e-7);
  }
});

test('an episode that does not finish has no gradient and says why', () => {
  const weights = { ...gradientReader(), outputScale: new Float64Array(4).fill(1e30) };
  const { gradient, outcome } = episodeGradient(weights, optimizee, engine, {
    ...options,
    divergenceFactor: 2,
  });
  expect(outcome.kind).not.toBe('finished');
  expect(gradient.every((g) => g === 0)).toBe(true);
});
