import { expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { typescriptEngine, type KernelEngine } from '@metadescent/kernels';
import { gaussianClusters } from './gaussian-clusters.js';
import { labelAt, labelledDataset, selectRows } from './labelled-dataset.js';
import { projectAndStandardise } from './project-and-standardise.js';

const images = labelledDataset({
  name: 'images',
  inputs: Uint8Array.from(createKey(1).integers(300 * 40, 256)),
  labels: Uint8Array.from(createKey(2).integers(300, 5)),
  classes: 5,
});
const columns = (values: Float32Array | Uint8Array, k: number) =>
  Array.from({ length: k }, (_, m) =>
    Array.from({ length: values.length / k }, (_, i) => values[i * k + m]!),
  );

test('every dimension has mean 0 and variance 1; examples and labels keep their order', () => {
  const result = projectAndStandardise(images, { dimensions: 6, key: createKey(3) });
  for (const column of columns(result.inputs, 6)) {
    const mean = column.reduce((a, b) => a + b) / column.length;
    const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / column.length;
    expect(mean).toBeCloseTo(0, 6);
    expect(variance).toBeCloseTo(1, 5);
  }
  expect([result.count, result.inputSize, result.classes]).toEqual([300, 6, 5]);
  expect(Array.from(result.labels)).toEqual(Array.from(images.labels));
  expect(result.imageShape).toBeUndefined();
});

test('the result is linear in the inputs: differences of examples project as the examples do', () => {
  // Example 2 is the mean of examples 0 and 1, so its image is the mean of theirs; standardising is affine
  // and keeps that.
  const inputs = Float32Array.from(createKey(5).normal(20 * 8));
  for (let k = 0; k < 8; k++) inputs[16 + k] = (inputs[k]! + inputs[8 + k]!) / 2;
  const data = labelledDataset({ name: 'affine', inputs, labels: new Uint8Array(20), classes: 1 });
  const { inputs: out } = projectAndStandardise(data, { dimensions: 3, key: createKey(6) });
  expect(out.subarray(6, 9)).toBeAllClose(
    [0, 1, 2].map((m) => (out[m]! + out[3 + m]!) / 2),
    { atol: 1e-6 },
  );
});

test('before standardising, a projection keeps squared lengths on average: its entries have variance 1/d', () => {
  // The rows of the identity are projected to the entries of P itself; an engine that keeps them shows P
  // before standardising.
  let entries = new Float32Array(0);
  const watching: KernelEngine = {
    ...typescriptEngine(),
    gemm(options) {
      typescriptEngine().gemm(options);
      entries = options.c.slice();
    },
  };
  const d = 64;
  const identity = new Float32Array(d * d);
  for (let i = 0; i < d; i++) identity[i * d + i] = 1;
  const data = labelledDataset({ name: 'identity', inputs: identity, labels: new Uint8Array(d), classes: 1 });
  projectAndStandardise(data, { dimensions: 50, key: createKey(7), engine: watching });
  const variance = entries.reduce((sum, x) => sum + x * x, 0) / entries.length;
  expect(variance * d).toBeGreaterThan(0.93);
  expect(variance * d).toBeLessThan(1.07);
});

test('equal keys give equal bits, other keys other projections', () => {
  const run = (seed: number) =>
    Array.from(projectAndStandardise(images, { dimensions: 4, key: createKey(seed) }).inputs);
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
});

test('chunks do not show: a set of many chunks projects as its rows do', () => {
  const d = 2 ** 21 + 1; // one row per chunk
  const inputs = new Uint8Array(3 * d);
  inputs.set([255, 0, 0], 0);
  inputs.set([0, 255, 0], d);
  inputs.set([0, 0, 255], 2 * d);
  const wide = labelledDataset({ name: 'wide', inputs, labels: Uint8Array.of(0, 1, 2), classes: 3 });
  const { inputs: out } = projectAndStandardise(wide, { dimensions: 1, key: createKey(8) });
  const p = createKey(8).normal(3);
  const mean = (p[0]! + p[1]! + p[2]!) / 3;
  const sd = Math.sqrt(p.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3);
  expect(out).toBeAllClose(
    p.map((x) => (x - mean) / sd),
    { rtol: 1e-4, atol: 1e-5 },
  );
});

test('a view is projected by its own rows', () => {
  const view = selectRows(images, [9, 4, 200, 7], 'view');
  const copy = labelledDataset({
    name: 'copy',
    inputs: Uint8Array.from(
      [9, 4, 200, 7].flatMap((i) => Array.from(images.inputs.subarray(40 * i, 40 * i + 40))),
    ),
    labels: Uint8Array.from([9, 4, 200, 7], (i) => labelAt(images, i)),
    classes: 5,
  });
  const options = { dimensions: 2, key: createKey(9) };
  const [a, b] = [projectAndStandardise(view, options), projectAndStandardise(copy, options)];
  expect(a.inputs).toEqual(b.inputs);
  expect(a.labels).toEqual(b.labels);
});

test('what has no variance is refused, and so are dimensions that are none', () => {
  const one = selectRows(images, [0], 'one');
  const equal = selectRows(images, [3, 3, 3], 'equal');
  const options = { dimensions: 2, key: createKey(1) };
  expect(() => projectAndStandardise(one, options)).toThrow(
    /dimension 0 of "one" does not vary over its 1 examples/,
  );
  expect(() => projectAndStandardise(equal, options)).toThrow(/does not vary/);
  expect(() => projectAndStandardise(gaussianClusters(createKey(1)), { ...options, dimensions: 0 })).toThrow(
    /dimensions/,
  );
});
