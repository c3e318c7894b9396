import { checkArgument, parseOptions, printable } from '@metadescent/core';
import * as z from 'zod/mini';
import { labelledDataset, type LabelledDataset } from '../data/labelled-dataset.js';
import { DatasetFormatError } from './dataset-format-error.js';
import { parseMat, type MatArray, type MatFile, type MatOptions } from './matlab.js';

/** Values of the variable `folds`. 0 is for images without a label. */
const SETS = { train: 1, validation: 2, test: 3 } as const;

/** The options of `parseTfd`. */
export const tfdOptionsSchema = z.strictObject({
  /** Which of the five official splits, from 1 as in MATLAB. */
  fold: z._default(z.int().check(z.minimum(1), z.maximum(5)), 1),
  /**
   * Which sets of that split. Li & Malik 2017, §4, speak of 3,300 images; the data set has 4,178 labelled
   * ones in all, of which about that many are for training and validation together, so that is the default.
   */
  sets: z._default(z.array(z.enum(['train', 'validation', 'test'])).check(z.minLength(1)), [
    'train',
    'validation',
  ]),
});
export type TfdOptions = z.input<typeof tfdOptionsSchema>;

/**
 * Parses the Toronto Faces Dataset (Susskind, Anderson & Hinton 2010), `TFD_48x48.mat` or `TFD_96x96.mat`:
 * grey images and seven expressions.
 *
 * It reads the variables `images` [N, side, side] or [side, side, N] (bytes), `labs_ex` [N] (expression 1–7,
 * −1 where there is none) and `folds` [N, 5] (1 training, 2 validation, 3 test, 0 unlabelled). Class c of the
 * result is expression c + 1. Only the images asked for are kept.
 *
 * @param bytes the whole file
 * @param inflate unpacks compressed variables (see `MatOptions`)
 * @throws UserError if an option is out of range; DatasetFormatError if a variable is missing or has other
 *   shapes or values than these.
 */
export function parseTfd(
  bytes: Uint8Array,
  options: TfdOptions = {},
  inflate?: MatOptions['inflate'],
): LabelledDataset {
  checkArgument(
    'parseTfd',
    'the bytes',
    bytes,
    ['buffer', 'length'],
    'pass a Uint8Array with the bytes of the file',
  );
  const { fold, sets } = parseOptions('parseTfd', tfdOptionsSchema, options);
  const file = parseMat(bytes, { variables: ['images', 'labs_ex', 'folds'], ...(inflate && { inflate }) });
  const [images, expressions, folds] = [
    variable(file, 'images'),
    variable(file, 'labs_ex'),
    variable(file, 'folds'),
  ];

  const count = expressions.data.length;
  if (expressions.shape.some((side) => side !== 1 && side !== count))
    fail(`\`labs_ex\` must be one list, but has the dimensions [${expressions.shape}]`);
  const foldAt = foldReader(folds, count);
  const { side, pixelAt } = imageReader(images, count);

  const codes = new Set<number>(sets.map((set) => SETS[set]));
  const chosen: number[] = [];
  for (let n = 0; n < count; n++) {
    const code = foldAt(n, fold - 1);
    if (![0, 1, 2, 3].includes(code)) fail(`\`folds\` must hold 0, 1, 2 or 3, but row ${n + 1} has ${code}`);
    if (codes.has(code)) chosen.push(n);
  }
  if (chosen.length === 0) fail(`fold ${fold} has no images for ${sets.join(' and ')}`);

  const inputs = new Uint8Array(chosen.length * side * side);
  const labels = new Uint8Array(chosen.length);
  chosen.forEach((n, i) => {
    const expression = expressions.data[n] as number;
    if (![1, 2, 3, 4, 5, 6, 7].includes(expression))
      fail(`\`labs_ex\` must be 1 to 7 for images of a fold, but image ${n + 1} has ${expression}`);
    labels[i] = expression - 1;
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const pixel = images.data[pixelAt(n, row, column)] as number;
        const at = (i * side + row) * side + column;
        inputs[at] = pixel;
        if (inputs[at] !== pixel) fail(`\`images\` must hold bytes, but image ${n + 1} has ${pixel}`);
      }
    }
  });
  return labelledDataset({ name: 'tfd', inputs, labels, classes: 7, imageShape: [1, side, side] });
}

function variable(file: MatFile, name: string): MatArray {
  const array = file.arrays.get(name);
  if (array) return array;
  const [skipped, others] = [file.skipped.get(name), [...file.skipped.keys()]];
  if (skipped) return fail(`\`${name}\` must be an array of numbers, but is ${skipped}`);
  return fail(
    `there is no variable \`${name}\` (others: ${printable(others.join(', '), 200) || 'none'}); give TFD_48x48.mat, ` +
      'not the file with the information alone',
  );
}

/** Where the split of image n and fold f (both from 0) lies: `folds` is [N, 5] or its transpose. */
function foldReader({ shape, data }: MatArray, count: number): (n: number, f: number) => number {
  const [rows, columns] = shape;
  if (shape.length === 2 && rows === count && columns === 5) return (n, f) => data[n + count * f] as number;
  if (shape.length === 2 && rows === 5 && columns === count) return (n, f) => data[f + 5 * n] as number;
  return fail(`\`folds\` must be [${count}, 5], a row for each label, but is [${shape}]`);
}

/** Where the pixels lie: images are [N, side, side] as published, or [side, side, N]. */
function imageReader(
  { shape }: MatArray,
  count: number,
): { side: number; pixelAt: (n: number, row: number, column: number) => number } {
  // MATLAB drops a last dimension of 1.
  const [a = 1, b = 1, c = 1, ...rest] = shape;
  if (rest.length === 0 && a === count && b === c && b > 0)
    return { side: b, pixelAt: (n, row, column) => n + a * (row + b * column) };
  if (rest.length === 0 && c === count && a === b && a > 0)
    return { side: a, pixelAt: (n, row, column) => row + a * (column + b * n) };
  return fail(`\`images\` must be [${count}, side, side], an image for each label, but is [${shape}]`);
}

function fail(what: string): never {
  throw new DatasetFormatError(`TFD: ${what}`);
}
