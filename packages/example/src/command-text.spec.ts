import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { commandText } from './command-text.js';
import { shellCommand } from './shell-command.js';

test('plain words stay as they are, others go between quotes', () => {
  expect(commandText('evaluate', 'andrychowicz/mnist', '--weights', 'out/my weights/w.safetensors')).toBe(
    "npx metadescent evaluate andrychowicz/mnist --weights 'out/my weights/w.safetensors'",
  );
  expect(shellCommand(['PSD+=a,b:c@d%-._'])).toBe('PSD+=a,b:c@d%-._');
});

test('a shell reads back what was quoted', () => {
  const words = [
    '',
    ' ',
    "it's",
    '$HOME',
    '`id`',
    'a\\b',
    'a\nb',
    '~',
    '*',
    '#x',
    '!x',
    'ü',
    '"',
    "'\\''",
    ';&|<>()[]{}?',
  ];
  const more = fc
    .sample(fc.string({ unit: 'grapheme', maxLength: 12 }), { numRuns: 60, seed: 1 })
    .filter((word) => !word.includes('\0'));
  const all = [...words, ...more];
  const read = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shellCommand(all)}`], {
    encoding: 'utf8',
  });
  expect(read.split('\0').slice(0, -1)).toEqual(all);
});
