import { describe, expect, test } from '@jest/globals';
import { createKey } from '@metadescent/core';
import { optimizeeConformance } from '@metadescent/core/conformance';
import { quadratics } from './quadratics.js';
import { stackFamily } from './stack-family.js';

describe('conformance', () => {
  for (const check of optimizeeConformance(() => stackFamily(quadratics({ dimension: 3 }), 4), {
    spread: 0.3,
  }))
    test(check.name, check.run);
});

test('value and gradient are those of the parts, side by side', () => {
  const key = createKey(6);
  const family = quadratics({ dimension: 3 });
  const stack = stackFamily(family, 2).sample(key);
  const parameters = Float32Array.from(key.normal(6));
  const gradient = new Float32Array(6);
  const value = stack.trueObjective(parameters, gradient);
  const parts = key.split(2).map((partKey, k) => {
    const partGradient = new Float32Array(3);
    return {
      value: family.sample(partKey).trueObjective(parameters.slice(3 * k, 3 * k + 3), partGradient),
      partGradient,
    };
  });
  expect(value).toBe(parts[0]!.value + parts[1]!.value);
  expect(stackFamily(family, 2).parts).toBe(2);
  expect(stackFamily(stackFamily(family, 2), 3).parts).toBe(6);
  expect([...gradient]).toEqual(parts.flatMap(({ partGradient }) => [...partGradient]));
  expect(() => stackFamily(family, 0)).toThrow(/positive integer, but is 0/);
});
