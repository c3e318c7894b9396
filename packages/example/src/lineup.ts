import {
  optimizerOfWeights,
  readSafetensors,
  UserError,
  type OptimizerEntry,
  type TensorFile,
} from '@metadescent/core';
import { entrantNamed, type Entrant } from '@metadescent/evaluation';
import type { KernelEngine } from '@metadescent/kernels';
import { baselineOptimizers } from '@metadescent/optimizers';
import { sharedCopy } from '@metadescent/runtime';
import type { Experiment } from './experiments/experiment.js';
import { knownOptimizers } from './known-optimizers.js';
import { readWeightsFile } from './weights-file.js';

/** Where the weights of a learned entrant come from. */
export type WeightsSource =
  | { readonly optimizer: string; readonly shipped: string }
  | { readonly optimizer: string; readonly path: string; readonly sha256: string };

/** The optimizers that an evaluation compares, in the order of its table. */
export interface Lineup {
  readonly entrants: readonly Entrant[];
  /** Of the learned ones. */
  readonly weights: readonly WeightsSource[];
}

/** What a command line says of the optimizers to compare. */
export interface LineupOptions {
  /** Names, such as `psd-plus,adam+linear,muon`; default: the experiment's learned optimizer and the papers' baselines. */
  readonly optimizers?: string;
  /** Weights files: without names they take the place of the experiment's learned optimizer, with names they are added. */
  readonly weights?: readonly string[];
}

/** The hand-made rules of the two papers, in the order of the tables. */
export function paperBaselines(horizon: number): Entrant[] {
  return Object.keys(baselineOptimizers).map((name) => entrantNamed(knownOptimizers, name, horizon));
}

/** The learned optimizer of an experiment, with weights that ship or with others. */
export function learnedEntrant(
  { pretrained }: Pick<Experiment, 'pretrained'>,
  weights?: TensorFile,
): Entrant {
  const name = pretrained.startsWith('l2l-') ? pretrained : `l2l-${pretrained}`;
  return {
    label: 'lstm',
    class: 'learned',
    specification: weights ? { name: 'lstm', weights: onSharedMemory(weights) } : { name },
  };
}

/**
 * The optimizers that a command line asks for, their weights read and checked.
 *
 * @throws UserError if a name is unknown or given twice, or weights cannot be read or are of no rule here.
 */
export function lineupOf(
  experiment: Pick<Experiment, 'pretrained' | 'horizon'>,
  { optimizers, weights: paths = [] }: LineupOptions,
): Lineup {
  const { horizon } = experiment;
  const files = paths.map((path) => readWeightsFile(path, parseWeights));
  const named = optimizers === undefined ? undefined : namedEntrants(optimizers, horizon);
  const labels = new Set(named?.map(({ label }) => label));
  const sources: WeightsSource[] = [];
  const fromFiles = files.map(({ weights: { entry, file }, path, sha256 }): Entrant => {
    const label = freeLabel(entry.name, labels);
    labels.add(label);
    sources.push({ optimizer: label, path, sha256 });
    return { label, class: entry.class, specification: { name: entry.name, weights: onSharedMemory(file) } };
  });
  if (named) {
    const shipped = named.filter((entrant) => entrant.class === 'learned');
    return {
      entrants: [...named, ...fromFiles],
      weights: [
        ...shipped.map(({ label, specification: { name } }) => ({ optimizer: label, shipped: name })),
        ...sources,
      ],
    };
  }
  const own = learnedEntrant(experiment);
  return fromFiles.length > 0
    ? { entrants: [...fromFiles, ...paperBaselines(horizon)], weights: sources }
    : {
        entrants: [own, ...paperBaselines(horizon)],
        weights: [{ optimizer: own.label, shipped: own.specification.name }],
      };
}

/** The learned entrants that are run for more steps than their weights were trained for, a sentence each. */
export function horizonWarnings(entrants: readonly Entrant[], horizon: number): string[] {
  return entrants.flatMap(({ label, specification }) => {
    const trained = knownOptimizers.get(specification.name)?.trainedHorizon?.(specification);
    return trained !== undefined && trained < horizon ? [horizonSentence(label, trained, horizon)] : [];
  });
}

export function horizonSentence(label: string, trained: number, horizon: number): string {
  return `${label} was trained for ${trained} steps and is run for ${horizon}, beyond what it knows.`;
}

function namedEntrants(text: string, horizon: number): Entrant[] {
  const entrants = text.split(',').map((name) => {
    try {
      const entrant = entrantNamed(knownOptimizers, name.trim(), horizon);
      // What has no weights of its own says so now.
      knownOptimizers.get(entrant.specification.name)?.describe?.(entrant.specification);
      return entrant;
    } catch (error) {
      throw error instanceof UserError ? new UserError(`--optimizers: ${error.message}`) : error;
    }
  });
  const twice = entrants.find(({ label }, i) => entrants.some((other, j) => j < i && other.label === label));
  if (twice) throw new UserError(`--optimizers names ${twice.label} twice; name each optimizer once`);
  return entrants;
}

function parseWeights(bytes: Uint8Array): {
  readonly entry: OptimizerEntry<KernelEngine>;
  readonly file: TensorFile;
} {
  const file = readSafetensors(bytes);
  const entry = optimizerOfWeights(knownOptimizers, file);
  entry.describe?.({ name: entry.name, weights: file });
  return { entry, file };
}

/** `psd`, or `psd-2` where that is taken. */
function freeLabel(name: string, taken: ReadonlySet<string>): string {
  for (let n = 1; ; n++) {
    const label = n === 1 ? name : `${name}-${n}`;
    if (!taken.has(label)) return label;
  }
}

/** Weights go to every rollout: on shared memory they travel as a reference. */
export function onSharedMemory({ tensors, metadata }: TensorFile): TensorFile {
  return {
    metadata,
    tensors: Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: sharedCopy(tensor.data) }]),
    ),
  };
}
