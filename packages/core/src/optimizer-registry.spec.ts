import { describe, expect, test } from '@jest/globals';
import { createKey } from './key.js';
import { parameterLayout } from './layout.js';
import type { Optimizer } from './optimizer.js';
import {
  createOptimizer,
  optimizerNamed,
  optimizerOfWeights,
  optimizerRegistry,
  recordedHorizon,
} from './optimizer-registry.js';
import type { OptimizerEntry } from './optimizer-specification.js';
import { rollout } from './rollout.js';
import { UserError } from './user-error.js';

const down = (what: Partial<Optimizer> = {}): Optimizer => ({
  name: 'down',
  init: () => ({}),
  update: (_, __, step) => void step.fill(-1),
  ...what,
});
const entries: OptimizerEntry<{ readonly scale: number }>[] = [
  { name: 'down', class: 'papers', create: () => down() },
  { name: 'searching', class: 'line-search', create: () => down({ extraEvaluations: true }) },
  {
    name: 'learned',
    class: 'learned',
    weightsFormat: 'a/rule',
    create: (_, engine) => {
      const { scale } = engine();
      return down({ update: (_, __, step) => void step.fill(-scale) });
    },
  },
];
const registry = optimizerRegistry(entries);

const layout = parameterLayout([{ name: 'x', role: 'vector', layer: 0, shape: [1] }]);
const flat = {
  name: 'flat',
  layout,
  initialParameters: () => Float32Array.of(0),
  minibatch: () => ({ evaluate: (_: Float32Array, gradient?: Float32Array) => (gradient?.fill(0), 0) }),
  trueObjective: () => 0,
};
const endOf = (rule: Optimizer) => rollout(flat, rule, { horizon: 3, key: createKey(1) }).parameters[0];

test('a specification becomes an optimizer, with an engine where it computes with one and with its schedule', () => {
  expect(endOf(createOptimizer(registry, { name: 'down' }))).toBe(-3);
  expect(endOf(createOptimizer(registry, { name: 'learned' }, () => ({ scale: 0.5 })))).toBe(-1.5);
  // Factors 1, ½ and 0.
  const linear = { name: 'down', schedule: { kind: 'linear', steps: 3 } } as const;
  expect(endOf(createOptimizer(registry, linear))).toBe(-1.5);
});

describe('what cannot be made is refused', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'an unknown name',
      () => createOptimizer(registry, { name: 'up' }),
      /no optimizer "up"; choose one of down, searching, learned/,
    ],
    ['a name of every object', () => optimizerNamed(registry, 'constructor'), /no optimizer "constructor"/],
    ['two entries of one name', () => optimizerRegistry([entries[0]!, entries[0]!]), /two entries .* "down"/],
    [
      'a schedule around line searches',
      () => createOptimizer(registry, { name: 'searching', schedule: { kind: 'cosine', steps: 3 } }),
      /"searching" finds the length of its steps by line searches/,
    ],
    [
      'a schedule out of range',
      () => createOptimizer(registry, { name: 'down', schedule: { kind: 'linear', steps: 0 } }),
      /steps must be/,
    ],
    [
      'foreign weights',
      () => optimizerOfWeights(registry, { tensors: {}, metadata: { format: 'x' } }),
      /of format "x", but one of "a\/rule"/,
    ],
    [
      'weights that do not say',
      () => optimizerOfWeights(registry, { tensors: {}, metadata: {} }),
      /of format \(none\)/,
    ],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(UserError);
    expect(run).toThrow(message);
  });

  test('a learned rule without an engine', () => {
    expect(() => createOptimizer(registry, { name: 'learned' })).toThrow(/"learned" computes with an engine/);
  });
});

test('weights are taken by the rule of their format', () => {
  expect(optimizerOfWeights(registry, { tensors: {}, metadata: { format: 'a/rule' } }).name).toBe('learned');
});

test.each<[unknown, number, number | undefined]>([
  [{ recipe: { horizon: 100 } }, 0, 100],
  [{ recipe: { horizon: 100, curriculum: [{ horizon: 40 }, { horizon: 200 }] } }, 0, 200],
  [{ recipe: {} }, 400, 400],
  [{ recipe: {} }, 0, undefined],
  [{}, 0, undefined],
  [{ recipe: { horizon: '7', curriculum: 'x' } }, 0, undefined],
  [null, 0, undefined],
])('the horizon that %j records, with the standard %d, is %p', (config, standard, horizon) => {
  expect(recordedHorizon({ config: JSON.stringify(config) }, standard)).toBe(horizon);
});

test('metadata that is no JSON, or missing, records no horizon', () => {
  expect(recordedHorizon({ config: '{' }, 400)).toBeUndefined();
  expect(recordedHorizon({}, 400)).toBeUndefined();
});
