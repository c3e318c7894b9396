import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { KernelEngine } from '../engine/kernel-engine.js';
import type { LstmKernel, LstmShape } from './lstm-kernel.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import {
  type LstmProblem,
  onScaleOf,
  lstmForward,
  lstmGradient,
  lstmProblem,
} from '../testing/lstm-problem.js';
import { centralDifferences, dot, normals } from '../testing/random-arrays.js';
import { typescriptEngine } from '../engine/typescript-engine.js';

interface OracleLayer {
  W_input_4HxI: number[];
  W_hidden_4HxH: number[];
  bias_4H: number[];
}
interface OracleCase {
  inputs_TxNxI: [number, number, number];
  hidden: number;
  layers: number;
  inputs: number[];
  cotangent_TxN: number[];
  weights: OracleLayer[];
  W_out_1xH: number[];
  b_out: number[];
  outputs_TxN: number[];
  final_h: number[][];
  final_c: number[][];
  gradient_of_sum_cotangent_times_output: {
    layers: { W_input: number[]; W_hidden: number[]; bias: number[] }[];
    W_out: number[];
    b_out: number[];
  };
}
const oracle = JSON.parse(
  readFileSync(new URL('../testing/lstm-oracle.json', import.meta.url), 'utf8'),
) as Record<'two_layer' | 'one_layer', OracleCase>;

/** [T, N, I] of the oracle to the kernels' planes [T, I, N]. */
function planes(values: number[], [T, N, I]: [number, number, number]): Float32Array {
  const out = new Float32Array(values.length);
  for (let t = 0; t < T; t++)
    for (let j = 0; j < N; j++)
      for (let i = 0; i < I; i++) out[(t * I + i) * N + j] = values[(t * N + j) * I + i] as number;
  return out;
}

/** What the twin gives for a random problem, computed once for all engines. */
const twinResults = new Map<
  string,
  { given: LstmProblem; outputs: Float32Array; state: Float32Array; gradient: Float32Array }
>();
function twinOf(shape: LstmShape, n: number, steps: number) {
  const key = JSON.stringify([shape, n, steps]);
  let result = twinResults.get(key);
  if (!result) {
    const twin = typescriptEngine().lstm(shape);
    const given = lstmProblem(twin, n, steps, key);
    result = { given, ...lstmForward(twin, given), gradient: lstmGradient(twin, given) };
    twinResults.set(key, result);
  }
  return result;
}

function expectTwinsNumbers(kernel: LstmKernel, n: number, steps: number, gradientTolerance = 2e-5): void {
  const { given, ...expected } = twinOf(kernel.shape, n, steps);
  const actual = lstmForward(kernel, given);
  expect(actual.outputs).toBeAllClose(expected.outputs, { rtol: 3e-6, atol: 3e-6 });
  expect(actual.state).toBeAllClose(expected.state, { rtol: 3e-6, atol: 3e-6 });
  expect(lstmGradient(kernel, given)).toBeAllClose(
    expected.gradient,
    onScaleOf(expected.gradient, gradientTolerance),
  );
}

let differences: number[] | undefined;

const shapes: LstmShape[] = [];
for (const hidden of [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 20, 31, 40]) {
  for (const layers of [1, 2, 3]) shapes.push({ inputs: 1 + ((hidden + layers) % 4), hidden, layers });
}
shapes.push({ inputs: 3, hidden: 128, layers: 1 });

