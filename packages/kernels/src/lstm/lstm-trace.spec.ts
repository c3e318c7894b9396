import { describe, expect, test } from '@jest/globals';
import type { KernelEngine } from '../engine/kernel-engine.js';
import type { LstmKernel, LstmTrace } from './lstm-kernel.js';
import { enginesUnderTest } from '../testing/engines-under-test.js';
import { type LstmProblem, lstmGradient, lstmProblem } from '../testing/lstm-problem.js';

describe.each(enginesUnderTest())('LSTM trace, $label', ({ engine }: { engine: KernelEngine }) => {
  /** The gradient of a segment that was stepped with a trace of at most `maxBytes`. */
  function tracedGradient(kernel: LstmKernel, given: LstmProblem, maxBytes?: number): Float32Array {
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
    const given = lstmProblem(kernel, n, steps);
    const expected = Array.from(lstmGradient(kernel, given));
    const blockBytes = (steps + 1) * 2 * 4 * 7 * 16 * 4;
    for (const maxBytes of [undefined, 0, blockBytes, 3 * blockBytes])
      expect(Array.from(tracedGradient(kernel, given, maxBytes))).toEqual(expected);
  });

  test('sequence appends as steps do', () => {
    const kernel = engine.lstm({ inputs: 2, hidden: 5, layers: 1 });
    const given = lstmProblem(kernel, 18, 6);
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
    expect(Array.from(sum)).toEqual(Array.from(lstmGradient(kernel, given)));
  });

  if (engine.name !== 'typescript') {
    test('the same bits where the trace is larger than the cache', () => {
      const kernel = engine.lstm({ inputs: 2, hidden: 20, layers: 2 });
      const given = lstmProblem(kernel, 701, 20);
      expect(Array.from(tracedGradient(kernel, given))).toEqual(Array.from(lstmGradient(kernel, given)));
    });
  }

  test('a trace that does not belong to the call is refused', () => {
    const shape = { inputs: 1, hidden: 3, layers: 1 };
    const kernel = engine.lstm(shape);
    const given = lstmProblem(kernel, 4, 2);
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
