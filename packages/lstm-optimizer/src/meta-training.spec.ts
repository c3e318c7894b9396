import { expect, test } from '@jest/globals';
import { createKey, rollout, UserError, writeSafetensors, type TensorFile } from '@metadescent/core';
import { typescriptEngine } from '@metadescent/kernels';
import { inlineTasks, metaAdam } from '@metadescent/meta-learning';
import { readTrainedRule, stateFromTensors, stateToTensors, writeTrainedRule } from './checkpoint.js';
import { lstmOptimizer } from './lstm-optimizer.js';
import { initialWeights, lstmRuleSchema } from './lstm-rule.js';
import { learningRateAt, metaTrainingSchema, unrollAt } from './meta-training-recipe.js';
import { metaTrainingTasks, type MetaTrainingProblem } from './meta-training-tasks.js';
import { epochsOf, metaTrainLstm, type EpochRecord, type LstmTrainingState } from './meta-training.js';
import { randomlyScaled } from './random-scaling.js';
import { bowls } from './bowls.fixture.js';

const rule = lstmRuleSchema.parse({ hidden: 4, layers: 1, outputScale: 1 });
const problem: MetaTrainingProblem = {
  rule,
  engine: typescriptEngine(),
  training: bowls(),
  validation: bowls(),
};
const recipe = metaTrainingSchema.parse({
  horizon: 10,
  segment: 5,
  batch: 4,
  batchesPerEpoch: 5,
  epochs: 12,
  learningRate: 0.03,
  validationUnrolls: 8,
});
const key = createKey(5);

function train(
  overrides: Partial<typeof recipe> = {},
  more: Partial<Parameters<typeof metaTrainLstm>[0]> = {},
) {
  return metaTrainLstm({
    rule,
    recipe: { ...recipe, ...overrides },
    key,
    map: inlineTasks(metaTrainingTasks(problem)),
    ...more,
  });
}

test('it learns: held-out bowls end far below where the untrained rule leaves them', async () => {
  const records: EpochRecord[] = [];
  await train({}, { onEpoch: (record) => void records.push(record) });
  expect(records.at(-1)!.bestScore).toBeLessThan(0.2 * records[0]!.validationScore);
  expect(records.every((r) => r.nonFiniteUnrolls === 0 && r.failedValidations === 0)).toBe(true);
  expect(records.every((r) => r.gradientNorm > 0)).toBe(true);
});

test('the training objective is the mean over the steps of one function, whatever the weights w_t, the truncation and the stacking', async () => {
  const records: EpochRecord[] = [];
  // A bowl is the sum of the six parabolas of its coordinates.
  const stacked = { ...problem, training: { ...problem.training, parts: 6 } };
  // Too small a rate to move a weight, and segments of 4, 4 and 2 steps.
  const still = {
    loss: 'linearly-increasing',
    segment: 4,
    learningRate: 1e-30,
    epochs: 1,
    batch: 2,
    batchesPerEpoch: 1,
  } as const;
  await train(still, {
    map: inlineTasks(metaTrainingTasks(stacked)),
    onEpoch: (record) => void records.push(record),
  });
  const weights = initialWeights(rule, key.fold('weights'));
  const unrolls = key.fold('training').fold(0).fold(0).split(2);
  const means = unrolls.map((unroll) => {
    const optimizer = lstmOptimizer(rule, weights, problem.engine);
    const { objectives } = rollout(problem.training.sample(unroll.fold('optimizee')), optimizer, {
      horizon: 10,
      key: unroll.fold('rollout'),
    });
    return objectives.subarray(1).reduce((sum, f) => sum + f, 0) / (10 * 6);
  });
  expect(records[0]!.trainingObjective).toBeCloseTo((means[0]! + means[1]!) / 2, 10);
});

test('stopping after an epoch and resuming through a stored checkpoint gives the same bits', async () => {
  const whole = await train({ epochs: 4 });
  let stored: ReturnType<typeof stateToTensors> | undefined;
  await train(
    { epochs: 4 },
    {
      onEpoch: (record, state) => {
        stored = stateToTensors(state);
        return record.epoch === 1 ? 'stop' : undefined;
      },
    },
  );
  const resumed = await train({ epochs: 4 }, { resume: stateFromTensors(rule, stored!) });
  expect(resumed).toEqual(whole);
});

