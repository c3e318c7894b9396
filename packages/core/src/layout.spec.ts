import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupView, parameterLayout, type ParameterBlock } from './layout.js';

const block = (name: string, shape: number[]): ParameterBlock => ({ name, role: 'weight', layer: 0, shape });

test('any list of blocks covers the flat vector exactly once, in order', () => {
  const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(shapes, (list) => {
      const layout = parameterLayout(list.map((shape, i) => block(`b${i}`, shape)));
      const flat = new Float32Array(layout.size);
      for (const group of layout.groups) groupView(flat, group).forEach((_, i, view) => (view[i] = (view[i] as number) + 1));
      expect(flat.every((count) => count === 1)).toBe(true);
    }),
  );
});

test('a view shares memory with the flat vector', () => {
  const layout = parameterLayout([block('a', [2]), block('b', [3])]);
  const flat = new Float32Array(layout.size);
  groupView(flat, layout.groups[1]!)[0] = 7;
  expect(Array.from(flat)).toEqual([0, 0, 7, 0, 0]);
});

test('bad layouts are refused', () => {
  expect(() => parameterLayout([])).toThrow(/at least one block/);
  expect(() => parameterLayout([block('a', [1]), block('a', [2])])).toThrow(/"a" is repeated/);
  expect(() => parameterLayout([block('a', [0])])).toThrow(/positive integers/);
});
