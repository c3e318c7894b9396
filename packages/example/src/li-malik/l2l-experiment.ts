import { lstmRuleSchema, metaTrainingSchema } from '@metadescent/lstm-optimizer';
import type { Experiment } from '../experiments/experiment.js';

/** The horizon of meta-training, of tuning and of figures 1 to 4 (Li & Malik 2017, §4). */
export const TRAINING_HORIZON = 400;

/** Starts of the training objective on which each candidate setting of a baseline is tried. */
export const TUNING_STARTS = 10;

/**
 * L2LBGDBGD, the paper's learned comparator: the LSTM optimizer of Andrychowicz et al. 2016 as its own paper
 * has it (two layers of 20 units, log/sign preprocessing with p = 10, steps scaled by 0.1), meta-trained on
 * the training objective of Li & Malik 2017: "the same training objective function … under the same setting
 * (a time horizon of 400 iterations and a mini-batch size of 64)".
 *
 * Backpropagation is truncated, and the unrolls grow to the full horizon: 20-step segments of short unrolls
 * learn fast, longer segments later see what a step does in the long run.
 */
export const l2lExperiment: Experiment = {
  name: 'li-malik/l2l',
  title: 'L2LBGDBGD on randomly projected MNIST',
  source: 'Li & Malik 2017, §4, the training objective',
  problem: { kind: 'projected-mnist', inputs: 48, hidden: 48, batchSize: 64, evaluationRows: 2000 },
  horizon: TRAINING_HORIZON,
  rule: lstmRuleSchema.parse({}),
  training: {
    presets: {
      quick: {
        stacked: 1,
        recipe: metaTrainingSchema.parse({
          horizon: TRAINING_HORIZON,
          batchesPerEpoch: 8,
          epochs: 8,
          learningRate: 0.003,
          finalLearningRateFraction: 0.1,
          validationUnrolls: 4,
          validationScore: 'mean',
          curriculum: [
            { fromEpoch: 0, horizon: 100, segment: 20 },
            { fromEpoch: 5, horizon: 200, segment: 20 },
          ],
        }),
      },
      paper: {
        stacked: 1,
        recipe: metaTrainingSchema.parse({
          horizon: TRAINING_HORIZON,
          batchesPerEpoch: 10,
          epochs: 90,
          learningRate: 0.003,
          finalLearningRateFraction: 0.03,
          validationUnrolls: 6,
          validationScore: 'mean',
          patience: 90,
          curriculum: [
            { fromEpoch: 0, horizon: 100, segment: 20 },
            { fromEpoch: 20, horizon: 200, segment: 20 },
            { fromEpoch: 40, horizon: TRAINING_HORIZON, segment: 20 },
            { fromEpoch: 65, horizon: TRAINING_HORIZON, segment: 50 },
          ],
        }),
      },
    },
  },
  tuningOptimizees: TUNING_STARTS,
  pretrained: 'l2l-48',
};
