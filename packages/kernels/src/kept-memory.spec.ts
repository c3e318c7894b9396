import { describe, expect, test } from '@jest/globals';
import type { LqgProblem, LqgShape } from './gps/gps-engine.js';
import { enginesUnderTest } from './testing/engines-under-test.js';
import { gpsEnginesUnderTest } from './testing/gps-engines-under-test.js';
import { emptyController, emptyMoments, randomLqgProblem } from './testing/gps-random-problem.js';
import { normals } from './testing/random-arrays.js';

/** What happens to an array that is posted to a worker in a transfer list: nothing is left of it here. */
function transfer(array: Float32Array | Float64Array | Uint8Array): void {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  expect(array).toHaveLength(0);
}

describe.each(enginesUnderTest())('what kernels keep between calls, $label', ({ engine }) => {
  test('a batch whose inputs or targets were transferred away is refused, until there is another', () => {
    const kernel = engine.mlp({ sizes: [3, 2], activation: 'relu', loss: 'squared-error' });
    const parameters = normals('parameters', kernel.parameterCount);
    const batch = () => [normals('inputs', 12), normals('targets', 8)] as const;
    const expected = (kernel.setBatch(...batch()), kernel.evaluate(parameters));
    for (const which of [0, 1] as const) {
      const arrays = batch();
      kernel.setBatch(...arrays);
      transfer(arrays[which]);
      expect(() => kernel.evaluate(parameters)).toThrow(
        /^NetworkKernel\.evaluate: the arrays of the batch were transferred/,
      );
      kernel.setBatch(...batch());
      expect(kernel.evaluate(parameters)).toBe(expected);
    }
  });

  test('labels are copied: neither a transfer nor a label out of range reaches the kernel', () => {
    const kernel = engine.mlp({ sizes: [3, 2], activation: 'relu', loss: 'softmax-cross-entropy' });
    const parameters = normals('parameters', kernel.parameterCount);
    const labels = Uint8Array.of(0, 1, 1, 0);
    kernel.setBatch(normals('inputs', 12), labels);
    const expected = kernel.evaluate(parameters);
    labels.fill(255);
    expect(kernel.evaluate(parameters)).toBe(expected);
    transfer(labels);
    expect(kernel.evaluate(parameters)).toBe(expected);
  });

  test('a batch that is refused leaves the one before in place', () => {
    const kernel = engine.mlp({ sizes: [3, 2], activation: 'relu', loss: 'softmax-cross-entropy' });
    const parameters = normals('parameters', kernel.parameterCount);
    kernel.setBatch(normals('inputs', 12), Uint8Array.of(0, 1, 1, 0));
    const expected = kernel.evaluate(parameters);
    expect(() => kernel.setBatch(normals('others', 6), Uint8Array.of(0, 2))).toThrow(
      'labels must be below 2',
    );
    expect(kernel.evaluate(parameters)).toBe(expected);
  });

  test('a trace that was disposed of takes no memory and is refused; disposing twice does nothing', () => {
    const kernel = engine.lstm({ inputs: 1, hidden: 3, layers: 1 });
    const trace = kernel.createTrace(2, 1);
    const other = kernel.createTrace(2, 1);
    if (engine.name !== 'typescript') expect(trace.bytes).toBeGreaterThanOrEqual(4 * 4 * 3 * 16);
    trace.dispose();
    trace.dispose();
    expect(trace.bytes).toBe(0);
    const arrays = [
      new Float32Array(kernel.weightCount),
      new Float32Array(2),
      new Float32Array(kernel.stateSize(2)),
    ] as const;
    const step = (given: typeof trace) => kernel.step(...arrays, new Float32Array(2), given);
    expect(() => step(trace)).toThrow('LstmKernel.step: `trace` was disposed');
    step(other);
    expect(other.steps).toBe(1);
  });

  test('a step that is refused is not counted in its trace', () => {
    const kernel = engine.lstm({ inputs: 1, hidden: 3, layers: 1 });
    const trace = kernel.createTrace(2, 1);
    const state = new Float32Array(kernel.stateSize(2));
    expect(() =>
      kernel.step(new Float32Array(1), new Float32Array(2), state, new Float32Array(2), trace),
    ).toThrow('`weights`');
    expect(trace.steps).toBe(0);
  });

  test('a trace does not change while others come and go beside it', () => {
    const kernel = engine.lstm({ inputs: 1, hidden: 3, layers: 1 });
    const weights = normals('weights', kernel.weightCount);
    const [inputs, cotangent] = [normals('inputs', 34), normals('cotangent', 34)];
    const state = () => new Float32Array(kernel.stateSize(17));
    const gradient = (trace?: ReturnType<typeof kernel.createTrace>) => {
      const sum = new Float32Array(kernel.weightCount);
      kernel.backpropagate(weights, state(), inputs, cotangent, sum, trace);
      return Array.from(sum);
    };
    const before = kernel.createTrace(17, 2);
    const trace = kernel.createTrace(17, 2);
    kernel.sequence(weights, inputs, state(), new Float32Array(34), trace);
    before.dispose();
    for (const n of [1, 17, 64, 300]) {
      const passing = kernel.createTrace(n, 3);
      kernel.sequence(
        normals('others', kernel.weightCount),
        normals('more', 3 * n),
        new Float32Array(kernel.stateSize(n)),
        new Float32Array(3 * n),
        passing,
      );
      passing.dispose();
    }
    expect(gradient(trace)).toEqual(gradient());
  });
});

describe.each(gpsEnginesUnderTest())('what LQG keeps between calls, $label', ({ engine }) => {
  const shape: LqgShape = { stateSize: 3, actionSize: 2, horizon: 4, costRank: 1 };

  test('every array of a problem that was transferred away is refused by name', () => {
    const places = (problem: LqgProblem): [string, Float64Array][] =>
      Object.entries(problem).flatMap(([name, part]) =>
        ArrayBuffer.isView(part)
          ? [[name, part as Float64Array] as [string, Float64Array]]
          : Object.entries(part as Record<string, Float64Array>).map(
              ([inner, array]): [string, Float64Array] => [`${name}.${inner}`, array],
            ),
      );
    const names = places(randomLqgProblem('kept', shape)).map(([name]) => name);
    expect(names).toHaveLength(20);
    for (const name of names) {
      const kernel = engine.lqg(shape);
      const problem = randomLqgProblem('kept', shape);
      kernel.load(problem);
      expect(kernel.backward(0.8, emptyController(shape))).toBe(-1);
      transfer(new Map(places(problem)).get(name)!);
      const expected = `\`${name}\` of the problem was transferred or shrunk since load(problem)`;
      expect(() => kernel.backward(0.8, emptyController(shape))).toThrow(`lqg.backward: ${expected}`);
      expect(() => kernel.forward(emptyController(shape), emptyMoments(shape))).toThrow(
        `lqg.forward: ${expected}`,
      );
    }
  });

  test('rows of the action that are changed after the load are not seen', () => {
    const actionRows = [0, 2];
    const problem = randomLqgProblem('kept', shape, { actionRows });
    const kernel = engine.lqg(shape);
    const controllers = [emptyController(shape), emptyController(shape)] as const;
    kernel.load({ ...problem, actionRows });
    expect(kernel.backward(0.8, controllers[0])).toBe(-1);
    actionRows.push(1_000_000);
    expect(kernel.backward(0.8, controllers[1])).toBe(-1);
    expect(Array.from(controllers[1].K)).toEqual(Array.from(controllers[0].K));
  });
});
