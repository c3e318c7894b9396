import { UserError } from '@metadescent/core';
import { pretrained as pretrainedLstm, readTrainedRule, type TrainedRule } from '@metadescent/lstm-optimizer';
import { pretrained as pretrainedPsd, readWeights, type TrainedPsd } from '@metadescent/predicted-step-descent';
import type { OptimizerKind } from '@metadescent/reporting';
import { sharedCopy } from '@metadescent/runtime';
import { readFileSync } from 'node:fs';
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
  { optimizer: 'PSD', shipped: () => psdSpecification(pretrainedPsd('psd')), read: (bytes) => psdSpecification(readWeights(bytes)) },
  { optimizer: 'PSD-N', shipped: () => psdSpecification(pretrainedPsd('psd-normalised')), read: (bytes) => psdSpecification(readWeights(bytes)) },
  { optimizer: 'PSD+', shipped: () => psdSpecification(pretrainedPsd('psd-plus')), read: (bytes) => psdSpecification(readWeights(bytes)) },
  {
    optimizer: 'L2LBGDBGD',
    shipped: () => lstmSpecification(pretrainedLstm('l2l-48')),
    read: (bytes) => lstmSpecification(readTrainedRule(bytes)),
  },
];

/**
 * The learned optimizers, then the hand-made ones with their tuned settings; one whose tuning diverged everywhere has none and cannot take part.
 *
 * @param weights files to use instead of the shipped weights, each `<optimizer>=<path>`
 * @throws UserError if one of these names no learned optimizer, cannot be read or holds other weights.
 */
export function lineup(tuned: readonly TunedBaseline[], weights: readonly string[] = []): Entrant[] {
  const files = new Map(weights.map((text) => weightsFile(text)));
  const learned = learnedOptimizers.map(({ optimizer, shipped, read }): Entrant => {
    const path = files.get(optimizer.toLowerCase());
    return { optimizer, kind: 'learned', specification: path === undefined ? shipped() : read(bytesOf(path)) };
  });
  const handMade = tuned.flatMap(({ optimizer: name, options }): Entrant[] =>
    options ? [{ optimizer: name, kind: 'hand-made', specification: { kind: 'hand-made', name, options } }] : [],
  );
  return [...learned, ...handMade];
}

/** The option of a command line that `lineup` takes, checked before any work starts. */
export function weightsFile(text: string): [optimizer: string, path: string] {
  const [optimizer, path] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  if (!text.includes('=') || path === '' || !learnedOptimizers.some((known) => known.optimizer.toLowerCase() === optimizer.toLowerCase())) {
    throw new UserError(`--weights must be <optimizer>=<file> with one of ${learnedOptimizers.map((known) => known.optimizer).join(', ')}, but is "${text}"`);
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

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(`cannot read the weights ${path} (${code ?? message}); give a .safetensors file written by \`metadescent train\``);
  }
}
