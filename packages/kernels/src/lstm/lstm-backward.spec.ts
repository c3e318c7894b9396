import { describe, expect, test } from '@jest/globals';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { typescriptEngine } from '../engine/typescript-engine.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { onScaleOf } from '../testing/lstm-problem.js';
import { centralDifferences } from '../testing/random-arrays.js';
import { coordinateRun, gradientsOf, lossOf, runForward } from '../testing/vector-jacobian.js';
import type { LstmShape } from './lstm-kernel.js';

const all = (n: number) => Array.from({ length: n }, (_, i) => i);

const shapes: LstmShape[] = [
  { inputs: 2, hidden: 3, layers: 2, outputs: 3 },
  { inputs: 1, hidden: 4, layers: 1 },
];

describe.each(enginesUnderTest())(
  'complete backpropagation of the LSTM, $label',
  ({ engine }: { engine: KernelEngine }) => {
    test.each(shapes)('all gradients are central differences of the twin: %j', (shape) => {
      const kernel = engine.lstm(shape);
      const twin = typescriptEngine().lstm(shape);
      const run = coordinateRun(kernel, 3, 4);
      const gradients = gradientsOf(kernel, run);
      for (const name of ['weights', 'inputs', 'initialState'] as const) {
        const at = (x: Float32Array) => lossOf(twin, { ...run, [name]: x });
        const expected = centralDifferences(at, run[name], all(run[name].length), 2 ** -7);
        expect(gradients[name]).toBeAllClose(expected, onScaleOf(expected, 3e-4));
      }
    });

    test('agrees with the twin for several outputs, any number of coordinates, and long segments', () => {
      for (const [n, steps, hidden, layers, outputs] of [
        [1, 1, 1, 1, 2],
        [15, 3, 5, 2, 4],
        [16, 2, 8, 1, 1],
        [37, 5, 6, 3, 3],
      ] as const) {
        const shape = { inputs: 3, hidden, layers, outputs };
        const [kernel, twin] = [engine.lstm(shape), typescriptEngine().lstm(shape)];
        const run = coordinateRun(kernel, n, steps);
        const [own, other] = [runForward(kernel, run), runForward(twin, run)];
        expect(own.outputs).toBeAllClose(other.outputs, { rtol: 3e-6, atol: 3e-6 });
        expect(own.state).toBeAllClose(other.state, { rtol: 3e-6, atol: 3e-6 });
        const [gradients, expected] = [gradientsOf(kernel, run), gradientsOf(twin, run)];
        for (const name of ['weights', 'inputs', 'initialState'] as const)
          expect(gradients[name]).toBeAllClose(expected[name], onScaleOf(expected[name], 2e-5));
      }
    });

    test('a trace changes no bit; two segments joined by the state cotangent are one', () => {
      const shape = { inputs: 2, hidden: 5, layers: 2, outputs: 2 };
      const kernel = engine.lstm(shape);
      const [n, steps] = [21, 6];
      const run = coordinateRun(kernel, n, steps);
      const whole = gradientsOf(kernel, run);
      const trace = kernel.createTrace(n, steps);
      const outputs = new Float32Array(steps * 2 * n);
      kernel.forward({ ...run, state: run.initialState.slice(), outputs, trace });
      const traced = new Float32Array(kernel.weightCount);
      const stateGradient = new Float32Array(run.initialState.length);
      kernel.backward({ ...run, weightGradient: traced, stateGradient, trace });
      expect(traced).toEqual(whole.weights);
      expect(stateGradient).toEqual(whole.initialState);

      const half = (array: Float32Array, part: 0 | 1) =>
        array.subarray((part * array.length) / 2, ((part + 1) * array.length) / 2);
      const part = (index: 0 | 1) => ({
        ...run,
        inputs: half(run.inputs, index),
        outputCotangent: half(run.outputCotangent, index),
      });
      const middle = runForward(kernel, part(0)).state;
      const second = gradientsOf(kernel, { ...part(1), initialState: middle });
      const first = gradientsOf(kernel, { ...part(0), stateCotangent: second.initialState });
      expect(first.initialState).toBeAllClose(whole.initialState, onScaleOf(whole.initialState, 2e-5));
      const sum = first.weights.map((x, i) => x + second.weights[i]!);
      expect(sum).toBeAllClose(whole.weights, onScaleOf(whole.weights, 2e-5));
    });

    test('what is left out is 0 or not wanted: then it is `backpropagate`', () => {
      const kernel = engine.lstm({ inputs: 2, hidden: 6, layers: 2 });
      const { coordinates, weights, initialState, inputs, outputCotangent } = coordinateRun(kernel, 20, 4);
      const [complete, truncated] = [0, 1].map(() => new Float32Array(kernel.weightCount).fill(0.5));
      kernel.backward({
        coordinates,
        weights,
        initialState,
        inputs,
        outputCotangent,
        weightGradient: complete!,
      });
      kernel.backpropagate(weights, initialState, inputs, outputCotangent, truncated!);
      expect(complete).toEqual(truncated);
    });

    test('coordinates that do not fit the state are refused', () => {
      const kernel = engine.lstm({ inputs: 2, hidden: 3, layers: 1, outputs: 2 });
      const run = coordinateRun(kernel, 4, 2);
      expect(() => runForward(kernel, { ...run, coordinates: 5 })).toThrow(
        'LstmKernel.forward: `coordinates` must be 4, which the length of `state` tells, but is 5',
      );
      expect(() => gradientsOf(kernel, { ...run, coordinates: 8 })).toThrow(
        'LstmKernel.backward: `coordinates`',
      );
      expect(() => gradientsOf(kernel, { ...run, outputCotangent: new Float32Array(15) })).toThrow(
        '`outputCotangent`',
      );
      expect(() => engine.lstm({ inputs: 2, hidden: 3, layers: 1, outputs: 0 })).toThrow('`outputs`');
    });
  },
);
