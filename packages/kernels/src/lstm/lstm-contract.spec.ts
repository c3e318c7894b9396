import { describe, expect, test } from '@jest/globals';
import type { KernelEngine } from '../engine/kernel-engine.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { type LstmProblem, lstmForward, lstmGradient, lstmProblem } from '../testing/lstm-problem.js';
import { misaligned } from '../testing/random-arrays.js';
import { typescriptEngine } from '../engine/typescript-engine.js';

describe.each(enginesUnderTest())('LSTM contract, $label', ({ engine }: { engine: KernelEngine }) => {
  test('sequence, steps and a cut sequence give the same bits', () => {
    const kernel = engine.lstm({ inputs: 3, hidden: 6, layers: 2 });
    const given = lstmProblem(kernel, 37, 5);
    const { inputs, n, weights } = given;
    const whole = lstmForward(kernel, given);
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
    const given = lstmProblem(kernel, 35, 4);
    const once = lstmGradient(kernel, given);
    const outputs = lstmForward(kernel, given).outputs;
    lstmGradient(kernel, lstmProblem(kernel, 3, 9, 'other work'));
    const moved: LstmProblem = {
      ...given,
      weights: misaligned(given.weights),
      inputs: misaligned(given.inputs, 3),
      state: misaligned(given.state, 2),
      cotangent: misaligned(given.cotangent),
    };
    const sum = misaligned(new Float32Array(kernel.weightCount), 3);
    kernel.backpropagate(moved.weights, moved.state, moved.inputs, moved.cotangent, sum);
    expect(Array.from(sum)).toEqual(Array.from(once));
    expect(Array.from(lstmForward(kernel, moved).outputs)).toEqual(Array.from(outputs));
  });

  test('weights changed in place are seen', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 4, layers: 1 });
    const given = lstmProblem(kernel, 4, 2);
    const before = lstmForward(kernel, given).outputs;
    given.weights[0] = (given.weights[0] as number) + 1;
    const after = lstmForward(kernel, given).outputs;
    const expected = lstmForward(typescriptEngine().lstm(kernel.shape), given).outputs;
    expect(Array.from(after)).not.toEqual(Array.from(before));
    expect(after).toBeAllClose(expected, { rtol: 3e-6, atol: 3e-6 });
  });

  test('the gradient is added to what was there, and inputs are left alone', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 4, layers: 1 });
    const given = lstmProblem(kernel, 9, 3);
    const copies = [given.weights, given.state, given.inputs, given.cotangent].map((array) => array.slice());
    const alone = lstmGradient(kernel, given);
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

  test('a NaN stays in its coordinate going forward, and shows in the gradient', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 5, layers: 2 });
    const given = lstmProblem(kernel, 20, 3);
    const clean = lstmForward(kernel, given).outputs;
    given.inputs[7] = NaN;
    const { outputs } = lstmForward(kernel, given);
    for (let t = 0; t < 3; t++)
      for (let j = 0; j < 20; j++) {
        if (j === 7) expect(outputs[t * 20 + j]).toBeNaN();
        else expect(outputs[t * 20 + j]).toBe(clean[t * 20 + j]);
      }
    expect(lstmGradient(kernel, given).some(Number.isNaN)).toBe(true);
  });

  test('infinite inputs saturate or give NaN, but return', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 5, layers: 1 });
    const given = lstmProblem(kernel, 4, 2);
    given.inputs[0] = Infinity;
    given.inputs[1] = -Infinity;
    const { outputs } = lstmForward(kernel, given);
    expect(Number.isFinite(outputs[2])).toBe(true);
    expect(outputs).toHaveLength(8);
  });

  test('a pre-activation of ±∞ is a saturated gate: σ and tanh take their limits', () => {
    // One unit, h = c = 0 and biases 0: every gate but one is at 0. Finite inputs and weights, whose product
    // overflows single precision.
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
    const kernel = engine.lstm({ inputs: 1, hidden: 1, layers: 1 });
    const [before, rest] = [0.75, 0.5];
    for (const sign of [1, -1]) {
      const limits = [sign > 0 ? 1 : 0, sign > 0 ? 1 : 0, sign, sign > 0 ? 1 : 0];
      for (let saturated = 0; saturated < 4; saturated++) {
        const weights = new Float32Array(kernel.weightCount);
        weights[saturated] = 3;
        for (let gate = 0; gate < 4; gate++) if (gate !== saturated) weights[8 + gate] = rest;
        weights[12] = 1;
        const gates = [rest, rest, rest, rest].map((z, gate) =>
          gate === saturated ? limits[gate]! : gate === 2 ? Math.tanh(z) : sigmoid(z),
        ) as [number, number, number, number];
        const c = gates[1] * before + gates[0] * gates[2];
        const output = gates[3] * Math.tanh(c);
        // In the last block, which is not full, and in a full one.
        for (const n of [1, 16]) {
          const state = new Float32Array(kernel.stateSize(n));
          for (let j = 0; j < n; j++) state[kernel.stateIndex(n, j, 0, 'c', 0)] = before;
          const outputs = new Float32Array(n);
          kernel.step(weights, new Float32Array(n).fill(sign * 3e38), state, outputs);
          expect(outputs).toBeAllClose(new Array<number>(n).fill(output), { rtol: 1e-6, atol: 1e-7 });
          expect(state[kernel.stateIndex(n, n - 1, 0, 'c', 0)]).toBeCloseTo(c, 6);
        }
      }
    }
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
