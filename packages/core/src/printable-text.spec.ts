import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable } from './printable-text.js';

test('ordinary text of any script stays as it is', () => {
  expect(printable('layer-0/weight')).toBe('layer-0/weight');
  expect(printable('перевод 学習 ∑ 🙂')).toBe('перевод 学習 ∑ 🙂');
});

test.each([
  ['an escape sequence', '\u001b[2J', '\\u{1b}[2J'],
  ['a line end', 'a\r\nb', 'a\\u{d}\\u{a}b'],
  ['a C1 control', '\u009b31m', '\\u{9b}31m'],
  ['a turn of direction', 'exe.\u202egpj', 'exe.\\u{202e}gpj'],
  ['an isolate', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['half a surrogate pair', 'a\ud83d', 'a\\u{d83d}'],
])('%s is written out', (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('long text is cut at whole characters', () => {
  expect(printable('x'.repeat(100))).toBe(`${'x'.repeat(79)}…`);
  expect(printable('🙂🙂🙂', 2)).toBe('🙂…');
  expect(printable('abcd', 4)).toBe('abcd');
});

test('no text makes a terminal act, and the length is bounded', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 1, max: 60 }),
      (text, limit) => {
        const shown = printable(text, limit);
        expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
        expect(() => encodeURIComponent(shown)).not.toThrow();
        expect(shown.length).toBeLessThanOrEqual(8 * limit);
      },
    ),
  );
});

test('what is no text is named as JavaScript names it', () => {
  expect([undefined, null, 5].map((value) => printable(value as unknown as string))).toEqual([
    'undefined',
    'null',
    '5',
  ]);
});
