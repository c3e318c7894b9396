import { optimizerNamed, printable, readSafetensors, UserError, type TensorFile } from '@metadescent/core';
import type { Entrant } from '@metadescent/evaluation';
import {
  pretrained as pretrainedLstm,
  writeTrainedRule,
  type TrainedRule,
} from '@metadescent/lstm-optimizer';
import { baselineOptimizers } from '@metadescent/optimizers';
import { pretrained as pretrainedPsd, weightsToTensors } from '@metadescent/predicted-step-descent';
import { knownOptimizers } from '../known-optimizers.js';
import { onSharedMemory } from '../lineup.js';
import { readWeightsFile } from '../weights-file.js';
import type { TunedBaseline } from './tuning.js';

/** A learned optimizer of the comparison. */
interface LearnedOptimizer {
  /** Its name in figures and tables. */
  readonly label: string;
  /** In the registry. */
  readonly name: string;
  /** The weights that ship: they decide which results on the disk are still valid. */
  shipped(): TensorFile;
}

const learnedOptimizers: readonly LearnedOptimizer[] = [
  { label: 'PSD', name: 'psd', shipped: () => weightsToTensors(pretrainedPsd('psd').weights) },
  {
    label: 'PSD-N',
    name: 'psd-normalised',
    shipped: () => weightsToTensors(pretrainedPsd('psd-normalised').weights),
  },
  { label: 'PSD+', name: 'psd-plus', shipped: () => weightsToTensors(pretrainedPsd('psd-plus').weights) },
  { label: 'L2LBGDBGD', name: 'l2l-48', shipped: () => l2lWeights(pretrainedLstm('l2l-48')) },
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
    options ? [{ label: name, class: baselineOptimizers[name].class, specification: { name, options } }] : [],
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
  return learnedOptimizers.map(({ label, name, shipped }): Entrant => {
    const path = files.get(label.toLowerCase());
    const weights =
      path === undefined ? shipped() : readWeightsFile(path, (bytes) => weightsOf(name, bytes)).weights;
    return { label, class: 'learned', specification: { name, weights: onSharedMemory(weights) } };
  });
}

/** What one `--weights` of a command line says. */
function weightsFile(text: string): [optimizer: string, path: string] {
  const [optimizer, path] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  if (
    !text.includes('=') ||
    path === '' ||
    !learnedOptimizers.some((known) => known.label.toLowerCase() === optimizer.toLowerCase())
  ) {
    throw new UserError(
      `--weights must be <optimizer>=<file> with one of ${learnedOptimizers.map((known) => known.label).join(', ')}, but is "${printable(text, 200)}"`,
    );
  }
  return [optimizer.toLowerCase(), path];
}

/** Checked against the rule that is to use them. */
function weightsOf(name: string, bytes: Uint8Array): TensorFile {
  const weights = readSafetensors(bytes);
  optimizerNamed(knownOptimizers, name).describe?.({ name, weights });
  return weights;
}

function l2lWeights({ rule, weights }: TrainedRule): TensorFile {
  return readSafetensors(writeTrainedRule(rule, weights, {}));
}
