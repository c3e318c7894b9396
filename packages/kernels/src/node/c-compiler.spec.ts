import { expect, test } from '@jest/globals';
import { compilerWords, firstLine } from './c-compiler.js';

test.each([
  [undefined, ['cc']],
  ['', ['cc']],
  ['  ', ['cc']],
  ['gcc', ['gcc']],
  ['ccache gcc -m64', ['ccache', 'gcc', '-m64']],
  ['"/opt/my tools/cc"  -DNAME="a b"', ['/opt/my tools/cc', '-DNAME=a b']],
  ["'/opt/my tools/cc' -O2", ['/opt/my tools/cc', '-O2']],
])('CC=%j', (cc, words) => {
  expect(compilerWords(cc)).toEqual(words);
});

test('a path that exists is one word, spaces and all', () => {
  expect(compilerWords(process.execPath)).toEqual([process.execPath]);
});

test('the first line of a message is fit for a record', () => {
  expect(firstLine(new Error('\u001b[31mfatal\u001b[0m: no input\nmore'))).toBe(
    '\\u{1b}[31mfatal\\u{1b}[0m: no input',
  );
});
