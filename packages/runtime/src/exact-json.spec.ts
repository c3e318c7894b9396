import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { parseExact, stringifyExact } from './exact-json.js';

test('every double comes back with its bits, wherever it stands', () => {
  fc.assert(
    fc.property(fc.array(fc.double()), (numbers) => {
      const back = parseExact(stringifyExact({ nested: { numbers } })) as { nested: { numbers: number[] } };
      expect(back.nested.numbers.every((number, i) => Object.is(number, numbers[i]))).toBe(true);
    }),
  );
});

test('any other JSON comes back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      // −0 aside, JSON agrees with itself here.
      expect(parseExact(stringifyExact(value))).toEqual(value);
    }),
  );
});

test('what would not come back is refused', () => {
  expect(() => stringifyExact({ weights: Float32Array.of(1) })).toThrow(
    /"weights" is a typed array; store it as a tensor/,
  );
  expect(() => stringifyExact({ note: 'NaN' })).toThrow(/"note" is the string "NaN"/);
});
