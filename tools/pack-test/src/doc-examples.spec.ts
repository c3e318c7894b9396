import { describe, expect, test } from '@jest/globals';

import { docExamples, freeNames } from './doc-examples.js';

describe('docExamples', () => {
  test('finds the examples that state values, with their lines', () => {
    const source = [
      'const a = 1;',
      '/**',
      ' * Doubles.',
      ' *',
      ' * @example',
      ' * double(2) // => 4',
      ' * double(3) // => 6',
      ' * @throws never',
      ' */',
      'export const double = (x: number) => 2 * x;',
      '/** One line. @example half(2) // => 1 */',
      '/**',
      ' * @example',
      ' * for (const check of checks) test(check.name, check.run);',
      ' */',
    ].join('\n');
    expect(docExamples(source)).toEqual([
      { line: 5, code: 'double(2) // => 4\ndouble(3) // => 6\n' },
      { line: 11, code: 'half(2) // => 1\n' },
    ]);
  });

  test('leaves the fence of a fenced example out', () => {
    expect(docExamples('/**\n * @example\n * ```ts\n * f() // => 1\n * ```\n */')).toEqual([
      { line: 2, code: 'f() // => 1\n' },
    ]);
  });
});

describe('freeNames', () => {
  test.each([
    ['f(x).y // => 1', ['f', 'x']],
    ['const x = f({ key: 1 }); x', ['f']],
    ['[1, 2].map((x) => g(x))', ['g']],
    ['new Float32Array(3).length + Math.abs(-1)', []],
    ['const { a, b: c } = f(); a + c', ['f']],
    ['f(import.meta.url)', ['f', 'import.meta']],
    ['f({ short })', ['f', 'short']],
  ])('of %s', (code, names) => {
    expect(freeNames(code)).toEqual(names);
  });
});
