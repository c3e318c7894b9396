import { expect, test } from '@jest/globals';
import { checkArgument } from './check-argument.js';
import { UserError } from './user-error.js';

test.each([
  [undefined, ['fold'], 'f: the key must have "fold", but is undefined; pass createKey(7)'],
  [null, ['fold'], 'f: the key must have "fold", but is null; pass createKey(7)'],
  ['text', ['a', 'b'], 'f: the key must have "a", "b", but is a string; pass createKey(7)'],
  [{ a: 1 }, ['a', 'b'], 'f: the key must have "a", "b", but has no "b"; pass createKey(7)'],
  [3, [], 'f: the key must be an object, but is a number; pass createKey(7)'],
])('%j without %j', (value, members, message) => {
  const check = () => checkArgument('f', 'the key', value, members, 'pass createKey(7)');
  expect(check).toThrow(UserError);
  expect(check).toThrow(message);
});

test('what is there passes, also zero, the empty text and what a class inherits', () => {
  checkArgument('f', 'x', { a: 0, b: '', c: null }, ['a', 'b', 'c'], '');
  checkArgument('f', 'x', new Map(), ['get', 'size'], '');
  checkArgument('f', 'x', {}, [], '');
});