describe.each(enginesUnderTest())('LSTM, $label', ({ engine }: { engine: KernelEngine }) => {
  describe.each(['two_layer', 'one_layer'] as const)('against PyTorch numbers: %s', (name) => {
    const given = oracle[name];
    const [T, N, I] = given.inputs_TxNxI;
    const kernel = engine.lstm({ inputs: I, hidden: given.hidden, layers: given.layers });
    const weights = Float32Array.from([
      ...given.weights.flatMap((layer) => [...layer.W_input_4HxI, ...layer.W_hidden_4HxH, ...layer.bias_4H]),
      ...given.W_out_1xH,
      ...given.b_out,
    ]);
    const inputs = planes(given.inputs, given.inputs_TxNxI);

    test('outputs and final state, step by step', () => {
      const state = new Float32Array(kernel.stateSize(N));
      const outputs = new Float32Array(T * N);
      for (let t = 0; t < T; t++) {
        kernel.step(
          weights,
          inputs.subarray(t * I * N, (t + 1) * I * N),
          state,
          outputs.subarray(t * N, (t + 1) * N),
        );
      }
      expect(outputs).toBeAllClose(given.outputs_TxN, { rtol: 2e-6, atol: 5e-7 });
      for (let layer = 0; layer < given.layers; layer++)
        for (let j = 0; j < N; j++)
          for (let unit = 0; unit < given.hidden; unit++) {
            const at = j * given.hidden + unit;
            const actual = (['h', 'c'] as const).map(
              (part) => state[kernel.stateIndex(N, j, layer, part, unit)] as number,
            );
            const expected = [given.final_h, given.final_c].map((part) => part[layer]?.[at] as number);
            expect(actual).toBeAllClose(expected, { rtol: 2e-6, atol: 5e-7 });
          }
    });

    test('gradient of every weight', () => {
      const expected = given.gradient_of_sum_cotangent_times_output;
      const sum = new Float32Array(kernel.weightCount);
      kernel.backpropagate(
        weights,
        new Float32Array(kernel.stateSize(N)),
        inputs,
        Float32Array.from(given.cotangent_TxN),
        sum,
      );
      const flat = [
        ...expected.layers.flatMap((layer) => [...layer.W_input, ...layer.W_hidden, ...layer.bias]),
        ...expected.W_out,
        ...expected.b_out,
      ];
      expect(sum).toBeAllClose(flat, { rtol: 1e-5, atol: 2e-6 });
    });
  });

  test('gradient equals central differences (epsilon 1/64) in 60 weights', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 7, layers: 2 });
    const given = lstmProblem(kernel, 19, 6);
    const coordinates = Array.from({ length: 60 }, (_, i) => Math.floor((i * kernel.weightCount) / 60));
    // The twin evaluates the objective: its outputs are rounded once, at the end. Once for all engines.
    const twin = typescriptEngine().lstm(kernel.shape);
    const objective = (weights: Float32Array) => {
      const { outputs } = lstmForward(twin, { ...given, weights });
      return dot(outputs, given.cotangent);
    };
    const expected = (differences ??= centralDifferences(objective, given.weights, coordinates, 1 / 64));
    const actual = lstmGradient(kernel, given);
    expect(coordinates.map((i) => actual[i])).toBeAllClose(expected, onScaleOf(expected, 1e-3));
  });

  // The twin is not compared with itself.
  if (engine.name !== 'typescript') {
    test.each(shapes)('agrees with the twin: %j', (shape) => {
      expectTwinsNumbers(engine.lstm(shape), shape.hidden > 100 ? 17 : 21, 3);
    });

    test('agrees with the twin for any number of coordinates from 1 to 40', () => {
      const kernel = engine.lstm({ inputs: 2, hidden: 5, layers: 2 });
      for (let n = 1; n <= 40; n++) expectTwinsNumbers(kernel, n, 2);
    });

    test('agrees with the twin over a long segment, T = 130', () => {
      expectTwinsNumbers(engine.lstm({ inputs: 2, hidden: 4, layers: 2 }), 3, 130, 3e-5);
    });
  }

  test('saturated gates stay finite and right', () => {
    const kernel = engine.lstm({ inputs: 1, hidden: 4, layers: 2 });
    const given = lstmProblem(kernel, 18, 4, 'saturated', 200);
    const twin = typescriptEngine().lstm(kernel.shape);
    const { outputs } = lstmForward(kernel, given);
    expect(outputs).toBeAllClose(lstmForward(twin, given).outputs, { rtol: 1e-5, atol: 1e-3 });
    expect(lstmGradient(kernel, given).every(Number.isFinite)).toBe(true);
  });

  test('tiny inputs keep their relative accuracy through the tanh', () => {
    const kernel = engine.lstm({ inputs: 1, hidden: 3, layers: 1 });
    const weights = normals('tiny', kernel.weightCount);
    // Without biases, the output is linear in a tiny input: one lost digit in tanh near 0 would show.
    weights.fill(0, 4 * 3 + 4 * 9, 4 * 3 + 4 * 9 + 12);
    weights[kernel.weightCount - 1] = 0;
    const given: LstmProblem = {
      ...lstmProblem(kernel, 5, 1),
      weights,
      state: new Float32Array(kernel.stateSize(5)),
      inputs: Float32Array.of(1e-3, -1e-5, 1e-8, 1e-20, 0),
    };
    const expected = lstmForward(typescriptEngine().lstm(kernel.shape), given).outputs;
    expect(lstmForward(kernel, given).outputs).toBeAllClose(expected, { rtol: 3e-6, atol: 0 });
  });
});
