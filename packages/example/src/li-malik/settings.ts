import { UserError, printable } from '@metadescent/core';
import { liMalikArchitectures } from '@metadescent/optimizees';
import { TRAINING_HORIZON } from './l2l-experiment.js';

export type ArchitectureName = keyof typeof liMalikArchitectures;

/**
 * Every rollout goes to twice the horizon of meta-training: figure 5 shows all of it, the others their first
 * half, and all are checked for divergence beyond it.
 */
export const ROLLOUT_STEPS = 2 * TRAINING_HORIZON;

/** One figure of Li & Malik 2017, §4: a net and a mini-batch size, on every data set. */
export interface LiMalikSetting {
  readonly number: 1 | 2 | 3 | 4 | 5;
  /** As on the command line. */
  readonly name: `li-malik/figure-${number}`;
  readonly title: string;
  readonly architecture: ArchitectureName;
  readonly batchSize: number;
  /** Iterations shown, at most `ROLLOUT_STEPS`. */
  readonly horizon: number;
}

function setting(
  number: LiMalikSetting['number'],
  architecture: ArchitectureName,
  batchSize: number,
  horizon: number,
): LiMalikSetting {
  const { inputs, hidden } = liMalikArchitectures[architecture];
  const title = `${inputs} inputs, ${hidden} hidden units, mini-batches of ${batchSize}, ${horizon} iterations`;
  return { number, name: `li-malik/figure-${number}`, title, architecture, batchSize, horizon };
}

/** The five settings, as the paper numbers its figures. */
export const liMalikSettings: readonly LiMalikSetting[] = [
  setting(1, '48-48', 64, TRAINING_HORIZON),
  setting(2, '100-200', 64, TRAINING_HORIZON),
  setting(3, '48-48', 10, TRAINING_HORIZON),
  setting(4, '100-200', 10, TRAINING_HORIZON),
  setting(5, '100-200', 64, ROLLOUT_STEPS),
];

/** The name under which all five run. */
export const LI_MALIK = 'li-malik';

/**
 * The settings that a command line asks for.
 *
 * @param name `li-malik`, or one figure of it
 * @param numbers e.g. `1,3`; absent takes all of `name`
 * @throws UserError saying what there is.
 * @example
 * settingsNamed('li-malik', '1,5').map(({ horizon }) => horizon) // => [400, 800]
 */
export function settingsNamed(name: string, numbers?: string): LiMalikSetting[] {
  const named = liMalikSettings.filter((candidate) => name === LI_MALIK || name === candidate.name);
  if (named.length === 0) {
    const names = `${LI_MALIK} for all figures, or one of ${liMalikSettings.map((s) => s.name).join(', ')}`;
    throw new UserError(`there is nothing to run called "${printable(name)}"; give ${names}`);
  }
  if (numbers === undefined) return named;
  const wanted = numbers.split(',').map((text) => text.trim());
  const unknown = wanted.find((text) => !named.some(({ number }) => String(number) === text));
  if (unknown !== undefined) {
    throw new UserError(
      `--settings must list numbers among ${named.map(({ number }) => number).join(', ')}, with commas between them, but holds "${printable(unknown)}"`,
    );
  }
  return named.filter(({ number }) => wanted.includes(String(number)));
}

/** The rollouts behind one panel. Figures 2 and 5 show the same ones: the first half, and all. */
export interface Arena {
  /** A data set's id, or `mnist`. */
  readonly dataset: string;
  readonly architecture: ArchitectureName;
  readonly batchSize: number;
}

/** The training objective: MNIST, the small net, mini-batches of 64. */
export const trainingArena: Arena = { dataset: 'mnist', architecture: '48-48', batchSize: 64 };

export function arenaOf({ architecture, batchSize }: LiMalikSetting, dataset: string): Arena {
  return { dataset, architecture, batchSize };
}

/** Names an arena in files and keys. */
export function arenaName({ dataset, architecture, batchSize }: Arena): string {
  return `${dataset}-${architecture}-batch-${batchSize}`;
}
