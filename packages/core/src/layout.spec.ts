import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupView, parameterLayout, type ParameterBlock } from './layout.js';
import { UserError } from './user-error.js';

const block = (name: string, shape: number[]): ParameterBlock => ({ name, role: 'weight', layer: 0, shape });

test('any list of blocks covers the flat vector exactly once, in order', () => {
  const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(shapes, (list) => {
      const layout = parameterLayout(list.map((shape, i) => block(`b${i}`, shape)));
      const flat = new Float32Array(layout.size);
      for (const group of layout.groups)
        groupView(flat, group).forEach((_, i, view) => (view[i] = (view[i] as number) + 1));
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

const sound = block('a', [1]);
test.each<[string, unknown, RegExp]>([
  ['no block', [], /at least one block/],
  ['no list', sound, /must be a list, but are object/],
  ['a repeated name', [sound, sound], /"a" is repeated/],
  ['no name', [{ ...sound, name: '' }], /block 0 must have a name/],
  ['an empty slot', [sound, undefined], /block 1 must have a name, but has undefined/],
  [
    'an unknown role',
    [{ ...sound, role: 'banana' }],
    /"a" must have one of the roles weight, bias, kernel, scale, vector, but has "banana"/,
  ],
  [
    'an unknown module',
    [{ ...sound, module: 'banana' }],
    /"a" must have one of the modules dense, conv, norm, embedding, image, or none, but has "banana"/,
  ],
  ['a layer that is none', [{ ...sound, layer: -1 }], /layer of 0, 1, …, counted from the input, but has -1/],
  ['no layer', [{ ...sound, layer: undefined }], /but has undefined/],
  ['a side of 0', [block('a', [0])], /positive integers, but has \[0\]/],
  ['half a side', [block('a', [1.5])], /positive integers, but has \[1.5\]/],
  ['no shape', [{ ...sound, shape: undefined }], /positive integers/],
  [
    'a shape whose product overflows',
    [block('a', [2 ** 30, 2 ** 30])],
    /"a" have more than 2\^53 coordinates/,
  ],
])('%s is refused', (_, blocks, message) => {
  expect(() => parameterLayout(blocks as ParameterBlock[])).toThrow(UserError);
  expect(() => parameterLayout(blocks as ParameterBlock[])).toThrow(message);
});