test('the best weights are kept and training stops when patience runs out', async () => {
  const records: EpochRecord[] = [];
  let last: LstmTrainingState | undefined;
  // With so large a rate, validation gets worse sooner or later.
  const state = await train(
    { learningRate: 1, finalLearningRateFraction: 1, epochs: 60, patience: 3 },
    {
      onEpoch: (r, s) => {
        records.push(r);
        last = s;
      },
    },
  );
  const scores = records.map((r) => r.validationScore);
  expect(state.best.score).toBe(Math.min(...scores));
  const bestAfter = epochsOf(recipe, state.best.round);
  expect(bestAfter - 1).toBe(scores.indexOf(Math.min(...scores)));
  expect(records.length).toBe(Math.min(60, bestAfter + 3));
  expect(epochsOf(recipe, last!.round)).toBe(records.length);
});

test('non-finite unrolls are counted, left out of the gradient, and never become the best', async () => {
  const records: EpochRecord[] = [];
  const broken: MetaTrainingProblem = {
    ...problem,
    training: {
      ...problem.training,
      sample: (k) => ({ ...problem.training.sample(k), minibatch: () => ({ evaluate: () => NaN }) }),
    },
  };
  const state = await train(
    { epochs: 1 },
    { map: inlineTasks(metaTrainingTasks(broken)), onEpoch: (r) => void records.push(r) },
  );
  expect(records[0]!.nonFiniteUnrolls).toBe(recipe.batch * recipe.batchesPerEpoch);
  expect(records[0]!.deadWeights).toBe(state.point.length);
  expect([...state.point]).toEqual([...initialWeights(rule, key.fold('weights'))]);
});

test('schedules: the rate falls geometrically, the curriculum switches at its epochs', () => {
  const scheduled = metaTrainingSchema.parse({
    epochs: 3,
    learningRate: 1,
    finalLearningRateFraction: 0.01,
    curriculum: [{ fromEpoch: 2, horizon: 50, segment: 25 }],
  });
  expect([0, 1, 2].map((e) => learningRateAt(scheduled, e))).toBeAllClose([1, 0.1, 0.01]);
  expect([0, 1, 2].map((e) => unrollAt(scheduled, e).horizon)).toEqual([100, 100, 50]);
  expect([0, 1, 2].map((e) => unrollAt(scheduled, e).segment)).toEqual([20, 20, 25]);
});

test.each([
  { range: 2, signs: false },
  { range: 0, signs: true },
  { range: 1, signs: true },
])(
  'random scaling $range, signs $signs is a change of coordinates: same value, chain rule, start mapped to the same point',
  (scaling) => {
    const inner = bowls().sample(key);
    const scaled = randomlyScaled(inner, scaling, key.fold('scaling'));
    const [start, innerStart] = [scaled.initialParameters(key), inner.initialParameters(key)];
    const [slope, innerSlope] = [new Float32Array(6), new Float32Array(6)];
    expect(scaled.trueObjective(start, slope)).toBeCloseTo(inner.trueObjective(innerStart, innerSlope), 5);
    const flipped = slope.filter((g, j) => g * innerSlope[j]! < 0).length;
    expect(flipped > 0 && flipped < 6).toBe(scaling.signs);
    const at = Float32Array.from(key.fold('at').normal(6));
    const gradient = new Float32Array(6);
    scaled.trueObjective(at, gradient);
    for (let j = 0; j < 6; j++) {
      const shifted = (e: number) => scaled.trueObjective(at.map((x, i) => (i === j ? x + e : x)));
      const difference = (shifted(1e-2) - shifted(-1e-2)) / 2e-2;
      expect(Math.abs(difference - gradient[j]!)).toBeLessThan(2e-3 * (1 + Math.abs(difference)));
    }
  },
);

test('without scale and sign the optimizee stays as it is', () => {
  const inner = bowls().sample(key);
  expect(randomlyScaled(inner, { range: 0, signs: false }, key)).toBe(inner);
});

