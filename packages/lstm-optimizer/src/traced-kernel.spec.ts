import { describe, expect, test } from '@jest/globals';
import { areaUnderCurve, createKey } from '@metadescent/core';
import { slopes } from '@metadescent/meta-learning/conformance';
import { typescriptEngine, wasmEngine, type LstmKernel, type LstmTrace } from '@metadescent/kernels';
import { nativeEngine } from '@metadescent/kernels/node';
import { initialWeights, lstmRuleSchema } from './lstm-rule.js';
import { unrollSegment } from './meta-gradient.js';

import { MAX_WAITING_BYTES, createTracedKernel } from './traced-kernel.js';

const shape = { inputs: 2, hidden: 20, layers: 2 };
/** Bytes of a trace of this shape per coordinate and step: four gates of every unit of every layer. */
const BYTES = 4 * 2 * 4 * 20;

/** The kernel, with a list of all traces that it made. */
function recorded(kernel: LstmKernel): { kernel: LstmKernel; traces: LstmTrace[] } {
  const traces: LstmTrace[] = [];
  const createTrace: LstmKernel['createTrace'] = (...extent) => {
    const trace = kernel.createTrace(...extent);
    traces.push(trace);
    return trace;
  };
  return { kernel: { ...kernel, createTrace }, traces };
}

const bytesOf = (traces: readonly LstmTrace[]) => traces.reduce((sum, { bytes }) => sum + bytes, 0);
const engines = [typescriptEngine(), wasmEngine(), nativeEngine().engine].flatMap((engine) =>
  engine ? [{ label: engine.name, engine }] : [],
);

describe.each(engines)('traces on loan, $label', ({ engine }) => {
  test('eighty sizes of problem keep memory bounded', () => {
    const { kernel, traces } = recorded(engine.lstm(shape));
    const loans = createTracedKernel(kernel);
    let most = 0;
    for (let i = 0; i < 80; i++) {
      const size = 1600 + 16 * i;
      loans.withTraces([{ name: 'all', size }], 20, (lent) => {
        expect(lent.get('all')).toMatchObject({ coordinates: size, capacity: 20, steps: 0 });
        most = Math.max(most, bytesOf(traces));
      });
    }
    expect(traces).toHaveLength(80);
    const largest = BYTES * 20 * 2900;
    if (engine.name !== 'typescript') expect(most).toBeGreaterThan(MAX_WAITING_BYTES / 2);
    // What waits, the trace of the segment before, and the one on loan.
    expect(most).toBeLessThan(MAX_WAITING_BYTES + 2 * largest);
  });

  test('a segment of the same size gets the same trace, emptied; networks of one segment get their own', () => {
    const { kernel, traces } = recorded(engine.lstm(shape));
    const loans = createTracedKernel(kernel);
    const networks = [
      { name: 'weights', size: 5 },
      { name: 'biases', size: 5 },
    ];
    for (let segment = 0; segment < 3; segment++) {
      loans.withTraces(networks, 4, (lent) => {
        const [first, second] = [lent.get('weights')!, lent.get('biases')!];
        expect(first).not.toBe(second);
        for (const trace of [first, second]) {
          expect(trace.steps).toBe(0);
          const state = new Float32Array(kernel.stateSize(5));
          kernel.step(
            new Float32Array(kernel.weightCount),
            new Float32Array(10),
            state,
            new Float32Array(5),
            trace,
          );
        }
      });
    }
    expect(traces).toHaveLength(2);
  });

  test('a segment within a segment does not get what is on loan, and a failing one gives it back', () => {
    const { kernel, traces } = recorded(engine.lstm(shape));
    const loans = createTracedKernel(kernel);
    const networks = [{ name: 'all', size: 3 }];
    const outer = () =>
      loans.withTraces(networks, 2, (lent) =>
        loans.withTraces(networks, 2, (inner) => {
          expect(inner.get('all')).not.toBe(lent.get('all'));
          throw new Error('stopped');
        }),
      );
    for (let attempt = 0; attempt < 3; attempt++) expect(outer).toThrow('stopped');
    expect(traces).toHaveLength(2);
  });

  test('the meta-gradient has the same bits on a used trace', () => {
    const rule = lstmRuleSchema.parse({ hidden: 3, layers: 2 });
    const key = createKey(5);
    const segment = () =>
      unrollSegment(rule, initialWeights(rule, key), slopes().sample(key), engine, {
        length: 4,
        horizon: 4,
        loss: areaUnderCurve,
        key,
      }).gradient;
    expect(segment()).toEqual(segment());
  });
});
