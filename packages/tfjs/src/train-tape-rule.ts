import {
  keyFromWords,
  metaLosses,
  parseOptions,
  schedule,
  type Key,
  type MetaLossName,
  type OptimizeeFamily,
  type Optimizer,
  type ParameterLayout,
} from '@metadescent/core';
import {
  inlineTasks,
  metaAdam,
  metaTrain,
  truncatedBackpropagation,
  type SegmentResult,
  type SegmentTask,
} from '@metadescent/meta-learning';
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
 * with Adam: `metaTrain` of `@metadescent/meta-learning`, one unroll a round. Every draw is a function of the
 * key and the number of the unroll; an unroll that stops being finite is given up.
 *
 * @param onUnroll called after each, for progress
 * @throws UserError if an option is invalid.
 */
export async function trainTapeRule(
  rule: TapeRule,
  family: OptimizeeFamily,
  key: Key,
  options: TrainTapeRuleOptions = {},
  onUnroll?: (done: number, loss: number) => void,
): Promise<TrainedTapeRule> {
  const recipe = parseOptions('trainTapeRule', trainTapeRuleSchema, options);
  const { unrolls, horizon, finalLearningRateFraction: to } = recipe;
  const layout = ruleLayout(rule, key.fold('weights'));
  const rate = schedule({ kind: 'geometric', steps: unrolls, to });
  const losses: number[] = [];
  let sum = 0;
  const { point: weights } = await metaTrain({
    estimator: truncatedBackpropagation<TapeCursor>({
      batch: 1,
      gradientClip: recipe.gradientClip,
      unrollAt: () => ({ horizon, segment: recipe.segment }),
    }),
    updater: metaAdam(),
    start: initialRuleWeights(rule, key.fold('weights')),
    rounds: unrolls,
    learningRate: (unroll) => recipe.learningRate * rate(unroll),
    // The last φ is the result: nothing is scored.
    validateEvery: unrolls,
    validate: async () => ({ score: NaN }),
    key,
    map: inlineTasks({
      segment: (task: SegmentTask<TapeCursor>) => runTapeSegment(rule, layout, family, recipe, task),
    }),
    onUpdate(_, { objective, failed, roundFinished }) {
      sum += failed > 0 ? NaN : objective.sum;
      if (!roundFinished) return;
      losses.push(sum / horizon);
      sum = 0;
      onUnroll?.(losses.length, losses.at(-1) as number);
    },
  });
  return { optimizer: tapeOptimizer(rule, layout, weights), weights, losses };
}

/** A pure function of the task. */
function runTapeSegment(
  rule: TapeRule,
  layout: ParameterLayout,
  family: OptimizeeFamily,
  { loss, secondDerivatives }: z.output<typeof trainTapeRuleSchema>,
  { point, key: words, length, horizon, cursor: from }: SegmentTask<TapeCursor>,
): SegmentResult<TapeCursor> {
  const key = keyFromWords(words);
  const { gradient, objectiveSum, outcome, cursor } = unrollOnTape(
    rule,
    layout,
    point,
    family.sample(key.fold('optimizee')),
    {
      length,
      horizon,
      loss: metaLosses[loss],
      key: key.fold('rollout'),
      secondDerivatives,
      ...(from && { cursor: from }),
    },
  );
  return { gradient, meanObjective: objectiveSum / length, outcome, cursor };
}
