import { parseFineTuning, parsePsdRecipe, psdPresets, type FineTuningRecipe, type PsdRecipe } from '@metadescent/predicted-step-descent';
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
  readonly training: readonly TrainingObjective[];
  readonly validation: readonly TrainingObjective[];
  readonly recipe: FineTuningRecipe;
}

/** A training run of Predicted Step Descent by name. */
export interface PsdExperiment {
  readonly name: 'li-malik/psd' | 'li-malik/psd-plus';
  readonly title: string;
  readonly presets: Readonly<Record<PresetName, SearchPreset | FineTuningPreset>>;
}

/** Random projections 1, 2, … are views of MNIST that the figures never show; 0 is the paper's own training objective. */
const fineTuningObjectives: readonly TrainingObjective[] = [
  {},
  { projection: 2, batchSize: 10 },
  { projection: 3, inputs: 100, hidden: 100 },
  { projection: 5, labelNoise: 0.6 },
  { projection: 6, hidden: 64, classes: 100 },
  { projection: 8, inputScale: 0.5, classes: 7, examples: 4000 },
  { projection: 9, inputs: 32, hidden: 24, batchSize: 32, inputScale: 1.5 },
  { projection: 10, inputs: 64, hidden: 128, batchSize: 10, labelNoise: 0.3 },
  { projection: 11, inputs: 100, hidden: 200 },
  { projection: 12, inputs: 100, hidden: 200, batchSize: 10 },
];

/** Other projections than in training: what weights are chosen by. */
const validationObjectives: readonly TrainingObjective[] = [
  { projection: 90 },
  { projection: 93, batchSize: 10 },
  { projection: 94, inputs: 100, hidden: 200 },
  { projection: 95, inputs: 100, hidden: 200, batchSize: 10 },
  { projection: 91, labelNoise: 0.5 },
  { projection: 92, inputs: 100, hidden: 200, classes: 100 },
];

/** The training runs of Li & Malik 2017, and ours beside them. */
export const psdExperiments: readonly PsdExperiment[] = [
  {
    name: 'li-malik/psd',
    title: 'Predicted Step Descent by convolutional guided policy search on randomly projected MNIST (Li & Malik 2017, §4)',
    presets: {
      quick: { kind: 'search', objective: {}, recipe: parsePsdRecipe(psdPresets.quick) },
      paper: { kind: 'search', objective: {}, recipe: parsePsdRecipe(psdPresets.paper) },
    },
  },
  {
    name: 'li-malik/psd-plus',
    title: 'PSD+: the policy fine-tuned on the objective values of whole rollouts',
    presets: {
      quick: {
        kind: 'fine-tuning',
        training: fineTuningObjectives.slice(0, 2),
        validation: validationObjectives.slice(0, 2),
        recipe: parseFineTuning({ steps: 60, horizon: 40, batch: 4, scale: 'log', learningRate: 4e-3, validationEvery: 20 }),
      },
      paper: {
        kind: 'fine-tuning',
        training: fineTuningObjectives,
        validation: validationObjectives,
        recipe: parseFineTuning({
          steps: 1200,
          horizon: 400,
          batch: 10,
          scale: 'log',
          learningRate: 3e-3,
          coordinatesPerGroup: 128,
          validationEvery: 40,
          validationEpisodes: 1,
          curriculum: [
            { fromStep: 0, horizon: 50 },
            { fromStep: 100, horizon: 100 },
            { fromStep: 300, horizon: 200 },
            { fromStep: 700, horizon: 400 },
          ],
        }),
      },
    },
  },
];
