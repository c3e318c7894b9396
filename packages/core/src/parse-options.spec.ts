import { expect, test } from '@jest/globals';
import * as mini from 'zod/mini';
import { z } from 'zod';
import { describeIssues, parseOptions } from './parse-options.js';
import { UserError } from './user-error.js';

const schema = mini.strictObject({
  learningRate: mini._default(mini.number().check(mini.positive()), 0.01),
  sizes: mini.optional(
    mini.array(mini.int().check(mini.minimum(1), mini.maximum(9))).check(mini.minLength(2)),
  ),
  mode: mini.optional(mini.enum(['fast', 'exact'])),
  even: mini.optional(mini.number().check(mini.multipleOf(2))),
  name: mini.optional(mini.string().check(mini.refine((name) => name !== 'x', 'is taken'))),
});

test('defaults are filled in, and the type is that of the schema', () => {
  const options: { learningRate: number } = parseOptions('sgd', schema, {});
  expect(options).toEqual({ learningRate: 0.01 });
});

test.each<[string, unknown, string]>([
  ['a bound', { learningRate: 0 }, '✖ Too small: expected number to be >0\n  → at learningRate'],
  [
    'a type',
    { learningRate: 'fast' },
    '✖ Invalid input: expected number, received string\n  → at learningRate',
  ],
  [
    'a number that is none',
    { learningRate: NaN },
    '✖ Invalid input: expected number, received NaN\n  → at learningRate',
  ],
  ['a length', { sizes: [3] }, '✖ Too small: expected array to have >=2 items\n  → at sizes'],
  ['an entry', { sizes: [3, 10] }, '✖ Too big: expected number to be <=9\n  → at sizes[1]'],
  ['a choice', { mode: 'slow' }, '✖ Invalid option: expected one of "fast"|"exact"\n  → at mode'],
  ['a multiple', { even: 3 }, '✖ Invalid number: must be a multiple of 2\n  → at even'],
  ['a rule of its own', { name: 'x' }, '✖ is taken\n  → at name'],
  ['keys nobody knows', { rate: 1, 'a\u001b': 2 }, '✖ Unrecognized keys: "rate", "a\\u{1b}"'],
  ['something else altogether', null, '✖ Invalid input: expected object, received null'],
])('%s is refused with its place', (_, options, said) => {
  expect(() => parseOptions('sgd', schema, options)).toThrow(UserError);
  expect(() => parseOptions('sgd', schema, options)).toThrow(said);
});

test('the words are those of zod', () => {
  const full = z.strictObject({
    a: z.number().positive(),
    b: z.enum(['x', 'y']),
    c: z.array(z.string()).max(1),
    d: z.literal(3),
  });
  const small = mini.strictObject({
    a: mini.number().check(mini.positive()),
    b: mini.enum(['x', 'y']),
    c: mini.array(mini.string()).check(mini.maxLength(1)),
    d: mini.literal(3),
  });
  const wrong = { a: -1, b: 'z', c: ['1', '2'], d: 4, e: 5 };
  const said = z.prettifyError(full.safeParse(wrong).error as z.ZodError);
  expect(describeIssues(small.safeParse(wrong).error?.issues ?? [], wrong)).toBe(said);
});

test('what cannot be shown does not hide the error', () => {
  const cyclic: Record<string, unknown> = { learningRate: -1 };
  cyclic['self'] = cyclic;
  expect(() => parseOptions('sgd', schema, cyclic)).toThrow('Unrecognized key: "self"');
  expect(() => parseOptions('sgd', schema, { learningRate: -1, evaluate: () => 1 })).toThrow('evaluate');
});
