import {
  metaLosses,
  parseOptions,
  type Key,
  type MetaLossName,
  type OptimizeeFamily,
  type Optimizer,
} from '@metadescent/core';
import { adam } from '@metadescent/optimizers';
import * as z from 'zod/mini';
import { unrollOnTape, type TapeCursor } from './tape-meta-gradient.js';
import { initialRuleWeights, ruleLayout, tapeOptimizer, type TapeRule } from './tape-rule.js';

/** The options of `trainTapeRule`. */
export const trainTapeRuleSchema = z.strictObject({
  /** Steps of an unroll. */
  horizon: z._default(z.int().check(z.minimum(1)), 100),
  /** Steps between two updates of φ: the truncation. 20, as in the released code of Andrychowicz et al. 2016. */
  segment: z._default(z.int().check(z.minimum(1)), 20),
  /** Unrolls, each on an optimizee of its own. */
  unrolls: z._default(z.int().check(z.minimum(1)), 200),
  /** Adam's learning rate on φ. */
  learningRate: z._default(z.number().check(z.positive()), 0.003),
  /** It falls geometrically to this fraction. */
  finalLearningRateFraction: z._default(z.number().check(z.positive(), z.maximum(1)), 0.1),
  /** Meta-gradients are scaled to at most this norm. */
  gradientClip: z._default(z.number().check(z.positive()), 1),
  loss: z._default(z.enum(Object.keys(metaLosses) as [MetaLossName, ...MetaLossName[]]), 'area-under-curve'),
  /** The exact meta-gradient, through the optimizee; see `unrollOnTape`. */
  secondDerivatives: z._default(z.boolean(), false),
});
export type TrainTapeRuleOptions = z.input<typeof trainTapeRuleSchema>;

/** A meta-trained rule. */
export interface TrainedTapeRule {
  readonly optimizer: Optimizer;
  /** φ */
  readonly weights: Float32Array;
  /** Mean of f̂(θ_t), unweighted, over the steps of each unroll; NaN where it was given up [unrolls]. */
  readonly losses: readonly number[];
}

/**
 * Meta-trains a rule in tf operations on a family of optimizees by truncated backpropagation through time
 * with Adam. Every draw is a function of the key and the number of the unroll.
 *
 * @param onUnroll called after each, for progress
 * @throws UserError if an option is invalid.
 */
export function trainTapeRule(
  rule: TapeRule,
  family: OptimizeeFamily,
  key: Key,
  options: TrainTapeRuleOptions = {},
  onUnroll?: (done: number, loss: number) => void,
): TrainedTapeRule {
  const recipe = parseOptions('trainTapeRule', trainTapeRuleSchema, options);
  const layout = ruleLayout(rule, key.fold('weights'));
  const weights = initialRuleWeights(rule, key.fold('weights'));
  const moments = adam().init(layout);
  const step = new Float32Array(layout.size);
  const losses: number[] = [];
  for (let unroll = 0; unroll < recipe.unrolls; unroll++) {
    const own = key.fold('unrolls').fold(unroll);
    const optimizee = family.sample(own.fold('optimizee'));
    const learningRate =
      recipe.learningRate * recipe.finalLearningRateFraction ** (unroll / Math.max(1, recipe.unrolls - 1));
    let cursor: TapeCursor | undefined;
    let sum = 0;
    for (let start = 0; start < recipe.horizon; start += recipe.segment) {
      const segment = unrollOnTape(rule, layout, weights, optimizee, {
        length: Math.min(recipe.segment, recipe.horizon - start),
        horizon: recipe.horizon,
        loss: metaLosses[recipe.loss],
        key: own.fold('rollout'),
        secondDerivatives: recipe.secondDerivatives,
        ...(cursor && { cursor }),
      });
      sum += segment.objectiveSum;
      if (segment.outcome.kind !== 'finished') break;
      cursor = segment.cursor;
      const norm = Math.hypot(...segment.gradient);
      // A meta-gradient that overflowed says nothing; the next segment may.
      if (!Number.isFinite(norm)) continue;
      const gradient = segment.gradient.map((g) => g * Math.min(1, recipe.gradientClip / norm));
      const minibatch = { evaluate: () => segment.loss };
      adam({ learningRate }).update(
        { layout, iteration: unroll, parameters: weights, gradient, objective: segment.loss, minibatch },
        moments,
        step,
      );
      for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] as number) + (step[i] as number);
    }
    losses.push(sum / recipe.horizon);
    onUnroll?.(unroll + 1, losses[unroll] as number);
  }
  return { optimizer: tapeOptimizer(rule, layout, weights), weights, losses };
}
