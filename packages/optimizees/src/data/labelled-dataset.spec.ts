import { describe, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import fc from 'fast-check';
import { gatherRows } from './gather-rows.js';
import { gaussianClusters } from './gaussian-clusters.js';
import {
  classCounts,
  labelAt,
  labelledDataset,
  selectRows,
  type LabelledDataset,
} from './labelled-dataset.js';
import { shareDataset } from './share-dataset.js';
import { splitDataset } from './split-dataset.js';

const bytes = labelledDataset({
  name: 'bytes',
  inputs: Uint8Array.from({ length: 7 * 3 }, (_, i) => (37 * i) % 256),
  labels: Uint8Array.of(0, 1, 2, 3, 0, 1, 2),
  classes: 4,
});

function gathered(dataset: LabelledDataset, indices: readonly number[]) {
  const [inputs, labels] = [
    new Float32Array(indices.length * dataset.inputSize),
    new Uint8Array(indices.length),
  ];
  gatherRows(dataset, Uint32Array.from(indices), inputs, labels);
  return { inputs, labels };
}

describe('gathering', () => {
  test('bytes come over 255, in the order asked for, repeats included', () => {
    const { inputs, labels } = gathered(bytes, [5, 0, 5]);
    expect(inputs).toBeAllClose(
      [15, 16, 17, 0, 1, 2, 15, 16, 17].map((i) => ((37 * i) % 256) / 255),
      { rtol: 1e-7 },
    );
    expect(Array.from(labels)).toEqual([1, 0, 1]);
  });

  test('any width, any affine map, bytes and floats: the numbers are those of the definition', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 13 }),
        fc.boolean(),
        fc.constantFrom([1, 0], [1 / 255, 0], [2, -1]),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }),
        (width, asBytes, [scale, offset], indices) => {
          const values = createKey(width).integers(5 * width, 256);
          const inputs = asBytes ? Uint8Array.from(values) : Float32Array.from(values);
          const labels = Uint8Array.of(0, 1, 2, 3, 4);
          const data = labelledDataset({
            name: 'd',
            inputs,
            labels,
            classes: 5,
            scale: scale!,
            offset: offset!,
          });
          const expected = indices.flatMap((index) =>
            Array.from(values.subarray(index * width, (index + 1) * width), (x) =>
              Math.fround(offset! + scale! * x),
            ),
          );
          const batch = gathered(data, indices);
          expect(Array.from(batch.inputs)).toEqual(expected);
          expect(Array.from(batch.labels)).toEqual(indices);
        },
      ),
    );
  });

  test('scale and offset apply to bytes and to floats', () => {
    const parts = { labels: Uint8Array.of(0, 0), classes: 1, scale: 2, offset: -1 };
    const whole = labelledDataset({ ...parts, name: 'whole', inputs: Uint8Array.of(1, 2) });
    const float = labelledDataset({ ...parts, name: 'float', inputs: Float32Array.of(0.5, 0.25) });
    expect(Array.from(gathered(whole, [0, 1]).inputs)).toEqual([1, 3]);
    expect(Array.from(gathered(float, [0, 1]).inputs)).toEqual([0, -0.5]);
  });

  test('floats without an affine map come as they are', () => {
    const float = labelledDataset({
      name: 'float',
      inputs: Float32Array.of(0.1, -7),
      labels: Uint8Array.of(0, 1),
      classes: 2,
    });
    expect(Array.from(gathered(float, [1, 0]).inputs)).toEqual([-7, Math.fround(0.1)]);
  });

  test('a view of a view gathers what the rows of rows say', () => {
    const view = selectRows(selectRows(bytes, [6, 4, 2], 'even'), [2, 0], 'two');
    expect(gathered(view, [0, 1])).toEqual(gathered(bytes, [2, 6]));
    expect(labelAt(view, 0)).toBe(2);
    expect(view.inputs).toBe(bytes.inputs);
  });
});

test('classCounts counts the examples of the view, not of the store', () => {
  expect(classCounts(bytes)).toEqual([2, 2, 2, 1]);
  expect(classCounts(selectRows(bytes, [0, 4, 3], 'some'))).toEqual([2, 0, 0, 1]);
});

test('a data set that does not fit together is refused by name', () => {
  const parts = { name: 'mine', inputs: new Uint8Array(6), labels: Uint8Array.of(0, 1), classes: 2 };
  expect(labelledDataset(parts).inputSize).toBe(3);
  expect(() => labelledDataset({ ...parts, inputs: new Uint8Array(5) })).toThrow(
    /"mine" has 5 input numbers for 2 labels/,
  );
  expect(() => labelledDataset({ ...parts, inputs: new Uint8Array(0) })).toThrow(/0 input numbers/);
  expect(() => labelledDataset({ ...parts, labels: new Uint8Array(0) })).toThrow(/no examples/);
  expect(() => labelledDataset({ ...parts, labels: Uint8Array.of(0, 2) })).toThrow(/label 1 is 2/);
  expect(() => labelledDataset({ ...parts, classes: 257 })).toThrow(/1 to 256 classes/);
  expect(() => labelledDataset({ ...parts, scale: NaN })).toThrow(/finite scale/);
  expect(() => labelledDataset({ ...parts, imageShape: [1, 2, 2] })).toThrow(
    /image shape of \[1,2,2\], but 3 numbers/,
  );
  expect(() => selectRows(bytes, [], 'none')).toThrow(/no examples/);
  expect(() => selectRows(bytes, [7], 'late')).toThrow(/indices\[0\] is 7/);
});

