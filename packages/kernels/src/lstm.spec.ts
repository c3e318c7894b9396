import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { KernelEngine, LstmKernel, LstmShape, LstmTrace } from './engine.js';
import { enginesUnderTest } from './testing/engines-under-test.js';
import { centralDifferences, dot, misaligned, normals } from './testing/random-arrays.js';
import { typescriptEngine } from './typescript/engine.js';

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
  readFileSync(new URL('./testing/lstm-oracle.json', import.meta.url), 'utf8'),
) as Record<'two_layer' | 'one_layer', OracleCase>;

/** [T, N, I] of the oracle to the kernels' planes [T, I, N]. */
function planes(values: number[], [T, N, I]: [number, number, number]): Float32Array {
  const out = new Float32Array(values.length);
  for (let t = 0; t < T; t++)
    for (let j = 0; j < N; j++)
      for (let i = 0; i < I; i++) out[(t * I + i) * N + j] = values[(t * N + j) * I + i] as number;
  return out;
}

interface Problem {
  n: number;
  steps: number;
  weights: Float32Array;
  inputs: Float32Array;
  state: Float32Array;
  cotangent: Float32Array;
}

/** A random LSTM with a random start; the state is drawn through `stateIndex`, so that it is the same for every engine. */
function problem(
  kernel: LstmKernel,
  n: number,
  steps: number,
  name = 'problem',
  scale = 1 / Math.sqrt(kernel.shape.hidden),
): Problem {
  const { inputs, hidden, layers } = kernel.shape;
  const state = new Float32Array(kernel.stateSize(n));
  const draws = normals(`${name}/state`, 2 * layers * hidden * n, 0.5);
  let next = 0;
  for (let j = 0; j < n; j++)
    for (let layer = 0; layer < layers; layer++)
      for (let unit = 0; unit < hidden; unit++) {
        state[kernel.stateIndex(n, j, layer, 'h', unit)] = draws[next++] as number;
        state[kernel.stateIndex(n, j, layer, 'c', unit)] = draws[next++] as number;
      }
  return {
    n,
    steps,
    weights: normals(`${name}/weights`, kernel.weightCount, scale),
    inputs: normals(`${name}/inputs`, steps * inputs * n),
    state,
    cotangent: normals(`${name}/cotangent`, steps * n),
  };
}

/** Outputs [T, n] and final state of one engine. */
function forward(kernel: LstmKernel, { n, steps, weights, inputs, state }: Problem) {
  const after = state.slice();
  const outputs = new Float32Array(steps * n);
  kernel.sequence(weights, inputs, after, outputs);
  return { outputs, state: after };
}

function gradient(kernel: LstmKernel, { weights, inputs, state, cotangent }: Problem): Float32Array {
  const sum = new Float32Array(kernel.weightCount);
  kernel.backpropagate(weights, state, inputs, cotangent, sum);
  return sum;
}

/** What the twin gives for a random problem, computed once for all engines. */
const twinResults = new Map<
  string,
  { given: Problem; outputs: Float32Array; state: Float32Array; gradient: Float32Array }
>();
function twinOf(shape: LstmShape, n: number, steps: number) {
  const key = JSON.stringify([shape, n, steps]);
  let result = twinResults.get(key);
  if (!result) {
    const twin = typescriptEngine().lstm(shape);
    const given = problem(twin, n, steps, key);
    result = { given, ...forward(twin, given), gradient: gradient(twin, given) };
    twinResults.set(key, result);
  }
  return result;
}

function expectTwinsNumbers(kernel: LstmKernel, n: number, steps: number, gradientTolerance = 2e-5): void {
  const { given, ...expected } = twinOf(kernel.shape, n, steps);
  const actual = forward(kernel, given);
  expect(actual.outputs).toBeAllClose(expected.outputs, { rtol: 3e-6, atol: 3e-6 });
  expect(actual.state).toBeAllClose(expected.state, { rtol: 3e-6, atol: 3e-6 });
  expectSameGradient(gradient(kernel, given), expected.gradient, gradientTolerance);
}

