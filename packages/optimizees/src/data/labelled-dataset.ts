import { checkArgument, UserError } from '@metadescent/core';

/**
 * Examples with class labels: a plain record of typed arrays, so that it can be sent to a worker (see
 * `shareDataset`).
 *
 * Example i (0 ≤ i < count) is stored row r = rows[i], or r = i without `rows`. Its inputs are offset +
 * scale·inputs[r, :], its class labels[r]. A view (`selectRows`, `splitDataset`) has its own `rows` and
 * shares the stored arrays.
 */
export interface LabelledDataset {
  readonly name: string;
  /** Number of examples. */
  readonly count: number;
  /** Numbers per example. */
  readonly inputSize: number;
  /** Number of classes: labels are 0 … classes − 1. */
  readonly classes: number;
  /**
   * What is stored: bytes for images, a quarter of the memory and of the traffic of floats [stored rows,
   * inputSize].
   */
  readonly inputs: Uint8Array | Float32Array;
  /** Default of the readers for bytes: 1/255, so that inputs lie in [0, 1]. */
  readonly scale: number;
  readonly offset: number;
  /** [stored rows] */
  readonly labels: Uint8Array;
  /** Stored rows of the examples [count]; absent when they are all rows in order. */
  readonly rows?: Uint32Array;
  /**
   * Channels, height and width, where an example is an image stored plane by plane, row by row; the product
   * is `inputSize`.
   */
  readonly imageShape?: readonly [channels: number, height: number, width: number];
}

/** What `labelledDataset` needs to know; the rest follows from it. */
export interface LabelledDatasetParts {
  readonly name: string;
  /** [count, inputSize] */
  readonly inputs: Uint8Array | Float32Array;
  /** [count] */
  readonly labels: Uint8Array;
  readonly classes: number;
  /** Default 1/255 for bytes, 1 for floats. */
  readonly scale?: number;
  /** Default 0. */
  readonly offset?: number;
  readonly imageShape?: readonly [channels: number, height: number, width: number];
}

/**
 * A data set of these arrays (kept, not copied), checked.
 *
 * @throws UserError if there are no examples, if lengths do not fit together, or if a label is not below `classes`.
 * @example
 * const inputs = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
 * labelledDataset({ name: 'xor', inputs, labels: Uint8Array.of(0, 1, 1, 0), classes: 2 }).inputSize // => 2
 */
export function labelledDataset(parts: LabelledDatasetParts): LabelledDataset {
  checkArgument(
    'labelledDataset',
    'the parts',
    parts,
    ['inputs', 'labels', 'classes'],
    'pass { name, inputs, labels, classes }',
  );
  const { name, inputs, labels, classes, imageShape } = parts;
  const bytes = inputs.BYTES_PER_ELEMENT === 1;
  const { scale = bytes ? 1 / 255 : 1, offset = 0 } = parts;
  const count = labels.length;
  const inputSize = inputs.length / count;
  const refuse = (what: string): never => {
    throw new UserError(`labelledDataset: "${name}" ${what}`);
  };
  if (count === 0) refuse('has no examples; give at least one label and its inputs');
  if (!Number.isInteger(inputSize) || inputSize === 0) {
    refuse(
      `has ${inputs.length} input numbers for ${count} labels, but must have the same whole number, at least 1, for each label`,
    );
  }
  if (!Number.isInteger(classes) || classes < 1 || classes > 256) {
    refuse(`must have 1 to 256 classes (labels are bytes), but has ${classes}`);
  }
  if (!Number.isFinite(scale) || !Number.isFinite(offset))
    refuse(`must have a finite scale and offset, but has ${scale} and ${offset}`);
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0)
    refuse(
      `must have labels below ${classes}, its number of classes, but label ${wrong} is ${labels[wrong]}`,
    );
  if (imageShape && imageShape.reduce((product, side) => product * side, 1) !== inputSize) {
    refuse(
      `has an image shape of [${imageShape}], but ${inputSize} numbers per example; their product must be equal`,
    );
  }
  return {
    name,
    count,
    inputSize,
    classes,
    inputs,
    scale,
    offset,
    labels,
    ...(imageShape && { imageShape }),
  };
}

/**
 * The view of some examples of `dataset`, by their indices there (repeats allowed); no inputs are copied.
 *
 * @param indices [at least 1]
 * @throws UserError if there are none, or if one is not below `dataset.count`.
 */
export function selectRows(
  dataset: LabelledDataset,
  indices: ArrayLike<number>,
  name: string,
): LabelledDataset {
  checkArgument(
    'selectRows',
    'the data set',
    dataset,
    ['inputs', 'labels', 'classes'],
    'pass a data set, such as labelledDataset gives',
  );
  checkArgument('selectRows', 'the indices', indices, ['length'], 'pass a list of row numbers');
  if (indices.length === 0)
    throw new UserError(`selectRows: "${name}" would have no examples; give at least one index`);
  const rows = new Uint32Array(indices.length);
  for (let i = 0; i < rows.length; i++) {
    const index = indices[i] as number;
    if (!Number.isInteger(index) || index < 0 || index >= dataset.count) {
      throw new UserError(
        `selectRows: indices must lie in [0, ${dataset.count}) for "${dataset.name}", but indices[${i}] is ${index}`,
      );
    }
    rows[i] = dataset.rows ? (dataset.rows[index] as number) : index;
  }
  return { ...dataset, name, count: rows.length, rows };
}

/** The class of example `index`. */
export function labelAt(dataset: LabelledDataset, index: number): number {
  return dataset.labels[dataset.rows ? (dataset.rows[index] as number) : index] as number;
}

/** How many examples each class has [classes]. */
export function classCounts(dataset: LabelledDataset): number[] {
  const counts = new Array<number>(dataset.classes).fill(0);
  for (let i = 0; i < dataset.count; i++) {
    const label = labelAt(dataset, i);
    counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}
