import type { Key } from '@metadescent/core';
import { metaTrainLstm, type LstmRule, type MetaTrainingRecipe } from '@metadescent/lstm-optimizer';
import type { TaskMap } from '@metadescent/meta-learning';
import { randomSearch, type TuningReport } from '@metadescent/optimizers';

/**
 * Log-uniform range of the meta-learning rate: from "nothing happens" to "the LSTM blows up" in all that was
 * tried.
 */
export const LEARNING_RATE_RANGE = { from: 3e-4, to: 3e-2 };

/** Share of a recipe's epochs that a trial of the search trains for. */
const TRIAL_SHARE = 0.1;

export interface LearningRateSearchOptions {
  readonly candidates: number;
  readonly key: Key;
  /** As in `metaTrainLstm`. */
  readonly map: TaskMap;
  /** Told the rate and the score of each candidate. */
  readonly onCandidate?: (learningRate: number, score: number) => void;
}

/**
 * Random search for the learning rate of meta-training (Andrychowicz et al. 2016, §3): every candidate
 * meta-trains for a tenth of the epochs from the same weights on the same optimizees, and is judged by its
 * best validation score. Trainings run one after another, since each keeps all workers busy.
 */
export async function searchLearningRate(
  rule: LstmRule,
  recipe: MetaTrainingRecipe,
  options: LearningRateSearchOptions,
): Promise<TuningReport> {
  const { candidates, key, map, onCandidate } = options;
  const short: MetaTrainingRecipe = {
    ...recipe,
    epochs: Math.max(2, Math.round(TRIAL_SHARE * recipe.epochs)),
    curriculum: [],
  };
  const axis = {
    name: 'learningRate',
    ...LEARNING_RATE_RANGE,
    minimum: LEARNING_RATE_RANGE.from,
    maximum: LEARNING_RATE_RANGE.to,
  };
  return randomSearch(
    { name: 'meta-training', searched: [axis] },
    async (trials) => {
      const scores: number[] = [];
      for (const { options: values } of trials) {
        const learningRate = values['learningRate'] as number;
        const { best } = await metaTrainLstm({
          rule,
          recipe: { ...short, learningRate },
          key: key.fold('trial'),
          map,
        });
        onCandidate?.(learningRate, best.score);
        scores.push(best.score);
      }
      return scores;
    },
    key.fold('draws'),
    { candidates, tasks: 1 },
  );
}