test('weights files: what is written is read; other files are refused with the reason', () => {
  const weights = initialWeights(rule, key);
  const bytes = writeTrainedRule(rule, weights, { seed: '5' });
  const back = readTrainedRule(bytes);
  expect(back.rule).toEqual(rule);
  expect([...back.weights]).toEqual([...weights]);
  expect(back.provenance).toEqual({ seed: '5' });
  expect(() => readTrainedRule(bytes.slice(0, -8))).toThrow(/not a weights file/);
  expect(() => writeTrainedRule({ ...rule, hidden: 5 }, weights, {})).toThrow(
    /writeTrainedRule: the rule has \d+ weights/,
  );
  const stored = (tensors: TensorFile['tensors'], metadata: Record<string, string> = {}) =>
    writeSafetensors({
      tensors,
      metadata: { format: 'metadescent/lstm-optimizer', rule: JSON.stringify(rule), ...metadata },
    });
  const whole = { weights: { shape: [weights.length], data: weights } };
  for (const [file, message] of [
    [
      stored({ weights: { shape: [2], data: new Float32Array(2) } }),
      /there is a Float32Array of 2 \("weights"\); the file is damaged/,
    ],
    [
      stored({ weights: { shape: [weights.length], data: Float64Array.from(weights) } }),
      /there is a Float64Array of/,
    ],
    [stored({}), /there is none \("weights"\)/],
    [stored(whole, { format: '\u001b[2J' }), /of format "\\u\{1b\}\[2J", but an LSTM optimizer/],
    [stored(whole, { rule: '{"hidden":0}' }), /which rule it holds[\s\S]*hidden/],
    [stored(whole, { rule: '{' }), /which rule it holds/],
  ] as const) {
    expect(() => readTrainedRule(file)).toThrow(UserError);
    expect(() => readTrainedRule(file)).toThrow(message);
  }
  expect(() => stateFromTensors({ ...rule, hidden: 5 }, stateToTensors(stateOf(weights)))).toThrow(
    /another rule/,
  );
});

test.each([NaN, Infinity, -Infinity])(
  'weights of %d are refused, on reading with the name of the file',
  (value) => {
    const weights = initialWeights(rule, key);
    const at = weights.length - 1;
    weights[at] = value;
    const file = writeSafetensors({
      tensors: { weights: { shape: [weights.length], data: weights } },
      metadata: { format: 'metadescent/lstm-optimizer', rule: JSON.stringify(rule) },
    });
    const message = new RegExp(`tensor "weights" must be finite, but entry ${at} is ${value}`);
    expect(() => readTrainedRule(file)).toThrow(UserError);
    expect(() => readTrainedRule(file)).toThrow(message);
    expect(() => readTrainedRule(file, 'runs/a.safetensors')).toThrow(
      /^readTrainedRule: runs\/a\.safetensors: tensor/,
    );
    expect(() => writeTrainedRule(rule, weights, {})).toThrow(message);
  },
);

/** The state of a training after its first epoch, on the way. */
function stateOf(point: Float32Array): LstmTrainingState {
  return {
    round: 5,
    point,
    updater: metaAdam().init(point.length),
    cursors: { steps: 0, running: [{ unroll: 0 }] },
    recorded: 5,
    window: { objectiveSum: 0, steps: 0, norms: [], clipped: 0, failed: 0 },
    best: { point, score: 1, round: 5 },
  };
}

test('the tensors of a checkpoint must be of the types that were written', () => {
  const { tensors, metadata } = stateToTensors(stateOf(initialWeights(rule, key)));
  for (const name of Object.keys(tensors)) {
    const { shape, data } = tensors[name]!;
    const other = { shape, data: Uint8Array.from(data as Float32Array) };
    const mixed = { metadata, tensors: { ...tensors, [name]: other } };
    expect(() => stateFromTensors(rule, mixed)).toThrow(new RegExp(`"${name}" is a Uint8Array .*, but`));
  }
  expect(stateFromTensors(rule, { metadata, tensors }).round).toBe(5);
});

test('a checkpoint of the format before is refused with the next step', () => {
  const old = { tensors: {}, metadata: { format: 'metadescent/lstm-optimizer/meta-training-state' } };
  expect(() => stateFromTensors(rule, old)).toThrow(UserError);
  expect(() => stateFromTensors(rule, old)).toThrow(/resume the run with the version that wrote it/);
});
