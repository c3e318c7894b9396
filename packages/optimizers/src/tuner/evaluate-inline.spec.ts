import { describe, expect, test } from '@jest/globals';
import { createKey, mean, rollout, UserError } from '@metadescent/core';
import { baselineOptimizers, createBaseline } from '../baseline-optimizers.js';
import { sgd } from '../sgd.js';
import { logisticRegressions } from '../testing/problems.js';
import { evaluateInline, runTrial, tuningTask } from './evaluate-inline.js';
import type { Trial } from './trial.js';
import { tuneOptimizer } from './tune-optimizer.js';

const family = logisticRegressions(3);
const key = createKey(12);
const trial = (learningRate: number, taskIndex: number): Trial => ({
  optimizer: 'sgd',
  options: { learningRate },
  taskIndex,
});

test('the score is the true objective at the end of the rollout, or the mean mini-batch objective after the first', async () => {
  const task = tuningTask(family, key, 2);
  const { trueObjectives, objectives } = rollout(task.optimizee, sgd({ learningRate: 0.5 }), {
    horizon: 20,
    key: task.key,
    trueObjectiveEvery: 20,
  });
  expect(await evaluateInline({ family, key, horizon: 20 })([trial(0.5, 2)])).toEqual([trueObjectives[20]]);
  expect(await evaluateInline({ family, key, horizon: 20, score: 'mean' })([trial(0.5, 2)])).toEqual([
    mean(objectives.slice(1)),
  ]);
});

test('trials on one task share the optimizee, the start and the mini-batches; tasks differ', async () => {
  const scores = await evaluateInline({ family, key, horizon: 1 })([
    trial(1e-30, 0),
    trial(1e-30, 1),
    trial(1e-25, 0),
  ]);
  expect(scores[0]).toBe(scores[2]);
  expect(scores[0]).not.toBe(scores[1]);
});

test('the order and the company of a trial do not matter', async () => {
  const trials = [trial(0.1, 0), trial(0.3, 1), trial(1, 0), trial(1, 2)];
  const together = await evaluateInline({ family, key, horizon: 15 })(trials);
  const apart = trials.map((one) => runTrial(one, tuningTask(family, key, one.taskIndex), { horizon: 15 }));
  expect(together).toEqual(apart);
});

describe('faults', () => {
  test('a run that does not finish scores +∞', () => {
    const task = tuningTask(family, key, 0);
    const overflowing = {
      ...sgd(),
      update: (_: unknown, __: unknown, step: Float32Array) => void step.fill(Infinity),
    };
    expect(runTrial(trial(1, 0), task, { horizon: 3, create: () => overflowing })).toBe(Infinity);
  });

  test('options that the rule refuses are a user error, not a divergence', async () => {
    await expect(evaluateInline({ family, key, horizon: 3 })([trial(-1, 0)])).rejects.toThrow(UserError);
  });
});

test('end to end: tuning sgd finds a rate that no other rate beats on fresh scrutiny', async () => {
  const evaluate = evaluateInline({ family, key, horizon: 30 });
  const report = await tuneOptimizer(baselineOptimizers.sgd, evaluate, { tasks: 4, refinements: 1 });
  expect(report.outcome.kind).toBe('interior');
  const score = (learningRate: number): number =>
    mean(
      [0, 1, 2, 3].map((index) => {
        const { optimizee, key: from } = tuningTask(family, key, index);
        const optimizer = createBaseline('sgd', { learningRate });
        return optimizee.trueObjective(rollout(optimizee, optimizer, { horizon: 30, key: from }).parameters);
      }),
    );
  const best = report.best?.options['learningRate'] as number;
  expect(report.best?.score).toBeCloseTo(score(best), 12);
  for (const factor of [0.1, 0.3, 0.5, 2, 3, 10])
    expect(score(best * factor)).toBeGreaterThanOrEqual(score(best) - 1e-3);
});

test('end to end: every baseline can be tuned, and is then better than with its defaults', async () => {
  for (const baseline of Object.values(baselineOptimizers)) {
    const evaluate = evaluateInline({ family, key, horizon: 10 });
    const { best, outcome } = await tuneOptimizer(baseline, evaluate, { tasks: 2, refinements: 0 });
    const trials = [0, 1].map((taskIndex): Trial => ({ optimizer: baseline.name, options: {}, taskIndex }));
    expect(best?.score).toBeLessThanOrEqual(mean(await evaluate(trials)) + 1e-9);
    expect(outcome.kind).not.toBe('all-diverged');
  }
});
