import { UserError, printable } from '@metadescent/core';
import { commandText } from '../command-text.js';
import { controlExperiments } from '../control/control-experiments.js';
import { l2lExperiment } from '../li-malik/l2l-experiment.js';
import { LI_MALIK, liMalikSettings } from '../li-malik/settings.js';
import { nearestName } from '../nearest-name.js';
import { psdExperiments } from '../psd-training/psd-experiments.js';
import { andrychowiczExperiments } from './andrychowicz.js';
import type { PresetName } from './experiment.js';
import { PRESET_MINUTES } from './preset-minutes.js';

/** One name that `list` shows, and what can be done with it. */
export interface CatalogueEntry {
  readonly name: string;
  readonly title: string;
  /** Where it is in a paper. */
  readonly source: string;
  /** What the name is, in words that follow "is". */
  readonly what: string;
  /** What can be done with it, as words after `metadescent`. */
  readonly commands: readonly (readonly string[])[];
  /**
   * Minutes that each preset of its training takes on two cores, null where that was not measured; none where
   * it has no training of its own.
   */
  readonly presetMinutes?: Readonly<Record<PresetName, number | null>>;
  /** Iterations of a rollout. */
  readonly horizon?: number;
  /** Name of the shipped weights, as `pretrained` of `package` takes it. */
  readonly shippedWeights?: { readonly package: string; readonly name: string };
}

const PSD_PACKAGE = '@metadescent/predicted-step-descent';
const LSTM_PACKAGE = '@metadescent/lstm-optimizer';

/** Everything that has a name, in the order of `metadescent list`. */
export const catalogue: readonly CatalogueEntry[] = [
  ...[...andrychowiczExperiments, l2lExperiment].map((experiment): CatalogueEntry => {
    const { name, title, source, horizon, training, pretrained } = experiment;
    const transfer = 'weightsOf' in training;
    return {
      name,
      title,
      source,
      what: transfer
        ? `a test of how the optimizer of ${training.weightsOf} transfers`
        : 'an LSTM optimizer and what it is trained on',
      commands: [...(transfer ? [] : [['train', name]]), ['evaluate', name]],
      ...(transfer ? {} : minutesOf(name)),
      horizon,
      shippedWeights: { package: LSTM_PACKAGE, name: pretrained },
    };
  }),
  ...psdExperiments.map(({ name, title }): CatalogueEntry => ({
    name,
    title,
    source: 'Li & Malik 2017, §3 and §4',
    what: 'a training of Predicted Step Descent',
    commands: [
      ['train', name],
      ['run', LI_MALIK],
    ],
    ...minutesOf(name),
    shippedWeights: { package: PSD_PACKAGE, name: name.slice(name.indexOf('/') + 1) },
  })),
  {
    name: LI_MALIK,
    title: `Figures 1 to ${liMalikSettings.length} in one report`,
    source: 'Li & Malik 2017, §4',
    what: 'all figures of Li & Malik 2017',
    commands: [['run', LI_MALIK]],
  },
  ...liMalikSettings.map(({ name, title, number, horizon }): CatalogueEntry => ({
    name,
    title,
    source: `Li & Malik 2017, §4, figure ${number}`,
    what: 'a figure of Li & Malik 2017',
    commands: [
      ['run', name],
      ['evaluate', name],
    ],
    horizon,
  })),
  ...controlExperiments.map(({ name, title, source }): CatalogueEntry => ({
    name,
    title,
    source,
    what: 'a control problem: there are no optimizers to race',
    commands: [['train', name]],
    ...minutesOf(name),
  })),
];

function minutesOf(name: string): Required<Pick<CatalogueEntry, 'presetMinutes'>> {
  return { presetMinutes: { quick: null, paper: null, ...PRESET_MINUTES.get(name) } };
}

/**
 * Why a command cannot take this name: what the name is for, or the name that was meant.
 *
 * @param command the first word, such as `evaluate`
 */
export function refusedName(command: string, name: string): UserError {
  const known = catalogue.find((entry) => entry.name === name);
  if (known) {
    return new UserError(
      `${name} is ${known.what}; what can be done with it: ${known.commands.map((words) => `\`${commandText(...words)}\``).join(', ')}`,
    );
  }
  const names = catalogue
    .filter(({ commands }) => commands.some(([first]) => first === command))
    .map((entry) => entry.name);
  const meant =
    nearestName(name, names) ??
    nearestName(
      name,
      catalogue.map((entry) => entry.name),
    );
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return new UserError(
    `there is no experiment "${printable(name)}"${hint || ';'} \`${commandText('list')}\` shows what there is`,
  );
}
