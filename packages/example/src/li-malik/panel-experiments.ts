import { UserError } from '@metadescent/core';
import type { KernelEngine } from '@metadescent/kernels';
import {
  liMalikArchitectures,
  liMalikInputs,
  shareDataset,
  type LabelledDataset,
} from '@metadescent/optimizees';
import type { Experiment } from '../experiments/experiment.js';
import { datasetSources, loadDatasets, type DatasetSource, type LoadedDataset } from './data-sets.js';
import { l2lExperiment } from './l2l-experiment.js';
import { liMalikSettings, type LiMalikSetting } from './settings.js';

/** Rows of the true objective, or all where there are fewer. */
const EVALUATION_ROWS = 2000;

/** One panel of a figure as an experiment of its own, with its data set. */
export interface PanelExperiment {
  readonly experiment: Experiment;
  /** The images as the net sees them, on shared memory. */
  dataset(engine: KernelEngine): LabelledDataset;
}

/** The figure of this name; undefined if it is none. */
export function figureNamed(name: string): LiMalikSetting | undefined {
  return liMalikSettings.find((setting) => setting.name === name);
}

/**
 * The panels of a figure whose data sets can be loaded.
 *
 * @param onMissing told why a panel is left out
 * @throws UserError if there is none of them.
 */
export function panelExperiments(
  setting: LiMalikSetting,
  directory: string | undefined,
  onMissing: (message: string) => void,
): PanelExperiment[] {
  const { loaded, missing } = loadDatasets(directory);
  if (loaded.length === 0)
    throw new UserError(
      `${setting.name} needs one of its data sets, and none can be loaded from the folder of --data or METADESCENT_DATA; put there ${datasetSources.map(({ needs }) => needs).join('; or ')}`,
    );
  for (const { message } of missing) onMissing(message);
  return loaded.map((each) => panelExperiment(setting, each));
}

/**
 * The panel of a figure on one data set. It is one function, so tuning and race meet other starts and
 * mini-batches of the same.
 */
export function panelExperiment(
  { name, number, title, architecture, batchSize, horizon }: LiMalikSetting,
  { source, title: dataTitle, data }: LoadedDataset & { readonly source: Pick<DatasetSource, 'id'> },
): PanelExperiment {
  const { inputs, hidden } = liMalikArchitectures[architecture];
  return {
    experiment: {
      ...l2lExperiment,
      name: `${name}/${source.id}`,
      title: `${dataTitle}: ${title}`,
      source: `Li & Malik 2017, §4, figure ${number}`,
      problem: {
        kind: 'projected-mnist',
        inputs,
        hidden,
        batchSize,
        evaluationRows: Math.min(EVALUATION_ROWS, data.count),
      },
      horizon,
      training: { weightsOf: l2lExperiment.name },
    },
    dataset: (engine) => shareDataset(liMalikInputs(data, inputs, engine)),
  };
}