describe('splitting', () => {
  test('parts are disjoint, together hold everything, and have the sizes their shares say', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 300 }),
        fc.array(fc.double({ min: 0.1, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (count, shares, seed) => {
          const data = labelledDataset({
            name: 'd',
            inputs: new Uint8Array(count),
            labels: new Uint8Array(count),
            classes: 1,
          });
          const parts = splitDataset(
            data,
            Object.fromEntries(shares.map((share, i) => [`p${i}`, share])),
            createKey(seed),
          );
          const rows = Object.values(parts).flatMap((part) => Array.from(part.rows!));
          expect(rows.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
          const total = shares.reduce((sum, share) => sum + share, 0);
          shares.forEach((share, i) => {
            expect(Math.abs(parts[`p${i}`]!.count - (share / total) * count)).toBeLessThanOrEqual(1);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('shares that add up to the count are the sizes; the key decides who goes where', () => {
    const data = gaussianClusters(createKey(1), { count: 100 });
    const split = (seed: number) =>
      splitDataset(data, { train: 60, validation: 25, test: 15 }, createKey(seed));
    const { train, validation, test: held } = split(1);
    expect([train.count, validation.count, held.count]).toEqual([60, 25, 15]);
    expect(train.name).toBe('gaussian-clusters/train');
    expect(Array.from(split(1).train.rows!)).toEqual(Array.from(train.rows!));
    expect(Array.from(split(2).train.rows!)).not.toEqual(Array.from(train.rows!));
    expect(train.inputs).toBe(data.inputs);
  });

  test('a list of shares gives a list of parts, the same as names do', () => {
    const [a, b] = splitDataset(bytes, [4, 3], createKey(1));
    const named = splitDataset(bytes, { a: 4, b: 3 }, createKey(1));
    expect([a.rows, b.rows]).toEqual([named.a.rows, named.b.rows]);
    expect(b.name).toBe('bytes/1');
  });

  test('a part of a part stays within it', () => {
    const { train } = splitDataset(bytes, { train: 4, test: 3 }, createKey(1));
    const { a, b } = splitDataset(train, { a: 1, b: 1 }, createKey(2));
    expect([...a.rows!, ...b.rows!].toSorted()).toEqual(Array.from(train.rows!).toSorted());
  });

  test('empty parts and shares that are no shares are refused', () => {
    expect(() => splitDataset(bytes, { train: 1, test: 0.001 }, createKey(1))).toThrow(
      /part "test" of "bytes" would be empty/,
    );
    expect(() => splitDataset(bytes, { train: 1, test: -1 }, createKey(1))).toThrow(
      /share of part "test" must be positive/,
    );
    expect(() => splitDataset(bytes, { train: NaN }, createKey(1))).toThrow(/share of part "train"/);
  });
});

describe('sharing', () => {
  test('a clone, as a worker receives it, is the same memory', () => {
    const { train } = splitDataset(shareDataset(bytes), { train: 4, test: 3 }, createKey(1));
    const shared = shareDataset(train);
    const received = structuredClone(shared);
    expect(gathered(received, [0, 1, 2, 3])).toEqual(gathered(train, [0, 1, 2, 3]));
    shared.inputs[0] = 99;
    shared.rows![0] = 3;
    expect([received.inputs[0], received.rows![0]]).toEqual([99, 3]);
    expect(bytes.inputs[0]).toBe(0);
  });

  test('what is shared already is kept', () => {
    const shared = shareDataset(gaussianClusters(createKey(1)));
    expect(shareDataset(shared).inputs).toBe(shared.inputs);
    expect(shareDataset(structuredClone(shared)).inputs.buffer.constructor.name).toBe('SharedArrayBuffer');
    expect(shared.inputs).toBeInstanceOf(Float32Array);
  });
});

test('clusters: balanced classes, unit noise around centres of the spread asked for', () => {
  const data = gaussianClusters(createKey(3), { count: 4000, inputSize: 20, classes: 4, separation: 3 });
  expect(classCounts(data)).toEqual([1000, 1000, 1000, 1000]);
  const means = new Float64Array(4 * 20);
  for (let i = 0; i < 4000; i++)
    for (let k = 0; k < 20; k++) means[(i % 4) * 20 + k]! += data.inputs[i * 20 + k]! / 1000;
  let noise = 0;
  for (let i = 0; i < 4000; i++)
    for (let k = 0; k < 20; k++) noise += (data.inputs[i * 20 + k]! - means[(i % 4) * 20 + k]!) ** 2;
  expect(noise / (4000 * 20)).toBeCloseTo(1, 1);
  const spread = Math.sqrt(means.reduce((sum, m) => sum + m * m, 0) / means.length);
  expect(Math.abs(spread - 3)).toBeLessThan(3 * (4 / Math.sqrt(2 * 80)));
});
