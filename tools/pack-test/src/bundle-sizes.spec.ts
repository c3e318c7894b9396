import { expect, test } from '@jest/globals';

import { budgetProblems, importOf, sizeTable, tableProblems } from './bundle-sizes.js';

const bundle = { entry: '@metadescent/optimizers', names: ['sgd'], budget: 20, without: /pretrained/ };
const size = {
  minified: 17.2,
  compressed: 6.1,
  later: 0,
  modules: ['node_modules/zod/v4/mini/schemas.js', 'sgd.js'],
};

test('a bundle within its budget has no problems', () => {
  expect(budgetProblems(bundle, size)).toEqual([]);
});

test.each([
  ['is heavier than its budget', { minified: 20.1 }, '20.1 kB minified; its budget is 20 kB'],
  [
    'carries all of zod',
    { modules: ['node_modules/zod/v4/classic/schemas.js'] },
    'carries node_modules/zod/v4/classic/schemas.js',
  ],
  [
    'carries what it must not',
    { modules: ['dist/pretrained/mnist.gen.js'] },
    'carries dist/pretrained/mnist.gen.js',
  ],
])('a bundle that %s is a problem', (_, changes, said) => {
  expect(budgetProblems(bundle, { ...size, ...changes })).toEqual([expect.stringContaining(said)]);
});

test('an import is named as it is written', () => {
  expect(importOf(bundle)).toBe("{ sgd } from '@metadescent/optimizers'");
  expect(importOf({ entry: '@metadescent/core', names: [] })).toBe("* from '@metadescent/core'");
});

test('a table is true to what it was made from, and to a tenth', () => {
  const table = sizeTable([{ bundle, size }]);
  expect(table).toContain("| `{ sgd } from '@metadescent/optimizers'` | 17 | 6.1 |  | 20 |");
  expect(tableProblems(table, [{ bundle, size }])).toEqual([]);
  expect(tableProblems(table, [{ bundle, size: { ...size, minified: 18.8 } }])).toEqual([]);
  expect(tableProblems(table, [{ bundle, size: { ...size, minified: 20 } }])).toEqual([
    expect.stringContaining('says 17 kB'),
  ]);
  expect(tableProblems(table, [])).toEqual([expect.stringContaining('not measured')]);
  expect(tableProblems('', [{ bundle, size }])).toEqual([expect.stringContaining('lacks')]);
});
