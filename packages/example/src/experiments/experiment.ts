import type { Activation } from '@metadescent/kernels';
import type {
  LstmRule,
  MetaTrainingRecipe,
  PretrainedName,
  ReadoutSearchRecipe,
} from '@metadescent/lstm-optimizer';

/** The objective functions of an experiment, as plain data: workers build the families from it. */
export type ProblemSpecification =
  | {
      readonly kind: 'quadratics';
      /** W is [dimension, dimension]. */
      readonly dimension: number;
    }
  | {
      readonly kind: 'mnist';
      /** Units of the hidden layers; 784 inputs and 10 outputs around them. */
      readonly hidden: number[];
      readonly activation: Activation;
      readonly batchSize: number;
      /** Images of the split over which the true objective is taken. */
      readonly evaluationRows: number;
    }
  | {
      /**
       * The training objective of Li & Malik 2017 (see `liMalikFamily`): one function, so all splits hold it,
       * and differ in their keys.
       */
      readonly kind: 'projected-mnist';
      /** Random projections that the net sees. */
      readonly inputs: number;
      readonly hidden: number;
      readonly batchSize: number;
      readonly evaluationRows: number;
    };

export type PresetName = 'quick' | 'paper';

/** A meta-training of an experiment: `quick` for a look in minutes, `paper` for the weights that ship. */
export interface Preset {
  readonly recipe: MetaTrainingRecipe;
  /** Independent optimizees that one unroll steps at once (see `stackFamily`); 1 where they are large. */
  readonly stacked: number;
}

/** A search for the readout of shipped weights instead of a meta-training. */
export interface SearchTraining {
  readonly search: Readonly<Record<PresetName, ReadoutSearchRecipe>>;
  readonly startsFrom: PretrainedName;
}

/**
 * One figure of a paper: what is optimised, for how long, by which learned rule, and how that rule is
 * meta-trained.
 */
export interface Experiment {
  /** `<paper>/<name>`, as on the command line. */
  readonly name: string;
  readonly title: string;
  /** Where it is in the paper. */
  readonly source: string;
  readonly problem: ProblemSpecification;
  /** Steps of a rollout in the comparison. */
  readonly horizon: number;
  readonly rule: LstmRule;
  /**
   * Meta-training recipes, or those of a search; a transfer experiment has none and names the experiment
   * whose weights it tests.
   */
  readonly training:
    | { readonly presets: Readonly<Record<PresetName, Preset>> }
    | SearchTraining
    | { readonly weightsOf: string };
  /** Optimizees of the validation split on which each candidate setting of a baseline is tried. */
  readonly tuningOptimizees: number;
  /** Shipped weights, by name in @metadescent/lstm-optimizer. */
  readonly pretrained: PretrainedName;
  /** The paper's LSTM / best baseline at the horizon, read off its plots. */
  readonly publishedRatio?: number;
}
