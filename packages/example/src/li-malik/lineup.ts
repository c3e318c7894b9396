import { UserError, printable } from '@metadescent/core';
import { pretrained as pretrainedLstm, readTrainedRule, type TrainedRule } from '@metadescent/lstm-optimizer';
import {
  pretrained as pretrainedPsd,
  readWeights,
  type TrainedPsd,
} from '@metadescent/predicted-step-descent';
import type { OptimizerKind } from '@metadescent/reporting';
import { sharedCopy } from '@metadescent/runtime';
import { readWeightsFile } from '../weights-file.js';
import type { EntrantSpecification } from './tasks.js';
import type { TunedBaseline } from './tuning.js';

/** One of the optimizers that are compared. */
export interface Entrant {
  /** Its name in figures and tables. */
  readonly optimizer: string;
  readonly kind: OptimizerKind;
  readonly specification: EntrantSpecification;
}

/** A learned optimizer of the comparison, and where its weights come from. */
interface LearnedOptimizer {
  readonly optimizer: string;
  /** The weights that ship. */
  shipped(): EntrantSpecification;
  /** Weights of a file's bytes. */
  read(bytes: Uint8Array): EntrantSpecification;
}

const learnedOptimizers: readonly LearnedOptimizer[] = [
  {
    optimizer: 'PSD',
    shipped: () => psdSpecification(pretrainedPsd('psd')),
    read: (bytes) => psdSpecification(readWeights(bytes)),
  },
  {
    optimizer: 'PSD-N',
    shipped: () => psdSpecification(pretrainedPsd('psd-normalised')),
    read: (bytes) => psdSpecification(readWeights(bytes)),
  },
  {
    optimizer: 'PSD+',
    shipped: () => psdSpecification(pretrainedPsd('psd-plus')),
    read: (bytes) => psdSpecification(readWeights(bytes)),
  },
  {
    optimizer: 'L2LBGDBGD',
    shipped: () => lstmSpecification(pretrainedLstm('l2l-48')),
    read: (bytes) => lstmSpecification(readTrainedRule(bytes)),
  },
];

/**
 * The learned optimizers, then the hand-made ones with their tuned settings; one whose tuning diverged
 * everywhere has none and cannot take part.
 */
export function lineup(
  tuned: readonly TunedBaseline[],
  learned: readonly Entrant[] = learnedEntrants(),
): Entrant[] {
  const handMade = tuned.flatMap(({ optimizer: name, options }): Entrant[] =>
    options
      ? [{ optimizer: name, kind: 'hand-made', specification: { kind: 'hand-made', name, options } }]
      : [],
  );
  return [...learned, ...handMade];
}

/**
 * The learned optimizers.
 *
 * @param weights files to use instead of the shipped weights, each `<optimizer>=<path>`
 * @throws UserError if one of these names no learned optimizer or one that another names too, cannot be read,
 *   or holds other weights.
 */
export function learnedEntrants(weights: readonly string[] = []): Entrant[] {
  const files = new Map<string, string>();
  for (const [optimizer, path] of weights.map((text) => weightsFile(text))) {
    if (files.has(optimizer))
      throw new UserError(`--weights names ${optimizer} twice; give one file for each optimizer`);
    files.set(optimizer, path);
  }
  return learnedOptimizers.map(({ optimizer, shipped, read }): Entrant => {
    const path = files.get(optimizer.toLowerCase());
    return {
      optimizer,
      kind: 'learned',
      specification: path === undefined ? shipped() : readWeightsFile(path, read).weights,
    };
  });
}

/** What one `--weights` of a command line says. */
function weightsFile(text: string): [optimizer: string, path: string] {
  const [optimizer, path] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  if (
    !text.includes('=') ||
    path === '' ||
    !learnedOptimizers.some((known) => known.optimizer.toLowerCase() === optimizer.toLowerCase())
  ) {
    throw new UserError(
      `--weights must be <optimizer>=<file> with one of ${learnedOptimizers.map((known) => known.optimizer).join(', ')}, but is "${printable(text, 200)}"`,
    );
  }
  return [optimizer.toLowerCase(), path];
}

/** The weights go to every rollout: on shared memory they travel as a reference. */
function lstmSpecification({ rule, weights }: TrainedRule): EntrantSpecification {
  return { kind: 'lstm', rule, weights: sharedCopy(weights) };
}

function psdSpecification({ weights }: TrainedPsd): EntrantSpecification {
  return { kind: 'psd', weights: { ...weights, lstm: sharedCopy(weights.lstm) } };
}
