import {
  normalisedPresets,
  parseFineTuning,
  parsePsdRecipe,
  psdPresets,
  type FineTuningRecipe,
  type NominalStart,
  type PsdRecipe,
} from '@metadescent/predicted-step-descent';
import type { PresetName } from '../experiments/experiment.js';
import type { TrainingObjective } from './training-objectives.js';

/** Guided policy search on one objective. */
export interface SearchPreset {
  readonly kind: 'search';
  readonly objective: TrainingObjective;
  readonly recipe: PsdRecipe;
}

/** Fine-tuning of what a search found, over a list of objectives. */
export interface FineTuningPreset {
  readonly kind: 'fine-tuning';
  /** How the policy that the search found is put beside AdaGrad's step. */
  readonly start: NominalStart;
  readonly training: readonly TrainingObjective[];
  readonly validation: readonly TrainingObjective[];
  readonly recipe: FineTuningRecipe;
}

/** A training run of Predicted Step Descent by name. */
export interface PsdExperiment {
  readonly name: 'li-malik/psd' | 'li-malik/psd-normalised' | 'li-malik/psd-plus';
  readonly title: string;
  readonly presets: Readonly<Record<PresetName, SearchPreset | FineTuningPreset>>;
}

/**
 * Random projections 1, 2, … are views of MNIST that the figures never show; 0 is the paper's own training
 * objective. Label noise and a hundred classes make objectives that stay far from 0, and spectra those of
 * inputs that are as correlated as natural images are: without them, what is learned fails where mini-batches
 * are small and classes many.
 */
const fineTuningObjectives: readonly TrainingObjective[] = [
  {},
  { projection: 2, batchSize: 10, spectrum: 0.6 },
  { projection: 5, spectrum: 0.7, labelNoise: 0.6 },
  { projection: 6, classes: 100, spectrum: 0.6 },
  { projection: 11, inputs: 100, hidden: 200, spectrum: 0.5, labelNoise: 0.3 },
  { projection: 14, batchSize: 10, spectrum: 0.8, labelNoise: 0.5 },
  { projection: 16, labelNoise: 0.7 },
  { projection: 17, batchSize: 10, classes: 100, spectrum: 0.6, labelNoise: 0.3 },
  { projection: 12, inputs: 100, hidden: 200, batchSize: 10, spectrum: 0.6, labelNoise: 0.3 },
  { projection: 18, inputs: 100, hidden: 200, classes: 100, spectrum: 0.7, labelNoise: 0.3 },
  { projection: 21, batchSize: 10, classes: 100, spectrum: 0.8, labelNoise: 0.4 },
  { projection: 20, inputs: 100, hidden: 200, batchSize: 10, classes: 100, spectrum: 0.6, labelNoise: 0.4 },
].map((objective) => ({ ...objective, evaluationRows: 500 }));

/** Other projections than in training: what weights are chosen by. */
const validationObjectives: readonly TrainingObjective[] = [
  { projection: 90 },
  { projection: 93, batchSize: 10, spectrum: 0.6, labelNoise: 0.3 },
  { projection: 91, spectrum: 0.6, labelNoise: 0.5 },
  { projection: 92, classes: 100, spectrum: 0.6, labelNoise: 0.3 },
  { projection: 97, batchSize: 10, classes: 100, spectrum: 0.7, labelNoise: 0.3 },
  { projection: 94, inputs: 100, hidden: 200, spectrum: 0.6, labelNoise: 0.3 },
  { projection: 96, inputs: 100, hidden: 200, classes: 100, spectrum: 0.6, labelNoise: 0.3 },
  { projection: 95, inputs: 100, hidden: 200, batchSize: 10, classes: 100, spectrum: 0.7, labelNoise: 0.3 },
];

/**
 * Of five pairs of rate and scale (0.03, 0.7), (0.04, 0.5), (0.06, 0.5), (0.06, 0.3), (0.08, 0.3), the best
 * on clean views, before any fine-tuning, and then a little more of AdaGrad's rate; annealing from 200 to
 * 1000 is alike.
 */
const nominalStart: NominalStart = { nominalRate: 0.07, policyScale: 0.3, annealing: 400 };

/** The training runs of Li & Malik 2017, and ours beside them. */
export const psdExperiments: readonly PsdExperiment[] = [
  {
    name: 'li-malik/psd',
    title:
      'Predicted Step Descent by convolutional guided policy search on randomly projected MNIST (Li & Malik 2017, §4)',
    presets: {
      quick: { kind: 'search', objective: {}, recipe: parsePsdRecipe(psdPresets.quick) },
      paper: { kind: 'search', objective: {}, recipe: parsePsdRecipe(psdPresets.paper) },
    },
  },
  {
    name: 'li-malik/psd-normalised',
    title: 'PSD-N: the same search on gradients normalised as in AdaGrad, which is its teacher',
    presets: {
      quick: { kind: 'search', objective: {}, recipe: parsePsdRecipe(normalisedPresets.quick) },
      paper: { kind: 'search', objective: {}, recipe: parsePsdRecipe(normalisedPresets.paper) },
    },
  },
  {
    name: 'li-malik/psd-plus',
    title: 'PSD+: the policy fine-tuned on the objective values of whole rollouts',
    presets: {
      quick: {
        kind: 'fine-tuning',
        start: nominalStart,
        training: fineTuningObjectives.slice(0, 2),
        validation: validationObjectives.slice(0, 2),
        recipe: parseFineTuning({
          steps: 60,
          horizon: 40,
          batch: 4,
          scale: 'log',
          learningRate: 4e-3,
          validationEvery: 20,
        }),
      },
      paper: {
        kind: 'fine-tuning',
        start: nominalStart,
        training: fineTuningObjectives,
        validation: validationObjectives,
        recipe: parseFineTuning({
          steps: 240,
          horizon: 400,
          batch: 12,
          loss: 'linearly-increasing',
          scale: 'log',
          learningRate: 7e-4,
          finalLearningRateFraction: 0.1,
          warmUp: 8,
          coordinatesPerGroup: 128,
          validationEvery: 20,
          validationEpisodes: 1,
        }),
      },
    },
  },
];
