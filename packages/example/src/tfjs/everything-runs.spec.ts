import { createKey, rollout, type OptimizeeFamily } from '@metadescent/core';
import { wasmEngine } from '@metadescent/kernels';
import { wasmGpsEngine } from '@metadescent/kernels/gps';
import {
  lstmOptimizer,
  lstmRuleSchema,
  metaTrainLstm,
  metaTrainingSchema,
  metaTrainingTasks,
  type EpochRecord,
} from '@metadescent/lstm-optimizer';
import { inlineTasks } from '@metadescent/meta-learning';
import { baselineOptimizers, createBaseline, evaluateInline, tuneOptimizer } from '@metadescent/optimizers';
import {
  inlinePsdExecutor,
  metaTrainPredictedStepDescent,
  parsePsdRecipe,
  predictedStepDescent,
  psdPresets,
  type PsdRecord,
} from '@metadescent/predicted-step-descent';
import { renderReport } from '@metadescent/reporting';
import { familyFromFunction, optimizeeFromModel } from '@metadescent/tfjs';
import { loadBackend } from '@metadescent/tfjs/backend';
import { describe, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { comparison, tuningRecordOf } from './comparison.js';

tf.env().set('PROD', true);
await loadBackend({ candidates: ['cpu'] });

/** Bowls ½ Σ cᵢ (xᵢ − aᵢ)² with drawn curvatures and centres, in tf operations. */
const bowls = familyFromFunction((key) => {
  const [curvature, center] = [
    Float32Array.from(key.fold('c').uniform(4), (u) => 0.5 + u),
    Float32Array.from(key.fold('a').normal(4)),
  ];
  return {
    init: (start) => ({ 'layer/kernel': tf.tensor2d(Float32Array.from(start.normal(4)), [2, 2]) }),
    f: ({ 'layer/kernel': x }) =>
      tf.sum(tf.mul(tf.tensor2d(curvature, [2, 2]), tf.square(tf.sub(x, tf.tensor2d(center, [2, 2]))))),
  };
});

/** A classifier of tfjs-layers as a family of one optimizee, whose starts differ. */
function classifier(): OptimizeeFamily {
  const key = createKey(4);
  const x = tf.tensor2d(Float32Array.from(key.normal(40 * 3)), [40, 3]);
  const y = tf.tidy(() => tf.oneHot(tf.argMax(x, 1), 3));
  const model = sequential({ layers: [layers.dense({ units: 3, inputShape: [3] })] });
  model.setWeights([tf.tensor2d(Float32Array.from(key.fold('start').normal(9)), [3, 3]), tf.zeros([3])]);
  const optimizee = optimizeeFromModel(
    model,
    { x, y },
    (labels, outputs) => tf.losses.softmaxCrossEntropy(labels, outputs),
    { batchSize: 10 },
  );
  return { name: 'classifier', layout: optimizee.layout, sample: () => optimizee };
}

const families: readonly (readonly [string, () => OptimizeeFamily])[] = [
  ['a function', () => bowls],
  ['a model', classifier],
];
const engine = wasmEngine();

describe.each(families)('on %s of TensorFlow.js', (_, make) => {
  const family = make();

  test('the LSTM optimizer is meta-trained by truncated backpropagation', async () => {
    const rule = lstmRuleSchema.parse({ hidden: 4, layers: 1, outputScale: 1 });
    const recipe = metaTrainingSchema.parse({
      horizon: 10,
      segment: 5,
      batch: 1,
      batchesPerEpoch: 5,
      epochs: 4,
      learningRate: 0.03,
      validationUnrolls: 2,
    });
    const records: EpochRecord[] = [];
    const map = inlineTasks(metaTrainingTasks({ rule, engine, training: family, validation: family }));
    const { best } = await metaTrainLstm({
      rule,
      recipe,
      key: createKey(5),
      map,
      onEpoch: (record) => void records.push(record),
    });
    expect(best.score).toBeLessThan(0.8 * (records[0] as EpochRecord).validationScore);
    const { outcome } = rollout(family.sample(createKey(1)), lstmOptimizer(rule, best.point, engine), {
      horizon: 10,
      key: createKey(2),
    });
    expect(outcome.kind).toBe('finished');
  });

  test('guided policy search finds a controller that beats its teacher, and distils an optimizer from it', async () => {
    const gpsEngine = wasmGpsEngine();
    const recipe = parsePsdRecipe({
      ...psdPresets.quick,
      horizon: 12,
      hidden: 4,
      iterations: 2,
      teacher: { gain: 0.05 },
      coordinatesPerGroup: 4,
      policy: { cloneSteps: 40, steps: 10, batch: 16 },
      distillationRounds: 1,
      validationTrajectories: 3,
      search: { ...psdPresets.quick.search, trajectories: 4 },
    });
    const records: PsdRecord[] = [];
    const executor = inlinePsdExecutor({ family, engine, gpsEngine, hidden: recipe.hidden });
    const { weights } = await metaTrainPredictedStepDescent({
      recipe,
      layout: family.layout,
      key: createKey(1),
      executor,
      engine,
      gpsEngine,
      onRecord: (record) => void records.push(record),
    });
    const last = records.at(-1);
    if (last?.kind !== 'distillation' || !weights) throw new Error('the last record is of a distillation');
    expect(last.controllerCost).toBeLessThan(last.teacherCost);
    const { trueObjectives } = rollout(family.sample(createKey(0)), predictedStepDescent(weights, engine), {
      horizon: 12,
      key: createKey(9),
      trueObjectiveEvery: 12,
    });
    expect(trueObjectives[12]).toBeLessThan(trueObjectives[0] as number);
  });

  test('the tuner finds an interior optimum, and the report shows it', async () => {
    const report = await tuneOptimizer(
      baselineOptimizers.sgd,
      evaluateInline({ family, key: createKey(3), horizon: 10, score: 'mean' }),
      { tasks: 1, refinements: 0 },
    );
    expect(report.outcome.kind).toBe('interior');
    const curves = (rate: number) =>
      [1, 2, 3].map(
        (seed) =>
          rollout(family.sample(createKey(seed)), createBaseline('sgd', { learningRate: rate }), {
            horizon: 10,
            key: createKey(seed),
          }).objectives,
      );
    const {
      title,
      summary,
      curves: drawn,
      sections,
    } = comparison({
      title: 'Two rates',
      problem: family.name,
      yLabel: 'objective',
      contenders: [
        { name: 'tuned', kind: 'learned', curves: curves(Number(report.best?.options['learningRate'])) },
        { name: 'small', kind: 'hand-made', curves: curves(1e-4) },
      ],
      tuning: [tuningRecordOf(report)],
      notes: [],
    });
    expect(summary[0]).toMatch(/tuned is better\.$/);
    const html = await renderReport({
      title,
      summary: [...summary],
      sections: [{ heading: title, blocks: [{ type: 'curves', curves: drawn }] }, ...sections],
    });
    expect(html).toContain('>Tuning<');
  });
});
