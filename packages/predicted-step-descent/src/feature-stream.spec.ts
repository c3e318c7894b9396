import { createKey } from '@metadescent/core';
import { typescriptEngine, wasmEngine, type KernelEngine } from '@metadescent/kernels';
import { describe, expect, test } from '@jest/globals';
import { paperFeatures, stateSizeOf, type FeatureShape } from './feature-shape.js';
import { createFeatureStream } from './feature-stream.js';
import { initialMemory, observe } from './observation.js';
import { observationFeatures, stateFeatures } from './state-features.js';
import { column, randomHistory } from './testing/random-history.js';

const T = 400;
const n = 3;
const history = randomHistory(createKey(2), T, n);
const columns = Array.from({ length: n }, (_, j) => ({
  iterates: column(history.iterates, j),
  gradients: column(history.gradients, j),
  objectives: history.objectives,
}));

const shapes: FeatureShape[] = [
  paperFeatures,
  { history: 5, stride: 5, window: 3 },
  { history: 2, stride: 3, window: 4 },
  { history: 1, stride: 1, window: 1 },
];

/** Iterates and gradients as optimizers see them: in single precision. */
const single = (rows: readonly Float64Array[]) => rows.map((row) => Float32Array.from(row));

describe.each([typescriptEngine(), wasmEngine()])('$name', ({ accumulators: kernels }: KernelEngine) => {
  test.each(shapes)('the stream is the definition at every step, shape %j', (shape) => {
    const stream = createFeatureStream(kernels, shape, n);
    const D = stateSizeOf(shape);
    const states = new Float64Array(n * D);
    for (let t = 0; t <= T; t++) {
      stream.push(history.objectives[t]!, history.gradients[t]!, history.iterates[t]!);
      stream.states(0, n, states);
      columns.forEach((one, j) =>
        expect(states.subarray(j * D, (j + 1) * D)).toBeAllClose(stateFeatures(shape, t, one), {
          rtol: 1e-12,
          atol: 1e-12,
        }),
      );
    }
    expect(stream.steps).toBe(T + 1);
  });

  test('part of the coordinates, and scaled gradients', () => {
    const shape = { history: 3, stride: 2, window: 3 };
    const D = stateSizeOf(shape);
    const stream = createFeatureStream(kernels, shape, n, 16);
    const states = new Float64Array(D);
    for (let t = 0; t <= 9; t++)
      stream.push(history.objectives[t]!, history.gradients[t]!, history.iterates[t]!);
    stream.states(1, 1, states);
    const one = columns[1]!;
    expect(states).toBeAllClose(
      stateFeatures(shape, 9, { ...one, gradients: one.gradients.map((g) => 16 * g) }),
      { rtol: 1e-12, atol: 1e-12 },
    );
  });

  test('observations step by step are the definition', () => {
    const [gradients, iterates] = [single(history.gradients), single(history.iterates)];
    const memory = initialMemory('psi', n);
    const planes = new Float32Array(3 * n);
    for (let t = 0; t <= 60; t++) {
      observe(kernels, memory, history.objectives[t]!, gradients[t]!, iterates[t]!, 4, planes);
      for (let j = 0; j < n; j++) {
        const one = {
          objectives: history.objectives,
          iterates: iterates.map((row) => row[j]!),
          gradients: gradients.map((row) => 4 * row[j]!),
        };
        // The features are written in single precision.
        expect([planes[j]!, planes[n + j]!, planes[2 * n + j]!]).toBeAllClose(observationFeatures(t, one), {
          rtol: 1e-6,
          atol: 1e-7,
        });
      }
    }
  });

  test('scale features do not depend on the size of the gradients, but the one that says it', () => {
    const gradients = single(history.gradients);
    const iterates = single(history.iterates);
    const planesAt = (factor: number) => {
      const memory = initialMemory('psi+scale', n);
      const planes = new Float32Array(7 * n);
      for (let t = 0; t <= 30; t++)
        observe(kernels, memory, history.objectives[t]!, gradients[t]!, iterates[t]!, factor, planes);
      return planes;
    };
    const [plain, large] = [planesAt(1), planesAt(100)];
    expect(large.subarray(3 * n, 6 * n)).toBeAllClose(plain.subarray(3 * n, 6 * n), {
      rtol: 1e-4,
      atol: 1e-6,
    });
    expect(large.subarray(6 * n)).toBeAllClose(
      Array.from(plain.subarray(6 * n), (x) => x + Math.log(100) / 5),
      { rtol: 1e-4, atol: 1e-5 },
    );
    // At the first step all averages are the gradient itself.
    const memory = initialMemory('psi+scale', n);
    const planes = new Float32Array(7 * n);
    observe(kernels, memory, 1, gradients[0]!, iterates[0]!, 1, planes);
    expect(planes.subarray(3 * n, 6 * n)).toBeAllClose(
      [0, 1, 2].flatMap(() => Array.from(gradients[0]!, Math.sign)),
      { rtol: 1e-5 },
    );
  });
});
