import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { writeIdx } from '../testing/idx-writer.js';
import { DatasetFormatError } from './dataset-format-error.js';
import { idxDataset, parseIdx } from './idx.js';

describe('parseIdx', () => {
  test('bytes of any shape, as a view of the file', () => {
    const bytes = writeIdx([2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
    const { shape, data } = parseIdx(bytes);
    expect(shape).toEqual([2, 2, 3]);
    expect(Array.from(data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
    expect(data.buffer).toBe(bytes.buffer);
  });

  test('a file that is itself a view of a larger buffer', () => {
    const file = writeIdx([3], [7, 8, 9]);
    const shifted = new Uint8Array(file.length + 5);
    shifted.set(file, 5);
    expect(Array.from(parseIdx(shifted.subarray(5)).data)).toEqual([7, 8, 9]);
  });

  test.each<[string, number, (view: DataView, at: number) => void, number[]]>([
    ['signed bytes', 0x09, (view, at) => [view.setInt8(at, -2), view.setInt8(at + 1, 3)], [-2, 3]],
    [
      'short integers',
      0x0b,
      (view, at) => [view.setInt16(at, -300), view.setInt16(at + 2, 258)],
      [-300, 258],
    ],
    ['integers', 0x0c, (view, at) => [view.setInt32(at, -70_000), view.setInt32(at + 4, 1)], [-70_000, 1]],
    [
      'single-precision floats',
      0x0d,
      (view, at) => [view.setFloat32(at, 0.5), view.setFloat32(at + 4, -2)],
      [0.5, -2],
    ],
    [
      'double-precision floats',
      0x0e,
      (view, at) => [view.setFloat64(at, 0.1), view.setFloat64(at + 8, -2)],
      [0.1, -2],
    ],
  ])('%s are big-endian', (_, code, write, values) => {
    const size = { 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }[code]!;
    const bytes = new Uint8Array(8 + 2 * size);
    bytes.set([0, 0, code, 1, 0, 0, 0, 2]);
    write(new DataView(bytes.buffer), 8);
    expect(Array.from(parseIdx(bytes).data)).toEqual(values);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /0 bytes.*empty or truncated/],
    ['another magic number', Uint8Array.of(1, 2, 8, 1, 0, 0, 0, 0), /magic number is 0x01020801/],
    ['an unknown type', Uint8Array.of(0, 0, 0x0a, 1, 0, 0, 0, 0), /magic number is 0x00000a01/],
    ['no dimensions', Uint8Array.of(0, 0, 8, 0), /magic number is 0x00000800/],
    ['half a header', Uint8Array.of(0, 0, 8, 3, 0, 0), /header has 16 bytes, but the file only 6/],
    [
      'one byte too few',
      writeIdx([2, 3], new Uint8Array(6)).subarray(0, 17),
      /shape \[2,3\] has 18 bytes, but this one has 17; it is truncated/,
    ],
    ['one byte too many', writeIdx([2, 3], new Uint8Array(7)), /followed by something else/],
    [
      'dimensions whose product overflows',
      writeIdx(new Array<number>(40).fill(2 ** 32 - 1), []),
      /truncated/,
    ],
    [
      'a zip archive',
      Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0),
      /the bytes are a zip archive; unpack it first \(unzip\)/,
    ],
    ['a gzip stream', gzipSync(writeIdx([1], [1])), /gzip-compressed.*optimizees\/node/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => parseIdx(bytes)).toThrow(DatasetFormatError);
    expect(() => parseIdx(bytes)).toThrow(message);
  });
});

describe('idxDataset', () => {
  const images = parseIdx(writeIdx([3, 2, 2], [0, 51, 102, 153, 1, 2, 3, 4, 5, 6, 7, 8]));
  const labels = parseIdx(writeIdx([3], [1, 0, 4]));

  test('images and labels become a data set over 255; the classes are those seen unless told', () => {
    const dataset = idxDataset(images, labels, { name: 'tiny' });
    expect(dataset).toMatchObject({
      name: 'tiny',
      count: 3,
      inputSize: 4,
      classes: 5,
      scale: 1 / 255,
      offset: 0,
      imageShape: [1, 2, 2],
    });
    expect(idxDataset(images, labels, { name: 'tiny', classes: 10 }).classes).toBe(10);
  });

  /** The three labels 1, 0 and `last`, big-endian, in numbers of this type. */
  const wider = (code: number, size: number, last: number) => {
    const bytes = new Uint8Array(8 + 3 * size);
    bytes.set([0, 0, code, 1, 0, 0, 0, 3]);
    const view = new DataView(bytes.buffer);
    [1, 0, last].forEach((label, i) => {
      if (code === 0x09) view.setInt8(8 + i, label);
      if (code === 0x0b) view.setInt16(8 + 2 * i, label);
      if (code === 0x0c) view.setInt32(8 + 4 * i, label);
      if (code === 0x0d) view.setFloat32(8 + 4 * i, label);
    });
    return parseIdx(bytes);
  };

  test('labels may be wider integers than bytes', () => {
    for (const [code, size] of [
      [0x09, 1],
      [0x0b, 2],
      [0x0c, 4],
    ] as const) {
      const dataset = idxDataset(images, wider(code, size, 4), { name: 'x' });
      expect([dataset.count, dataset.classes]).toEqual([3, 5]);
      expect(dataset.labels).toEqual(Uint8Array.of(1, 0, 4));
    }
    expect(() => idxDataset(images, wider(0x0c, 4, 256), { name: 'x' })).toThrow(
      /0 to 255, but label 2 of these 32-bit integers is 256/,
    );
    expect(() => idxDataset(images, wider(0x09, 1, -1), { name: 'x' })).toThrow(
      /label 2 of these signed bytes is -1/,
    );
    expect(() => idxDataset(images, wider(0x0d, 4, 1), { name: 'x' })).toThrow(
      /must be integers, but are 32-bit floats/,
    );
    expect(() => idxDataset(wider(0x0c, 4, 1), labels, { name: 'x' })).toThrow(
      /images must be unsigned bytes .*, but are 32-bit integers of shape \[3\]/,
    );
  });

  test('a pair that does not belong together is refused', () => {
    const make = (i: typeof images, l: typeof labels, classes?: number) => () =>
      idxDataset(i, l, { name: 'x', ...(classes && { classes }) });
    expect(make(labels, images)).toThrow(/are images and labels swapped/);
    expect(make(labels, labels)).toThrow(/at least two dimensions/);
    expect(make(images, parseIdx(writeIdx([2], [0, 1])))).toThrow(/3 images, but 2 labels/);
    expect(make(images, labels, 4)).toThrow(/labels must be below 4, but label 2 is 4/);
    expect(make(parseIdx(writeIdx([0, 2, 2], [])), parseIdx(writeIdx([0], [])))).toThrow(/no images/);
    expect(make(images, labels, 4)).toThrow(DatasetFormatError);
  });
});
