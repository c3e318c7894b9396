import { deflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { UserError } from '@metadescent/core';
import { inflateWithin } from '../node/data-file.js';
import { writeMat, type WrittenArray } from '../testing/matlab-writer.js';
import { DatasetFormatError } from './dataset-format-error.js';
import { parseTfd } from './tfd.js';

/** Unpacks what a test packed. */
const inflate = inflateWithin(2 ** 24);

const SIDE = 3;
const EXPRESSIONS = [1, -1, 7, 3, 2, -1, 5];
const COUNT = EXPRESSIONS.length;
/** Row n: the set of image n in each of five splits. */
const FOLDS = EXPRESSIONS.map((expression, n) =>
  expression < 0 ? [0, 0, 0, 0, 0] : [0, 1, 2, 3, 4].map((f) => ((n + f) % 3) + 1),
);
const pixel = (n: number, row: number, column: number): number => 30 * n + 10 * row + column;

/** Column-major values of an array of this shape. */
function columnMajor(shape: readonly number[], value: (...index: number[]) => number): number[] {
  const count = shape.reduce((product, side) => product * side, 1);
  return Array.from({ length: count }, (_, at) => {
    let rest = at;
    return value(
      ...shape.map((side) => {
        const i = rest % side;
        rest = (rest - i) / side;
        return i;
      }),
    );
  });
}

const images = (shape = [COUNT, SIDE, SIDE]): WrittenArray => ({
  name: 'images',
  shape,
  values: columnMajor(shape, (a, b, c) => (shape[0] === COUNT ? pixel(a!, b!, c!) : pixel(c!, a!, b!))),
  classCode: 9,
  storedType: 2,
});
const labels = (values = EXPRESSIONS, shape = [COUNT, 1]): WrittenArray => ({
  name: 'labs_ex',
  shape,
  values,
  classCode: 6,
  storedType: 1,
});
const identities: WrittenArray = {
  name: 'labs_id',
  shape: [COUNT, 1],
  values: EXPRESSIONS.map(() => 9),
  classCode: 6,
  storedType: 1,
};
const folds = (shape = [COUNT, 5], value = (n: number, f: number) => FOLDS[n]![f]!): WrittenArray => ({
  name: 'folds',
  shape,
  values: columnMajor(shape, (a, b) => (shape[0] === COUNT ? value(a!, b!) : value(b!, a!))),
  classCode: 6,
  storedType: 2,
});
const file = (...changes: WrittenArray[]): Uint8Array => {
  const standard = [images(), labels(), identities, folds()];
  return writeMat(standard.map((array) => changes.find(({ name }) => name === array.name) ?? array));
};

describe('parseTfd', () => {
  test('the images of a split, upright, with expressions from 0', () => {
    const dataset = parseTfd(file(), { fold: 1, sets: ['train'] });
    const chosen = [0, 3, 6]; // n % 3 = 0, all labelled
    expect(dataset).toMatchObject({ name: 'tfd', count: 3, inputSize: 9, classes: 7, imageShape: [1, 3, 3] });
    expect(Array.from(dataset.labels)).toEqual(chosen.map((n) => EXPRESSIONS[n]! - 1));
    expect(Array.from(dataset.inputs)).toEqual(
      chosen.flatMap((n) => [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => pixel(n, row, column)))),
    );
  });

  test('the default is training and validation of the first split; other splits choose others', () => {
    const labelsOf = (...rest: [Parameters<typeof parseTfd>[1]?]) =>
      Array.from(parseTfd(file(), ...rest).labels, (label) => label + 1);
    expect(labelsOf()).toEqual([0, 3, 4, 6].map((n) => EXPRESSIONS[n]));
    expect(labelsOf({ fold: 2 })).toEqual(
      [0, 2, 3, 6].filter((n) => (n + 1) % 3 < 2).map((n) => EXPRESSIONS[n]),
    );
    expect(labelsOf({ fold: 1, sets: ['test'] })).toEqual([2].map((n) => EXPRESSIONS[n]));
    expect(labelsOf({ sets: ['train', 'validation', 'test'] })).toEqual(
      EXPRESSIONS.filter((expression) => expression > 0),
    );
  });

  test('transposed variables and compressed ones are the same data set', () => {
    const transposed = file(images([SIDE, SIDE, COUNT]), labels(EXPRESSIONS, [1, COUNT]), folds([5, COUNT]));
    expect(parseTfd(transposed)).toEqual(parseTfd(file()));
    const compressed = writeMat(
      [images(), labels(), identities, folds()].map((array) => ({ ...array, deflate: deflateSync })),
    );
    expect(parseTfd(compressed, {}, inflate)).toEqual(parseTfd(file()));
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'a missing variable',
      writeMat([labels(), folds(), identities]),
      /no variable `images` \(others: labs_id\).*TFD_48x48\.mat/,
    ],
    [
      'a variable of another kind',
      file({ ...folds(), classCode: 4 }),
      /`folds` must be an array of numbers, but is text/,
    ],
    [
      'images of another count',
      file(images([COUNT + 1, SIDE, SIDE])),
      /`images` must be \[7, side, side\].*but is \[8,3,3\]/,
    ],
    ['images that are not square', file(images([COUNT, 2, 3])), /`images` must be/],
    ['a label matrix', file(labels([...EXPRESSIONS, 1], [2, 4])), /`labs_ex` must be one list/],
    ['folds of another count', file(folds([COUNT, 4])), /`folds` must be \[7, 5\]/],
    [
      'a set that does not exist',
      file(folds([COUNT, 5], () => 4)),
      /`folds` must hold 0, 1, 2 or 3, but row 1 has 4/,
    ],
    [
      'an image of a split without a label',
      file(folds([COUNT, 5], () => 1)),
      /must be 1 to 7.*image 2 has -1/,
    ],
    ['an expression out of range', file(labels(EXPRESSIONS.map(() => 8))), /must be 1 to 7.*has 8/],
    [
      'pixels that are no bytes',
      file({ ...images(), classCode: 6, storedType: 9, values: images().values.map((v) => v / 2) }),
      /must hold bytes/,
    ],
    ['an empty split', file(folds([COUNT, 5], () => 0)), /fold 1 has no images for train and validation/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => parseTfd(bytes)).toThrow(DatasetFormatError);
    expect(() => parseTfd(bytes)).toThrow(message);
  });

  test('options out of range are the user’s', () => {
    expect(() => parseTfd(file(), { fold: 0 })).toThrow(UserError);
    expect(() => parseTfd(file(), { fold: 6 })).toThrow(/parseTfd: invalid options[\s\S]*fold/);
  });
});
