import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { duplicateKey } from './duplicate-key.js';

test.each<[string, string | undefined]>([
  ['{"a": 1, "a": 2}', 'a'],
  ['{"a": 1, "\\u0061": 2}', 'a'],
  ['{"a": {"b": [{"c": 1, "c": 1}]}}', 'c'],
  ['{"__proto__": 1, "__proto__": 2}', '__proto__'],
  ['{"a": {"a": 1}, "b": {"a": 1}}', undefined],
  ['{"a": ["a", "a", {"a": 1}], "b": "a"}', undefined],
  ['{"a\\\\": 1, "a\\"": 2, "a": "}{\\\\\\"", "b": ","}', undefined],
  ['["a", "a"]', undefined],
  ['{}', undefined],
])('%s: %s', (json, key) => {
  expect(() => JSON.parse(json)).not.toThrow();
  expect(duplicateKey(json)).toBe(key);
});

test('no object that was stringified has a duplicate; with one of its keys repeated it has that one', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (record) => {
      const json = JSON.stringify(record);
      expect(duplicateKey(json)).toBeUndefined();
      const key = Object.keys(record)[0]!;
      expect(duplicateKey(`${json.slice(0, -1)}, ${JSON.stringify(key)}: 0}`)).toBe(key);
    }),
  );
});

test('a deep nest and a long string of backslashes take no time that grows with the square', () => {
  expect(duplicateKey(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toBeUndefined();
  expect(duplicateKey(`{"a":"${'\\\\'.repeat(100_000)}","a":1}`)).toBe('a');
});