/** Single-precision gradients are compared on the scale of their largest entry: small entries are sums that cancel. */
function expectSameGradient(actual: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  const largest = Array.from(expected).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(actual).toBeAllClose(expected, { rtol: tolerance, atol: tolerance * largest });
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
    const given = problem(kernel, 19, 6);
    const coordinates = Array.from({ length: 60 }, (_, i) => Math.floor((i * kernel.weightCount) / 60));
    // The twin evaluates the objective: its outputs are rounded once, at the end. Once for all engines.
    const twin = typescriptEngine().lstm(kernel.shape);
    const objective = (weights: Float32Array) => {
      const { outputs } = forward(twin, { ...given, weights });
      return dot(outputs, given.cotangent);
    };
    const expected = (differences ??= centralDifferences(objective, given.weights, coordinates, 1 / 64));
    const actual = gradient(kernel, given);
    expectSameGradient(
      Float32Array.from(coordinates, (i) => actual[i] as number),
      expected,
      1e-3,
    );
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

  test('sequence, steps and a cut sequence give the same bits', () => {
    const kernel = engine.lstm({ inputs: 3, hidden: 6, layers: 2 });
    const given = problem(kernel, 37, 5);
    const { inputs, n, weights } = given;
    const whole = forward(kernel, given);
    const state = given.state.slice();
    const outputs = new Float32Array(5 * n);
    const stretch = (from: number, to: number) => inputs.subarray(from * 3 * n, to * 3 * n);
    kernel.sequence(weights, stretch(0, 2), state, outputs.subarray(0, 2 * n));
    for (let t = 2; t < 5; t++)
      kernel.step(weights, stretch(t, t + 1), state, outputs.subarray(t * n, (t + 1) * n));
    if (engine.name === 'typescript') {
      // The twin keeps double precision inside one call only.
      expect(outputs).toBeAllClose(whole.outputs, { rtol: 1e-6, atol: 1e-6 });
    } else {
      expect(Array.from(outputs)).toEqual(Array.from(whole.outputs));
      expect(Array.from(state)).toEqual(Array.from(whole.state));
    }
  });

  test('equal inputs give equal bits, at any address and after other work', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 20, layers: 2 });
    const given = problem(kernel, 35, 4);
    const once = gradient(kernel, given);
    const outputs = forward(kernel, given).outputs;
    gradient(kernel, problem(kernel, 3, 9, 'other work'));
    const moved: Problem = {
      ...given,
      weights: misaligned(given.weights),
      inputs: misaligned(given.inputs, 3),
      state: misaligned(given.state, 2),
      cotangent: misaligned(given.cotangent),
    };
    const sum = misaligned(new Float32Array(kernel.weightCount), 3);
    kernel.backpropagate(moved.weights, moved.state, moved.inputs, moved.cotangent, sum);
    expect(Array.from(sum)).toEqual(Array.from(once));
    expect(Array.from(forward(kernel, moved).outputs)).toEqual(Array.from(outputs));
  });

  describe('with a trace', () => {
    /** The gradient of a segment that was stepped with a trace of at most `maxBytes`. */
    function tracedGradient(kernel: LstmKernel, given: Problem, maxBytes?: number): Float32Array {
      const { n, steps, weights, inputs, state, cotangent } = given;
      const width = kernel.shape.inputs * n;
      const trace = kernel.createTrace(n, steps + 1, maxBytes);
      const sum = new Float32Array(kernel.weightCount);
      // Twice: the second segment must not see anything of the first.
      for (const scale of [2, 1]) {
        trace.clear();
        sum.fill(0);
        const moving = state.slice();
        const outputs = new Float32Array(n);
        const scaled = inputs.map((x) => x * scale);
        for (let t = 0; t < steps; t++)
          kernel.step(weights, scaled.subarray(t * width, (t + 1) * width), moving, outputs, trace);
        expect(trace.steps).toBe(steps);
        kernel.backpropagate(weights, state, scaled, cotangent, sum, trace);
      }
      return sum;
    }

    test.each([
      [1, 3],
      [16, 4],
      [37, 5],
      [100, 2],
    ])('the same bits as without: n = %d, T = %d', (n, steps) => {
      const kernel = engine.lstm({ inputs: 2, hidden: 7, layers: 2 });
      const given = problem(kernel, n, steps);
      const expected = Array.from(gradient(kernel, given));
      const blockBytes = (steps + 1) * 2 * 4 * 7 * 16 * 4;
      for (const maxBytes of [undefined, 0, blockBytes, 3 * blockBytes])
        expect(Array.from(tracedGradient(kernel, given, maxBytes))).toEqual(expected);
    });

    test('sequence appends as steps do', () => {
      const kernel = engine.lstm({ inputs: 2, hidden: 5, layers: 1 });
      const given = problem(kernel, 18, 6);
      const trace = kernel.createTrace(18, 6);
      const state = given.state.slice();
      const outputs = new Float32Array(3 * 18);
      for (const from of [0, 3])
        kernel.sequence(
          given.weights,
          given.inputs.subarray(from * 36, (from + 3) * 36),
          state,
          outputs,
          trace,
        );
      const sum = new Float32Array(kernel.weightCount);
      kernel.backpropagate(given.weights, given.state, given.inputs, given.cotangent, sum, trace);
      if (engine.name === 'typescript') expectSameGradient(sum, gradient(kernel, given), 1e-6);
      else expect(Array.from(sum)).toEqual(Array.from(gradient(kernel, given)));
    });

    if (engine.name !== 'typescript') {
      test('the same bits where the trace is larger than the cache', () => {
        const kernel = engine.lstm({ inputs: 2, hidden: 20, layers: 2 });
        const given = problem(kernel, 701, 20);
        expect(Array.from(tracedGradient(kernel, given))).toEqual(Array.from(gradient(kernel, given)));
      });
    }

    test('a trace that does not belong to the call is refused', () => {
      const shape = { inputs: 1, hidden: 3, layers: 1 };
      const kernel = engine.lstm(shape);
      const given = problem(kernel, 4, 2);
      const sum = new Float32Array(kernel.weightCount);
      const outputs = new Float32Array(4);
      const step = (trace: LstmTrace) =>
        kernel.step(given.weights, given.inputs.subarray(0, 4), given.state.slice(), outputs, trace);
      const backpropagate = (trace: LstmTrace) =>
        kernel.backpropagate(given.weights, given.state, given.inputs, given.cotangent, sum, trace);
      expect(() => step(engine.lstm(shape).createTrace(4, 2))).toThrow("this kernel's createTrace");
      expect(() => step(kernel.createTrace(5, 2))).toThrow('for 5 coordinates, but got 4');
      const trace = kernel.createTrace(4, 1);
      expect(() => backpropagate(trace)).toThrow('must hold the 2 steps of the segment, but holds 0');
      step(trace);
      expect(() => step(trace)).toThrow('holds 1 of 1 steps, no room for 1 more; clear() it');
      expect(() => kernel.createTrace(0, 1)).toThrow('`n`');
      expect(() => kernel.createTrace(1, 0)).toThrow('`capacity`');
      expect(() => kernel.createTrace(1, 1, -1)).toThrow('`maxBytes`');
    });
  });

  test('weights changed in place are seen', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 4, layers: 1 });
    const given = problem(kernel, 4, 2);
    const before = forward(kernel, given).outputs;
    given.weights[0] = (given.weights[0] as number) + 1;
    const after = forward(kernel, given).outputs;
    const expected = forward(typescriptEngine().lstm(kernel.shape), given).outputs;
    expect(Array.from(after)).not.toEqual(Array.from(before));
    expect(after).toBeAllClose(expected, { rtol: 3e-6, atol: 3e-6 });
  });

  test('the gradient is added to what was there, and inputs are left alone', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 4, layers: 1 });
    const given = problem(kernel, 9, 3);
    const copies = [given.weights, given.state, given.inputs, given.cotangent].map((array) => array.slice());
    const alone = gradient(kernel, given);
    const sum = new Float32Array(kernel.weightCount).fill(2);
    kernel.backpropagate(given.weights, given.state, given.inputs, given.cotangent, sum);
    expect(sum).toBeAllClose(
      alone.map((x) => x + 2),
      { rtol: 1e-6, atol: 1e-6 },
    );
    [given.weights, given.state, given.inputs, given.cotangent].forEach((array, i) =>
      expect(Array.from(array)).toEqual(Array.from(copies[i] as Float32Array)),
    );
  });

  test('saturated gates stay finite and right', () => {
    const kernel = engine.lstm({ inputs: 1, hidden: 4, layers: 2 });
    const given = problem(kernel, 18, 4, 'saturated', 200);
    const twin = typescriptEngine().lstm(kernel.shape);
    const { outputs } = forward(kernel, given);
    expect(outputs).toBeAllClose(forward(twin, given).outputs, { rtol: 1e-5, atol: 1e-3 });
    expect(gradient(kernel, given).every(Number.isFinite)).toBe(true);
  });

  test('tiny inputs keep their relative accuracy through the tanh', () => {
    const kernel = engine.lstm({ inputs: 1, hidden: 3, layers: 1 });
    const weights = normals('tiny', kernel.weightCount);
    // Without biases, the output is linear in a tiny input: one lost digit in tanh near 0 would show.
    weights.fill(0, 4 * 3 + 4 * 9, 4 * 3 + 4 * 9 + 12);
    weights[kernel.weightCount - 1] = 0;
    const given: Problem = {
      ...problem(kernel, 5, 1),
      weights,
      state: new Float32Array(kernel.stateSize(5)),
      inputs: Float32Array.of(1e-3, -1e-5, 1e-8, 1e-20, 0),
    };
    const expected = forward(typescriptEngine().lstm(kernel.shape), given).outputs;
    expect(forward(kernel, given).outputs).toBeAllClose(expected, { rtol: 3e-6, atol: 0 });
  });

  test('a NaN stays in its coordinate going forward, and shows in the gradient', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 5, layers: 2 });
    const given = problem(kernel, 20, 3);
    const clean = forward(kernel, given).outputs;
    given.inputs[7] = NaN;
    const { outputs } = forward(kernel, given);
    for (let t = 0; t < 3; t++)
      for (let j = 0; j < 20; j++) {
        if (j === 7) expect(outputs[t * 20 + j]).toBeNaN();
        else expect(outputs[t * 20 + j]).toBe(clean[t * 20 + j]);
      }
    expect(gradient(kernel, given).some(Number.isNaN)).toBe(true);
  });

  test('infinite inputs saturate or give NaN, but return', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 5, layers: 1 });
    const given = problem(kernel, 4, 2);
    given.inputs[0] = Infinity;
    given.inputs[1] = -Infinity;
    const { outputs } = forward(kernel, given);
    expect(Number.isFinite(outputs[2])).toBe(true);
    expect(outputs).toHaveLength(8);
  });

  test('stateIndex is a bijection onto the state', () => {
    const shape = { inputs: 1, hidden: 3, layers: 2 };
    const kernel = engine.lstm(shape);
    for (const n of [1, 15, 16, 17, 40]) {
      const seen = new Set<number>();
      for (let j = 0; j < n; j++)
        for (let layer = 0; layer < 2; layer++)
          for (const part of ['h', 'c'] as const)
            for (let unit = 0; unit < 3; unit++) seen.add(kernel.stateIndex(n, j, layer, part, unit));
      expect(seen.size).toBe(kernel.stateSize(n));
      expect(Math.max(...seen)).toBe(kernel.stateSize(n) - 1);
    }
    expect(() => kernel.stateIndex(4, 4, 0, 'h', 0)).toThrow('`coordinate` must be an integer in [0, 4)');
    expect(() => kernel.stateIndex(4, 0, 2, 'h', 0)).toThrow('`layer`');
    expect(() => kernel.stateIndex(4, 0, 0, 'h', 3)).toThrow('`unit`');
  });

  test('wrong lengths are refused by name', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 3, layers: 1 });
    const f = (length: number) => new Float32Array(length);
    const count = kernel.weightCount;
    const size = kernel.stateSize(4);
    expect(() => kernel.step(f(count - 1), f(8), f(size), f(4))).toThrow(
      `LstmKernel.step: \`weights\` [weightCount] must have length ${count}, but has ${count - 1}`,
    );
    expect(() => kernel.step(f(count), f(9), f(size), f(4))).toThrow('`inputs`');
    expect(() => kernel.step(f(count), f(8), f(size + 1), f(4))).toThrow('`state`');
    expect(() => kernel.step(f(count), f(0), f(0), f(0))).toThrow('`outputs`');
    expect(() => kernel.sequence(f(count), f(16), f(size + 1), f(8))).toThrow('`state`');
    expect(() => kernel.sequence(f(count), f(16), f(size), f(7))).toThrow('`outputs`');
    expect(() => kernel.backpropagate(f(count), f(size), f(15), f(8), f(count))).toThrow('`inputs`');
    expect(() => kernel.backpropagate(f(count), f(size), f(16), f(9), f(count))).toThrow('`cotangent`');
    expect(() => kernel.backpropagate(f(count), f(size), f(16), f(8), f(count + 1))).toThrow(
      '`weightGradient`',
    );
    expect(() => engine.lstm({ inputs: 0, hidden: 3, layers: 1 })).toThrow('`inputs`');
    expect(() => engine.lstm({ inputs: 1, hidden: 2.5, layers: 1 })).toThrow('`hidden`');
  });
});
